//! The protocol as a value: inputs and ticks in, effects out.

use super::config::Config;
use super::effect::{Effect, Input, Now, Record};

/// What a node finds in its data directory when it starts.
#[derive(Clone, Debug, Default)]
pub struct Start {
    /// How many times it has been started, this time included; persisted before this.
    pub incarnation: u32,
    /// The records of its log, in order.
    pub records: Vec<Record>,
    /// Replay found corrupt records: catch up from the others before serving reads.
    pub damaged: bool,
}

/// One node of the leaderless store.
pub struct Node {
    config: Config,
}

impl Node {
    /// A node that starts now.
    pub fn new(config: Config, _start: Start, _now: Now) -> Node {
        Node { config }
    }

    /// Something happened.
    pub fn step(&mut self, _input: Input, _now: Now, _effects: &mut Vec<Effect>) {
        let _ = &self.config;
    }

    /// Time has passed; called every [`TICK_MS`] or so.
    pub fn tick(&mut self, _now: Now, _effects: &mut Vec<Effect>) {}
}

/// Milliseconds between ticks.
pub const TICK_MS: u64 = 25;
