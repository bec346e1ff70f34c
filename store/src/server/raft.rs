//! The leader and followers family as the server runs it.

use std::rc::Rc;

use crate::Safeguards;
use crate::env::Env;
use crate::protocol::NodeId;
use crate::quorum::copies::Shelf;
use crate::raft::config::Config;
use crate::raft::log::{Record, Start};
use crate::raft::node::Node;
use crate::storage::Replayed;

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

    fn cluster(&self) -> String {
        Config::cluster(self)
    }

    fn problem(&self) -> Option<String> {
        Config::problem(self)
    }

    fn start(self, replayed: Replayed<Record>, _: Option<Rc<dyn Shelf>>, env: &Env) -> Node {
        let Replayed { incarnation, snapshot, records, damaged } = replayed;
        let seed = env.random.next();
        Node::new(self, Start { incarnation, snapshot, records, damaged, seed }, now(env))
    }
}
