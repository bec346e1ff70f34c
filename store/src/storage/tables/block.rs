//! A block: entries in key order, read and verified together.
//!
//! ```text
//! | key length 4 | value length 4 | key | value | key length 4 | …
//! ```

use bytes::Bytes;

use super::Entry;
use crate::storage::frame::integer;

/// A block that is at least this long is full.
pub const BYTES: usize = 4 << 10;

/// Length of what stands before each key.
const LENGTHS_BYTES: usize = 8;

/// Adds an entry to a block.
pub fn push(block: &mut Vec<u8>, (key, value): (&[u8], &[u8])) {
    for part in [key, value] {
        let length = u32::try_from(part.len()).expect("a record of the log is shorter");
        block.extend_from_slice(&length.to_le_bytes());
    }
    block.extend_from_slice(key);
    block.extend_from_slice(value);
}

/// The entries of a block, in order.
///
/// They end at bytes that are no entry, which a block that was verified has none of.
#[derive(Clone, Debug, Default)]
pub struct Block(Bytes);

impl Block {
    /// The block of these bytes.
    pub fn new(bytes: Bytes) -> Block {
        Block(bytes)
    }

    /// The value of a key.
    pub fn get(self, key: &[u8]) -> Option<Bytes> {
        let mut rest = &self.0[..];
        while let Some((found, value, after)) = split(rest) {
            if found == key {
                return Some(self.0.slice_ref(value));
            }
            rest = after;
        }
        None
    }
}

impl Iterator for Block {
    type Item = Entry;

    fn next(&mut self) -> Option<Entry> {
        let (key, value, rest) = split(&self.0)?;
        let entry = (self.0.slice_ref(key), self.0.slice_ref(value));
        self.0 = self.0.slice_ref(rest);
        Some(entry)
    }
}

/// The first key and value, and what follows them.
fn split(bytes: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let (lengths, rest) = bytes.split_at_checked(LENGTHS_BYTES)?;
    let (key, rest) = rest.split_at_checked(integer(&lengths[..4]) as usize)?;
    let (value, rest) = rest.split_at_checked(integer(&lengths[4..]) as usize)?;
    Some((key, value, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block() -> Vec<u8> {
        let mut block = Vec::new();
        push(&mut block, (b"a", b""));
        push(&mut block, (b"b", b"two"));
        block
    }

    #[test]
    fn finds_each_key_that_it_holds_and_no_other() {
        let get = |key: &[u8]| Block::new(block().into()).get(key);
        assert_eq!((get(b"a").as_deref(), get(b"b").as_deref()), (Some(&b""[..]), Some(&b"two"[..])));
        assert_eq!((get(b""), get(b"c")), (None, None));
    }

    #[test]
    fn ends_where_the_bytes_are_no_entry() {
        let mut bytes = block();
        bytes[9 + 4] = 200;
        let keys: Vec<Bytes> = Block::new(bytes.into()).map(|(key, _)| key).collect();
        assert_eq!(keys, [&b"a"[..]]);
    }
}
