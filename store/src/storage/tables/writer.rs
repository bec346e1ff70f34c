//! Writing a table: blocks as they fill, then what tells of them.

use super::block::{self, Block};
use super::filter::Filter;
use super::tail::{Tail, crc};
use super::{Context, Entry};
use crate::env::File;
use crate::storage::Error;
use crate::storage::identity::Identity;

/// Bytes that are written at once, before others get their turn.
const CHUNK_BYTES: usize = 1 << 20;

/// Writes table `number` with these entries, whose keys ascend and which are not many more than `expected`, and syncs
/// it; its name is not synced. Others get their turn meanwhile.
pub async fn write(
    context: &Context,
    number: u32,
    expected: usize,
    entries: impl Iterator<Item = Result<Entry, Error>>,
) -> Result<(), Error> {
    let mut writer = Writer::create(context, number, expected)?;
    for entry in entries {
        writer.add(&entry?);
        if writer.out.len() >= CHUNK_BYTES {
            writer.hand_on()?;
            tokio::task::yield_now().await;
        }
    }
    writer.finish()?;
    let synced = writer.file.sync().await;
    synced.map_err(Error::disk(format!("sync {}", writer.identity.name())))
}

struct Writer<'a> {
    context: &'a Context,
    identity: Identity,
    file: Box<dyn File>,
    /// The block that fills.
    block: Vec<u8>,
    /// Whole blocks that are not in the file yet.
    out: Vec<u8>,
    tail: Tail,
}

impl Writer<'_> {
    fn create(context: &Context, number: u32, expected: usize) -> Result<Writer<'_>, Error> {
        let identity = Identity::of_table(&context.node, number);
        let name = identity.name();
        let file = context.around.disk.create(&name).map_err(Error::disk(format!("create {name}")))?;
        let tail = Tail { index: Vec::new(), blocks_end: 0, filter: Filter::new(expected), entries: 0 };
        Ok(Writer { context, identity, file, block: Vec::new(), out: Vec::new(), tail })
    }

    fn add(&mut self, (key, value): &Entry) {
        if self.block.is_empty() {
            self.tail.index.push((key.to_vec(), self.tail.blocks_end));
        }
        self.tail.entries += 1;
        block::push(&mut self.block, (key, value));
        if self.block.len() >= block::BYTES {
            self.end_block(true);
        }
    }

    /// Puts a checksum behind the block, and its keys into the filter. The last block is hardly ever full.
    fn end_block(&mut self, is_full: bool) {
        let block = std::mem::take(&mut self.block);
        self.out.extend_from_slice(&block);
        self.out.extend_from_slice(&crc(self.identity, self.tail.blocks_end, &block).to_le_bytes());
        self.tail.blocks_end += (block.len() + super::tail::CRC_BYTES) as u64;
        if is_full || self.context.options.safeguards.filter_complete {
            Block::new(block.into()).for_each(|(key, _)| self.tail.filter.insert(&key));
        } else {
            self.context.around.observer.reached("filter-misses-keys");
        }
    }

    fn finish(&mut self) -> Result<(), Error> {
        if !self.block.is_empty() {
            self.end_block(false);
        }
        let tail = self.tail.encode(self.identity, self.tail.blocks_end);
        self.out.extend_from_slice(&tail);
        self.hand_on()
    }

    fn hand_on(&mut self) -> Result<(), Error> {
        let written = self.file.append(&self.out);
        self.out.clear();
        written.map_err(Error::disk(format!("write {}", self.identity.name())))
    }
}
