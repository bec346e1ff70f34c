//! The table of sessions: what makes a retry take effect once (Ongaro 2014, section 6.3).

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::raft::log::Index;
use crate::raft::request::{Response, SessionId};

/// What is known of a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Session {
    /// The index of the last entry that used it.
    used: Index,
    /// Its last write and how that ended: sessions write one at a time, so one is enough.
    last: Option<(u64, Response)>,
}

/// How a command stands to its session.
#[derive(Debug)]
pub(super) enum Standing {
    /// It has not been applied.
    Fresh,
    /// It has, with this result.
    Retry(Response),
    /// The session has gone on since; whether this one was applied is not known any more.
    Superseded {
        /// The session's last write.
        by: u64,
    },
    /// There is no such session.
    Ended,
    /// There is none, and the snapshot that this table is from has forgotten them all: it is taken for a
    /// session that has written nothing.
    Forgotten,
}

/// The sessions: `max` at most; to make room, the one used least recently is closed.
///
/// - `by_use` holds each session of `table` once, after the index of its last use. Indices are the same
///   everywhere, so every node closes the same session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sessions {
    table: BTreeMap<SessionId, Session>,
    by_use: BTreeSet<(Index, SessionId)>,
    max: usize,
    has_forgotten: bool,
}

impl Sessions {
    /// No sessions.
    pub(super) fn new(max: usize) -> Sessions {
        Sessions { table: BTreeMap::new(), by_use: BTreeSet::new(), max: max.max(1), has_forgotten: false }
    }

    /// The sessions of a snapshot.
    pub(super) fn from_table(table: BTreeMap<SessionId, Session>, max: usize) -> Sessions {
        let by_use = table.iter().map(|(id, session)| (session.used, *id)).collect();
        Sessions { table, by_use, ..Sessions::new(max) }
    }

    /// No sessions, because the snapshot has none although there were some.
    pub(super) fn forgotten(max: usize) -> Sessions {
        Sessions { has_forgotten: true, ..Sessions::new(max) }
    }

    /// What a snapshot keeps.
    pub(super) fn table(&self) -> &BTreeMap<SessionId, Session> {
        &self.table
    }

    /// The entry at `index` opens the session of this number.
    pub(super) fn open(&mut self, id: SessionId, index: Index) {
        if let Some(session) = self.table.remove(&id) {
            self.by_use.remove(&(session.used, id));
        }
        while self.table.len() >= self.max
            && let Some((_, oldest)) = self.by_use.pop_first()
        {
            self.table.remove(&oldest);
        }
        self.table.insert(id, Session { used: index, last: None });
        self.by_use.insert((index, id));
    }

    /// The entry at `index` carries write `sequence` of this session, which is thereby used.
    pub(super) fn meet(&mut self, id: SessionId, sequence: u64, index: Index) -> Standing {
        let is_forgotten = self.has_forgotten && !self.table.contains_key(&id);
        if is_forgotten {
            self.open(id, index);
        }
        let Some(session) = self.table.get_mut(&id) else { return Standing::Ended };
        self.by_use.remove(&(session.used, id));
        session.used = index;
        self.by_use.insert((index, id));
        match &session.last {
            _ if is_forgotten => Standing::Forgotten,
            Some((last, response)) if *last == sequence => Standing::Retry(response.clone()),
            Some((last, _)) if *last > sequence => Standing::Superseded { by: *last },
            _ => Standing::Fresh,
        }
    }

    /// Write `sequence` of this session ended so.
    pub(super) fn answered(&mut self, id: SessionId, sequence: u64, response: &Response) {
        if let Some(session) = self.table.get_mut(&id)
            && session.last.as_ref().is_none_or(|(last, _)| *last <= sequence)
        {
            session.last = Some((sequence, response.clone()));
        }
    }
}
