//! Asking a store of which family it is, and which nodes it has.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use tokio_util::codec::{FramedRead, FramedWrite};

use crate::deadline::within;
use crate::env::Env;
use crate::quorum::node::Node;
use crate::wire::{Codec, Frame, WireError};

/// Time that one node may take before the next is asked.
const ANSWER_MAX: Duration = Duration::from_millis(500);

/// No node has said of which family it is.
#[derive(Debug, thiserror::Error)]
#[error("no node says of which family the store is: {0}")]
pub struct FamilyUnknown(String);

/// The name of the family that the nodes (name and address) are of, and the names of all nodes, in order, as the first of them
/// says that answers. Each is asked once, one after the other, within `limit` in all.
pub async fn family(
    env: &Env,
    nodes: &[(String, String)],
    limit: Duration,
) -> Result<(String, Vec<String>), FamilyUnknown> {
    let nanos = u64::try_from(limit.as_nanos()).unwrap_or(u64::MAX);
    let until = env.clock.monotonic().saturating_add(nanos);
    let mut problems = Vec::new();
    for (name, address) in nodes {
        let left = Duration::from_nanos(until.saturating_sub(env.clock.monotonic()));
        match within(&*env.clock, left.min(ANSWER_MAX), ask(env, address)).await {
            Some(Ok(family)) => return Ok(family),
            Some(Err(error)) => problems.push(format!("{name}: {error}")),
            None => problems.push(format!("{name}: no answer in time")),
        }
    }
    Err(FamilyUnknown(problems.join("; ")))
}

async fn ask(env: &Env, address: &str) -> Result<(String, Vec<String>), WireError> {
    let (reader, writer) = tokio::io::split(env.network.connect(address).await?);
    // The question and its answer are the same in every family.
    let mut question = FramedWrite::new(writer, Codec::<Node>::default());
    question.send(Frame::<Node>::Which.encode()?).await?;
    match FramedRead::new(reader, Codec::<Node>::default()).next().await.transpose()? {
        Some(Frame::Family(name, nodes)) => Ok((name, nodes)),
        Some(Frame::Refused(why)) => Err(WireError::Refused(why)),
        Some(_) => Err(WireError::Unexpected("a node answered another question")),
        None => Err(WireError::Closed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake::World;
    use crate::quorum::config::Config;
    use crate::raft;
    use crate::server::{Family, ServerOptions, serve};

    const SECOND: Duration = Duration::from_secs(1);

    async fn start(config: impl Family, at: &str) -> World {
        let world = World::default();
        let options = ServerOptions::new(config, at.to_owned(), vec![at.to_owned()]);
        tokio::task::spawn_local(serve(options, world.env(0)));
        tokio::time::sleep(SECOND).await;
        world
    }

    fn names() -> Vec<String> {
        vec!["n1".to_owned()]
    }

    fn peers(names: &[&str]) -> Vec<(String, String)> {
        names.iter().map(|name| (name.to_string(), name.to_string())).collect()
    }

    #[test]
    fn a_node_says_of_which_family_it_is() {
        World::run(async {
            let quorum =
                Config { replication: 1, read_quorum: 1, write_quorum: 1, ..Config::new(0, names()) };
            let world = start(quorum, "n1").await;
            let said = |family: &str| (family.to_owned(), names());
            assert_eq!(family(&world.env(0), &peers(&["n1"]), SECOND).await.unwrap(), said("quorum"));
            let world = start(raft::config::Config::new(0, names()), "n1").await;
            assert_eq!(family(&world.env(0), &peers(&["n0", "n1"]), SECOND).await.unwrap(), said("raft"));
        });
    }

    #[test]
    fn says_why_nobody_answers() {
        World::run(async {
            let world = World::default();
            let _silent = world.listen("n1");
            let error = family(&world.env(0), &peers(&["n1", "n2"]), SECOND).await.unwrap_err().to_string();
            assert!(error.contains("n1: no answer in time; n2: "), "{error}");
        });
    }
}
