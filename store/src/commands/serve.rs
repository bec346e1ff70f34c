//! Running a node.

use std::collections::{BTreeMap, BTreeSet};
use std::process::ExitCode;

use anyhow::{Context, Result};
use perjury_store::env::real;
use perjury_store::protocol::NodeId;
use perjury_store::quorum::centres::{CentreId, Centres};
use perjury_store::quorum::config::Mode;
use perjury_store::raft::config::Replication;
use perjury_store::server::{self, Family, ServerOptions};
use perjury_store::storage::tables;
use perjury_store::{quorum, raft};
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::{Usage, number_of, only_for, sorted};
use crate::args::{
    FamilyName, NodeCentre, Peer, QuorumOptions, RaftOptions, ReplicationMode, Serve, Storage,
};

/// Entries that the standby of an asynchronous pair may lack, unless said otherwise.
const LOSS_ENTRIES: u64 = 100;
/// Milliseconds that it may lack them.
const LOSS_MS: u64 = 1_000;

/// Runs a node until it is interrupted.
pub(super) async fn run(mut serve: Serve) -> Result<ExitCode> {
    if serve.listen.ends_with(":0") {
        let why = "--listen needs a fixed port: the other nodes could not find this one".to_owned();
        return Err(Usage(why).into());
    }
    if serve.peers.iter().all(|peer| peer.name != serve.node) {
        serve.peers.push(Peer { name: serve.node.clone(), address: serve.listen.clone() });
    }
    let peers = sorted(std::mem::take(&mut serve.peers))?;
    match serve.family {
        FamilyName::Quorum => {
            let config = quorum_config(&serve, &peers)?;
            run_node(config, &serve, peers).await
        }
        FamilyName::Raft => {
            let config = raft_config(&serve, &peers)?;
            run_node(config, &serve, peers).await
        }
    }
}

async fn run_node(config: impl Family, serve: &Serve, peers: Vec<(String, String)>) -> Result<ExitCode> {
    if let Some(problem) = config.problem() {
        return Err(Usage(problem).into());
    }
    let addresses = peers.into_iter().map(|(_, address)| address).collect();
    let env = real::env(&serve.data).context("cannot use the data directory")?;
    let options = ServerOptions {
        replaces: serve.quorum.replace,
        ..ServerOptions::new(config, serve.listen.clone(), addresses)
    };
    // From before anybody hears that it listens.
    let ends = Ends::hear().context("cannot wait for signals")?;
    server::serve_until(ends.wait(), options, env)
        .await
        .with_context(|| format!("node {} in {}", serve.node, serve.data.display()))?;
    Ok(ExitCode::SUCCESS)
}

/// The signals by which the program is asked to end. Nothing has to be put in order first, as what was acknowledged is
/// durable already; the others are told.
struct Ends {
    terminate: Signal,
    interrupt: Signal,
}

impl Ends {
    /// From now on they are heard, and end nothing by themselves.
    fn hear() -> std::io::Result<Ends> {
        let (terminate, interrupt) = (SignalKind::terminate(), SignalKind::interrupt());
        Ok(Ends { terminate: signal(terminate)?, interrupt: signal(interrupt)? })
    }

    /// Returns when one was heard.
    async fn wait(mut self) {
        tokio::select! {
            biased;
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

fn names(peers: &[(String, String)]) -> Vec<String> {
    peers.iter().map(|(name, _)| name.clone()).collect()
}

fn quorum_config(serve: &Serve, peers: &[(String, String)]) -> Result<quorum::config::Config> {
    let RaftOptions { replication_mode, loss_entries, loss_ms, voters, snapshot_every } = &serve.raft;
    let foreign = [
        ("--replication-mode", replication_mode.is_some()),
        ("--loss-entries", loss_entries.is_some()),
        ("--loss-ms", loss_ms.is_some()),
        ("--voters", voters.is_some()),
        ("--snapshot-every", snapshot_every.is_some()),
    ];
    refuse(&foreign, FamilyName::Raft, serve.family)?;
    let QuorumOptions {
        replication,
        read_quorum,
        write_quorum,
        mode,
        hints_max,
        unwritten_max,
        tombstone_grace,
        storage,
        ..
    } = serve.quorum;
    let mode = mode.unwrap_or_default();
    if mode != Mode::Sloppy && hints_max.is_some() {
        return Err(
            Usage("--hints-max is for --mode sloppy: nodes keep no hints otherwise".to_owned()).into()
        );
    }
    if mode != Mode::WriteBehind && unwritten_max.is_some() {
        let why = "--unwritten-max is for --mode write-behind: no cache acknowledges what the store lacks otherwise";
        return Err(Usage(why.to_owned()).into());
    }
    if (mode != Mode::Strict || storage == Some(Storage::Tables)) && tombstone_grace.is_some() {
        let why =
            "--tombstone-grace is for --mode strict and --storage log: all others keep their tombstones";
        return Err(Usage(why.to_owned()).into());
    }
    let config = quorum::config::Config::new(number_of(&serve.node, peers)?, names(peers));
    let config = quorum::config::Config {
        centres: centres(serve.quorum.data_centres.as_deref(), peers)?,
        members: members(serve.quorum.ring.as_deref(), peers)?,
        replication: replication.unwrap_or(config.replication),
        read_quorum: read_quorum.unwrap_or(config.read_quorum),
        write_quorum: write_quorum.unwrap_or(config.write_quorum),
        mode,
        addresses: peers.iter().map(|(_, address)| address.clone()).collect(),
        has_membership: true,
        hints_max: hints_max.unwrap_or(config.hints_max),
        unwritten_max: unwritten_max.unwrap_or(config.unwritten_max),
        grace_ms: tombstone_grace.map_or(config.grace_ms, |grace| grace.as_millis() as u64),
        tables: (storage == Some(Storage::Tables)).then(tables::Options::default),
        ..config
    };
    let has_ring_changes = config.may_change_its_ring();
    Ok(quorum::config::Config { has_ring_changes, ..config })
}

/// Who is on the ring at first, in order.
fn members(given: Option<&[String]>, peers: &[(String, String)]) -> Result<Option<Vec<NodeId>>> {
    let number = |name: &String| number_of(name, peers).context("--ring");
    let Some(given) = given else { return Ok(None) };
    let mut members = given.iter().map(number).collect::<Result<Vec<_>>>()?;
    members.sort_unstable();
    if members.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err(Usage("--ring names a node twice".to_owned()).into());
    }
    Ok(Some(members))
}

/// The data centre of each node, each by the position of its name among all.
fn centres(given: Option<&[NodeCentre]>, peers: &[(String, String)]) -> Result<Centres> {
    let Some(given) = given else { return Ok(Centres::default()) };
    let names: BTreeSet<&str> = given.iter().map(|node| node.centre.as_str()).collect();
    let mut of_nodes = BTreeMap::new();
    for NodeCentre { name, centre } in given {
        let number = number_of(name, peers).context("--data-centres")?;
        let position = names.iter().position(|name| name == centre).unwrap_or_default();
        if of_nodes.insert(number, position as CentreId).is_some() {
            return Err(Usage(format!("--data-centres names {name} twice")).into());
        }
    }
    if let Some((name, _)) =
        peers.iter().zip(0..).find(|(_, number)| !of_nodes.contains_key(number)).map(|(peer, _)| peer)
    {
        return Err(Usage(format!("--data-centres does not say where {name} is")).into());
    }
    Ok(Centres::new(of_nodes.into_values().collect()))
}

fn raft_config(serve: &Serve, peers: &[(String, String)]) -> Result<raft::config::Config> {
    let QuorumOptions {
        replication,
        read_quorum,
        write_quorum,
        mode,
        hints_max,
        unwritten_max,
        tombstone_grace,
        storage,
        data_centres,
        ring,
        replace,
    } = &serve.quorum;
    let foreign = [
        ("--data-centres", data_centres.is_some()),
        ("--replication", replication.is_some()),
        ("--read-quorum", read_quorum.is_some()),
        ("--write-quorum", write_quorum.is_some()),
        ("--mode", mode.is_some()),
        ("--hints-max", hints_max.is_some()),
        ("--unwritten-max", unwritten_max.is_some()),
        ("--tombstone-grace", tombstone_grace.is_some()),
        ("--storage", storage.is_some()),
        ("--ring", ring.is_some()),
        ("--replace", *replace),
    ];
    refuse(&foreign, FamilyName::Quorum, serve.family)?;
    let voters = serve.raft.voters.as_ref();
    let number = |name: &String| number_of(name, peers).context("--voters");
    let first_voters = voters.map(|voters| voters.iter().map(number).collect()).transpose()?;
    let config = raft::config::Config::new(number_of(&serve.node, peers)?, names(peers));
    Ok(raft::config::Config {
        first_voters,
        replication: replication_of(&serve.raft)?,
        snapshot_every: serve.raft.snapshot_every.unwrap_or(config.snapshot_every),
        ..config
    })
}

fn replication_of(options: &RaftOptions) -> Result<Replication> {
    let RaftOptions { replication_mode, loss_entries, loss_ms, .. } = *options;
    let mode = replication_mode.unwrap_or(ReplicationMode::Majority);
    if mode != ReplicationMode::Asynchronous && (loss_entries.is_some() || loss_ms.is_some()) {
        let why =
            "--loss-entries and --loss-ms are for --replication-mode asynchronous: the others lose nothing";
        return Err(Usage(why.to_owned()).into());
    }
    Ok(match mode {
        ReplicationMode::Majority => Replication::Majority,
        ReplicationMode::Synchronous => Replication::Synchronous,
        ReplicationMode::Asynchronous => Replication::Asynchronous {
            entries_max: loss_entries.unwrap_or(LOSS_ENTRIES),
            lag_ms_max: loss_ms.unwrap_or(LOSS_MS),
        },
    })
}

/// Refuses the first option that was given, as it is for another family.
fn refuse(options: &[(&str, bool)], other: FamilyName, family: FamilyName) -> Result<()> {
    let given = options.iter().find(|(_, is_given)| *is_given);
    given.map_or(Ok(()), |(option, _)| Err(only_for(option, other, family)))
}
