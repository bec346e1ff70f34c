//! From a stream of bytes to blocks of whole lines, so that blocks can be read apart from each other.

use std::io::{self, Read};

use crate::Error;

/// The longest line that is read, its end included: far above the final read of a large set, far below
/// what a file that is no history could make us hold.
pub const LINE_BYTES_MAX: usize = 64 << 20;

/// How much is asked for at once.
const BLOCK_BYTES: usize = 1 << 20;

/// The blocks of a stream. Each ends with the end of a line, the last with that of the stream.
pub(super) struct Blocks<R> {
    input: R,
    /// The beginning of the next block: a line that has not ended yet.
    begun: Vec<u8>,
    is_done: bool,
}

/// Why there is no further block; the line is the one after those of the blocks before.
pub(super) enum Trouble {
    /// The medium failed.
    Unreadable(io::Error),
    /// The next line is longer than [`LINE_BYTES_MAX`].
    TooLong,
}

impl Trouble {
    /// The same, about this line.
    pub fn at(self, line: u64) -> Error {
        match self {
            Trouble::Unreadable(source) => Error::Unreadable { line, source },
            Trouble::TooLong => {
                let problem = format!("the line is longer than {LINE_BYTES_MAX} bytes");
                Error::Input { line, column: None, problem }
            }
        }
    }
}

impl<R: Read> Blocks<R> {
    /// At the beginning of this stream.
    pub fn new(input: R) -> Blocks<R> {
        Blocks { input, begun: Vec::new(), is_done: false }
    }

    /// The next block and, when it is the last one because of some trouble, that trouble. An empty block is
    /// the end.
    pub fn next(&mut self) -> (Vec<u8>, Option<Trouble>) {
        let mut block = std::mem::take(&mut self.begun);
        while !self.is_done {
            let before = block.len();
            match self.input.by_ref().take(BLOCK_BYTES as u64).read_to_end(&mut block) {
                Ok(0) => self.is_done = true,
                Ok(_) => {
                    let end = block[before..].iter().rposition(|&byte| byte == b'\n');
                    if let Some(end) = end.map(|end| before + end + 1) {
                        self.begun = block.split_off(end);
                        return (block, None);
                    }
                    if block.len() > LINE_BYTES_MAX {
                        self.is_done = true;
                        return (Vec::new(), Some(Trouble::TooLong));
                    }
                }
                Err(error) => {
                    self.is_done = true;
                    let whole = block.iter().rposition(|&byte| byte == b'\n').map_or(0, |end| end + 1);
                    block.truncate(whole);
                    return (block, Some(Trouble::Unreadable(error)));
                }
            }
        }
        (block, None)
    }
}
