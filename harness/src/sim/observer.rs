//! What nodes tell of their inside, passed on with the name of the host that tells it.

use std::rc::Rc;

use perjury_store::env::Observer;
use perjury_store::quorum::membership::view::View;
use perjury_store::quorum::version::Version;
use perjury_store::raft::fact::Fact;

use super::leadership::Leadership;

/// Who records what nodes tell; nothing comes back to them.
pub trait Watch {
    /// A line for the log.
    fn note(&self, host: &str, text: &str);
    /// The code path of this name was reached.
    fn reached(&self, host: &str, marker: &'static str);
    /// The replica on this host acknowledged that it holds `key` at `version`, durably.
    fn acknowledged(&self, host: &str, key: &str, version: Version);
    /// The replica on this host dropped what it held of `key`, which others own now.
    fn released(&self, host: &str, key: &str);
    /// The replica on this host found a corrupt record; of which key, where it can tell.
    fn corrupt(&self, host: &str, key: Option<&str>);
    /// This is now true of the node on this host.
    fn fact(&self, host: &str, fact: &Fact);
    /// The node on this host takes a member for this.
    fn view(&self, host: &str, view: &View);
}

/// Records nothing: for tests, and for measuring.
pub struct Unwatched;

impl Watch for Unwatched {
    fn note(&self, _: &str, _: &str) {}
    fn reached(&self, _: &str, _: &'static str) {}
    fn acknowledged(&self, _: &str, _: &str, _: Version) {}
    fn released(&self, _: &str, _: &str) {}
    fn corrupt(&self, _: &str, _: Option<&str>) {}
    fn fact(&self, _: &str, _: &Fact) {}
    fn view(&self, _: &str, _: &View) {}
}

/// The observer that one host is given.
pub struct SimObserver {
    host: String,
    watch: Rc<dyn Watch>,
    leadership: Rc<Leadership>,
}

impl SimObserver {
    /// Passes on what `host` tells, and to those who want to know who leads.
    pub fn new(host: &str, watch: Rc<dyn Watch>, leadership: Rc<Leadership>) -> SimObserver {
        SimObserver { host: host.to_string(), watch, leadership }
    }
}

impl Observer for SimObserver {
    fn note(&self, text: &str) {
        self.watch.note(&self.host, text);
    }
    fn reached(&self, marker: &'static str) {
        self.watch.reached(&self.host, marker);
    }
    fn acknowledged(&self, key: &str, version: Version) {
        self.watch.acknowledged(&self.host, key, version);
    }
    fn released(&self, key: &str) {
        self.watch.released(&self.host, key);
    }
    fn corrupt(&self, key: Option<&str>) {
        self.watch.corrupt(&self.host, key);
    }
    fn fact(&self, fact: &Fact) {
        self.leadership.hear(&self.host, fact);
        self.watch.fact(&self.host, fact);
    }
    fn view(&self, view: &View) {
        self.watch.view(&self.host, view);
    }
}
