//! A snapshot for a follower that lacks entries which are gone.
//!
//! One part is under way at a time. The follower says how much it has; a heartbeat, which is an empty part,
//! finds out when a part was lost or the follower has started again.

use std::sync::Arc;

use super::progress::{Mode, Transmission};
use super::{Node, Role};
use crate::protocol::NodeId;
use crate::raft::log::Position;
use crate::raft::message::Body;

/// Why something is sent.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Occasion {
    /// It is time to be heard.
    Heartbeat,
    /// The follower waits for the next part.
    NextPart,
}

impl Node {
    /// Sends the next part of a snapshot, or an empty one; begins with the newest snapshot if none is on its
    /// way.
    pub(super) fn send_snapshot(&mut self, to: NodeId, occasion: Occasion) {
        let Role::Leader(leader) = &mut self.role else { return };
        let Some(progress) = leader.progress.get_mut(&to) else { return };
        let round = leader.rounds.current();
        if !matches!(progress.mode, Mode::Snapshot(_)) {
            let Some((at, bytes)) = &self.snapshots.kept else { return };
            progress.begin_snapshot(Transmission::new(*at, Arc::clone(bytes)));
        }
        let Mode::Snapshot(transmission) = &mut progress.mode else { return };
        let bytes = match occasion {
            Occasion::Heartbeat => Vec::new(),
            Occasion::NextPart => transmission.next_part(self.config.chunk_bytes, round),
        };
        let (at, offset) = (transmission.at, transmission.received);
        let total = transmission.bytes.len() as u64;
        self.journal.send(to, Body::Snapshot { round, at, offset, total, bytes });
    }

    /// A follower says how much of a snapshot it has.
    pub(super) fn on_snapshot_part(
        &mut self,
        from: NodeId,
        round: u64,
        counts: bool,
        at: Position,
        received: u64,
    ) {
        let Some(progress) = self.heard_from(from, counts.then_some(round)) else { return };
        let wants_more = match &mut progress.mode {
            Mode::Snapshot(transmission) if transmission.at == at => transmission.on_part(round, received),
            _ => false,
        };
        self.confirm_rounds();
        if wants_more {
            self.send_snapshot(from, Occasion::NextPart);
        }
    }
}

impl Transmission {
    fn new(at: Position, bytes: Arc<Vec<u8>>) -> Transmission {
        Transmission { at, bytes, received: 0, sent_in: 0 }
    }

    fn next_part(&mut self, bytes_max: usize, round: u64) -> Vec<u8> {
        self.sent_in = round;
        let from = (self.received as usize).min(self.bytes.len());
        let until = from.saturating_add(bytes_max).min(self.bytes.len());
        self.bytes[from..until].to_vec()
    }

    /// Returns whether the next part is to be sent: this one has arrived, or an answer to a later heartbeat
    /// shows that it has not.
    fn on_part(&mut self, round: u64, received: u64) -> bool {
        let is_news = received > self.received || round > self.sent_in;
        if is_news {
            self.received = received;
        }
        is_news && received < self.bytes.len() as u64
    }
}
