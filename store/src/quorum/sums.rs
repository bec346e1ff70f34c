//! What two nodes compare first: for each peer, a hash of all that it should hold too, bucket by bucket.
//!
//! They are kept as entries come, so that to compare costs nothing where nothing differs, however much is held.

use std::collections::BTreeMap;

use super::copies::Mark;
use super::message::NodeId;

/// Buckets that keys are hashed into.
pub const BUCKETS: u16 = 64;

/// Hashes of what is held, by peer and bucket. Each is the exclusive or of the hashes of its entries, in any order.
#[derive(Debug, Default)]
pub struct Sums(BTreeMap<NodeId, Vec<u64>>);

impl Sums {
    /// Takes an entry in, or out again.
    pub fn toggle(&mut self, mark: &Mark) {
        for &home in &mark.homes {
            let buckets = self.0.entry(home).or_insert_with(none);
            buckets[usize::from(bucket(mark))] ^= mark.hash;
        }
    }

    /// The buckets of entries that this node is home to.
    pub fn of(&self, node: NodeId) -> Vec<u64> {
        self.0.get(&node).cloned().unwrap_or_else(none)
    }
}

fn none() -> Vec<u64> {
    vec![0; usize::from(BUCKETS)]
}

/// The bucket of an entry.
pub fn bucket(mark: &Mark) -> u16 {
    (mark.key_hash % u64::from(BUCKETS)) as u16
}
