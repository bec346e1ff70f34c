//! The leaderless family as the server runs it.

use std::rc::Rc;

use crate::Safeguards;
use crate::env::Env;
use crate::protocol::{NodeId, Protocol};
use crate::quorum::config::{Config, Mode};
use crate::quorum::copies::Shelf;
use crate::quorum::node::{Node, Start};
use crate::quorum::record::Logged;
use crate::storage::{Replayed, tables};

use super::{Family, now};

impl Family for Config {
    type Node = Node;

    fn node(&self) -> NodeId {
        self.node
    }

    fn nodes(&self) -> &[String] {
        &self.nodes
    }

    fn safeguards(&self) -> Safeguards {
        self.safeguards
    }

    fn directory(&self) -> String {
        match self.mode {
            Mode::Strict => Node::NAME.to_owned(),
            mode => format!("{} in mode {mode}", Node::NAME),
        }
    }

    fn cluster(&self) -> String {
        Config::cluster(self)
    }

    fn problem(&self) -> Option<String> {
        Config::problem(self)
    }

    fn syncs_in_background(&self) -> bool {
        !self.safeguards.sync_before_acknowledge
    }

    fn tables(&self) -> Option<tables::Options> {
        self.tables.map(|options| tables::Options { safeguards: self.safeguards, ..options })
    }

    fn start(self, replayed: Replayed<Logged>, shelf: Option<Rc<dyn Shelf>>, env: &Env) -> Node {
        let Replayed { incarnation, records, damaged, .. } = replayed;
        Node::new(self, Start { incarnation, shelf, records, damaged }, now(env))
    }
}
