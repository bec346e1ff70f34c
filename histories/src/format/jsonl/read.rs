//! The whole text: its blocks are read in parallel, and put together in their order.

use std::io::BufRead;

use rayon::prelude::*;

use super::block::Block;
use super::blocks::{Blocks, Trouble};
use crate::{Error, History};

/// How many blocks are read at the same time, for each thread that can.
const BLOCKS_PER_THREAD: usize = 2;

/// Reads a whole history.
///
/// Indices that do not increase cannot name events; every event is then named by its position instead. The
/// first thing that is wrong in the text is the error, however many threads read it.
pub fn read(input: impl BufRead) -> Result<History, Error> {
    let mut blocks = Blocks::new(input);
    let mut draft = Draft { history: History::default(), lines: 0, is_increasing: true };
    let mut trouble = draft.begin(&mut blocks)?;
    let mut ready: Vec<Block> = Vec::new();
    loop {
        let mut group = Vec::new();
        while group.len() < BLOCKS_PER_THREAD * rayon::current_num_threads() && trouble.is_none() {
            let (bytes, found) = blocks.next();
            trouble = found;
            match bytes.is_empty() {
                true => break,
                false => group.push(bytes),
            }
        }
        if group.is_empty() && ready.is_empty() {
            break;
        }
        let (added, parsed) = rayon::join(
            || std::mem::take(&mut ready).into_iter().try_for_each(|block| draft.add(block)),
            || group.into_par_iter().map(|bytes| Block::parse(bytes, false)).collect::<Vec<Block>>(),
        );
        added?;
        ready = parsed;
    }
    match trouble {
        Some(trouble) => Err(trouble.at(draft.lines + 1)),
        None => Ok(draft.end()),
    }
}

/// The history so far.
struct Draft {
    history: History,
    /// How many lines it came from.
    lines: u64,
    is_increasing: bool,
}

impl Draft {
    /// Reads up to and with the first block that has any line, alone: what that begins with may be a header.
    fn begin(&mut self, blocks: &mut Blocks<impl BufRead>) -> Result<Option<Trouble>, Error> {
        loop {
            let (bytes, trouble) = blocks.next();
            if bytes.is_empty() {
                let empty = || Error::Input {
                    line: self.lines.max(1),
                    column: None,
                    problem: "empty: neither a header nor an event".to_owned(),
                };
                return trouble.map(Some).ok_or_else(empty);
            }
            let block = Block::parse(bytes, true);
            let is_blank = block.is_blank();
            self.add(block)?;
            if !is_blank || trouble.is_some() {
                return Ok(trouble);
            }
        }
    }

    /// Adds the events of the next block.
    fn add(&mut self, mut block: Block) -> Result<(), Error> {
        let rows = self.history.absorb(std::mem::take(&mut block.columns));
        for (nth, (row, &index)) in rows.zip(&block.indices).enumerate() {
            let last = self.history.last_index();
            let index = index.unwrap_or(self.history.events().len() as u64);
            self.is_increasing &= last.is_none_or(|last| last < index);
            self.history.pair_row(row, index).map_err(|malformed| Error::Input {
                line: self.lines + block.line_of(nth),
                column: None,
                problem: malformed.to_string(),
            })?;
        }
        if let Some(error) = block.error {
            return Err(error.after(self.lines));
        }
        self.lines += block.lines;
        Ok(())
    }

    fn end(mut self) -> History {
        if !self.is_increasing {
            self.history.renumber();
        }
        self.history
    }
}
