//! A sorted table: entries in key order, written once.
//!
//! ```text
//! get "k" ── filter: certainly not here ──► none, without a read
//!         ── index: first keys a, g, n … ──► block 1 ── cache, or disk and checksum ──► its entry, or none
//! ```

use std::collections::VecDeque;
use std::ops::{Bound, Range};
use std::rc::Rc;

use bytes::Bytes;

use super::block::Block;
use super::tail::{CRC_BYTES, FOOTER_BYTES, Footer, Tail, crc};
use super::{Context, Entry};
use crate::env::File;
use crate::storage::Error;
use crate::storage::identity::Identity;

/// Blocks that a scan reads at once.
const RUN_BLOCKS: usize = 16;

/// An open table.
pub struct Table {
    context: Rc<Context>,
    identity: Identity,
    file: Box<dyn File>,
    bytes: u64,
    tail: Tail,
}

impl Table {
    /// Opens a table; none when what tells of its blocks is damaged, or missing.
    pub fn open(context: &Rc<Context>, number: u32) -> Result<Option<Table>, Error> {
        let identity = Identity::of_table(&context.node, number);
        let name = identity.name();
        let file = match context.around.disk.open(&name) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            opened => opened.map_err(Error::disk(format!("open {name}")))?,
        };
        let bytes = file.len().map_err(Error::disk(format!("measure {name}")))?;
        let tail = read_tail(identity, &*file, bytes)?;
        Ok(tail.map(|tail| Table { context: context.clone(), identity, file, bytes, tail }))
    }

    /// Its number.
    pub fn number(&self) -> u32 {
        self.identity.number
    }

    /// Its length.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// How many entries it has.
    pub fn entries(&self) -> usize {
        self.tail.entries as usize
    }

    /// The value of a key. A block that is corrupt is an error, not a miss.
    pub fn get(&self, key: &[u8]) -> Result<Option<Bytes>, Error> {
        if !self.tail.filter.may_hold(key) {
            return Ok(None);
        }
        let Some(block) = self.block_of(key) else { return Ok(None) };
        let read = || self.read(block..block + 1)?.remove(0);
        let bytes = self.context.cache.get((self.number(), block), read)?;
        Ok(Block::new(bytes).get(key))
    }

    /// All its blocks, each as it was written or an error that says where it is not. An error of the whole is one of
    /// the disk.
    pub fn blocks(&self) -> impl Iterator<Item = Result<Vec<Result<Bytes, Error>>, Error>> {
        let blocks = self.tail.index.len();
        (0..blocks).step_by(RUN_BLOCKS).map(move |first| self.read(first..blocks.min(first + RUN_BLOCKS)))
    }

    /// The block that the key is in, if it is in any.
    fn block_of(&self, key: &[u8]) -> Option<usize> {
        self.tail.index.partition_point(|(first, _)| &first[..] <= key).checked_sub(1)
    }

    /// Where a block begins; where they end, for the one after the last.
    fn offset(&self, block: usize) -> u64 {
        self.tail.index.get(block).map_or(self.tail.blocks_end, |(_, offset)| *offset)
    }

    fn read(&self, blocks: Range<usize>) -> Result<Vec<Result<Bytes, Error>>, Error> {
        let (start, end) = (self.offset(blocks.start), self.offset(blocks.end));
        let read = self.file.read_at(start, (end - start) as usize);
        let action = || format!("read {} at offset {start}", self.identity.name());
        let bytes = Bytes::from(read.map_err(|error| Error::disk(action())(error))?);
        let place = |block| (self.offset(block) - start) as usize;
        Ok(blocks.map(|block| self.verify(block, bytes.slice(place(block)..place(block + 1)))).collect())
    }

    /// A block without its checksum, which must be right.
    fn verify(&self, block: usize, mut sealed: Bytes) -> Result<Bytes, Error> {
        let offset = self.offset(block);
        let stored = sealed.split_off(sealed.len() - CRC_BYTES);
        if stored[..] == crc(self.identity, offset, &sealed).to_le_bytes() {
            return Ok(sealed);
        }
        if !self.context.options.safeguards.block_verified {
            self.context.around.observer.reached("corrupt-block-taken");
            return Ok(sealed);
        }
        Err(Error::Corrupt { file: self.identity.name(), offset })
    }
}

fn read_tail(identity: Identity, file: &dyn File, bytes: u64) -> Result<Option<Tail>, Error> {
    let read = |offset, length| {
        let read = file.read_at(offset, length);
        read.map_err(Error::disk(format!("read {} at offset {offset}", identity.name())))
    };
    let Some(footer_at) = bytes.checked_sub(FOOTER_BYTES as u64) else { return Ok(None) };
    let footer = read(footer_at, FOOTER_BYTES)?;
    let footer = footer.first_chunk().expect("as much as was asked for");
    let Some(footer) = Footer::decode(identity, footer, bytes)? else { return Ok(None) };
    Ok(Tail::decode(identity, footer, &read(footer.offset, footer.length as usize)?))
}

/// The entries of a table, in order, from some key on. Ends after an error.
pub struct Cursor {
    table: Rc<Table>,
    from: Bound<Vec<u8>>,
    next: usize,
    ready: VecDeque<Result<Bytes, Error>>,
    block: Block,
}

impl Cursor {
    /// From this key on.
    pub fn new(table: Rc<Table>, from: Bound<&[u8]>) -> Cursor {
        let next = match from {
            Bound::Included(key) | Bound::Excluded(key) => table.block_of(key).unwrap_or(0),
            Bound::Unbounded => 0,
        };
        let from = from.map(<[u8]>::to_vec);
        Cursor { table, from, next, ready: VecDeque::new(), block: Block::default() }
    }

    fn is_wanted(&self, key: &[u8]) -> bool {
        match &self.from {
            Bound::Included(from) => key >= &from[..],
            Bound::Excluded(from) => key > &from[..],
            Bound::Unbounded => true,
        }
    }

    /// The next block; none after the last.
    fn load(&mut self) -> Option<Result<Bytes, Error>> {
        if self.ready.is_empty() && self.next < self.table.tail.index.len() {
            let end = self.table.tail.index.len().min(self.next + RUN_BLOCKS);
            let read = self.table.read(self.next..end);
            self.next = end;
            match read {
                Ok(blocks) => self.ready.extend(blocks),
                Err(error) => return Some(Err(error)),
            }
        }
        self.ready.pop_front()
    }
}

impl Iterator for Cursor {
    type Item = Result<Entry, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match self.block.next() {
                Some((key, _)) if !self.is_wanted(&key) => (),
                Some(entry) => return Some(Ok(entry)),
                None => match self.load()? {
                    Ok(bytes) => self.block = Block::new(bytes),
                    Err(error) => return Some(Err(error)),
                },
            }
        }
    }
}
