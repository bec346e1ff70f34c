//! What must hold of a run, whatever the order of messages was.

use std::collections::{BTreeMap, BTreeSet};

use crate::quorum::message::{Level, Operation, Refusal, Request, Response};
use crate::quorum::testkit::Cluster;
use crate::quorum::version::Version;

/// An operation as its client saw it.
#[derive(Clone, Debug)]
pub struct Call {
    pub key: String,
    pub request: Request,
    /// Positions in the order of all invocations and completions.
    pub invoked_at: usize,
    pub returned_at: usize,
    pub response: Response,
}

impl Call {
    /// The version it came to.
    pub fn version(&self) -> Option<Version> {
        match self.response {
            Response::Written { version } => Some(version),
            Response::Value { version, .. } => version,
            _ => None,
        }
    }

    fn is_read(&self) -> bool {
        matches!(self.request.operation, Operation::Get { .. })
    }

    fn is_written(&self) -> bool {
        matches!(self.response, Response::Written { .. })
    }

    fn is_ok(&self) -> bool {
        matches!(self.response, Response::Written { .. } | Response::Value { .. })
    }
}

/// What a run broke, in words; `is_damaged` tells that one replica lost synced records.
pub fn broken(cluster: &mut Cluster, calls: &[Call], keys: &[String], is_damaged: bool) -> Option<String> {
    versions_are_unique(cluster)
        .or_else(|| refused_writes_have_no_effect(cluster, calls))
        .or_else(|| reads_return_what_was_written(cluster, calls))
        .or_else(|| sessions_never_go_back(calls))
        .or_else(|| if is_damaged { None } else { atomic_order_is_real_time_order(calls) })
        .or_else(|| replicas_converge(cluster, keys))
        .or_else(|| acknowledged_writes_are_kept(cluster, calls, is_damaged))
}

fn versions_are_unique(cluster: &Cluster) -> Option<String> {
    let mut seen = BTreeMap::new();
    cluster.records.iter().find_map(|record| {
        let earlier = seen.insert(record.entry.version, record);
        earlier.filter(|earlier| *earlier != record).map(|earlier| format!("{earlier:?} and {record:?}"))
    })
}

/// Values are unique, so a record tells whose it is.
fn refused_writes_have_no_effect(cluster: &Cluster, calls: &[Call]) -> Option<String> {
    let refused = calls.iter().filter(|call| matches!(call.response, Response::Refused(_)));
    let values = refused.filter_map(|call| match &call.request.operation {
        Operation::Put { value, .. } => Some((value, call)),
        _ => None,
    });
    let values: BTreeMap<_, _> = values.collect();
    cluster.records.iter().find_map(|record| {
        let call = values.get(record.entry.value.as_ref()?)?;
        Some(format!("refused, but it took effect: {call:?}"))
    })
}

/// What was written is in a log. But a write whose version was below what its replicas held is acknowledged without: it was
/// written over at once, and a cache may show it for a while.
fn reads_return_what_was_written(cluster: &Cluster, calls: &[Call]) -> Option<String> {
    let logged = cluster.records.iter();
    let logged = logged.map(|record| (&record.key, record.entry.version, record.entry.value.as_ref()));
    let acknowledged = calls.iter().filter_map(|call| match (&call.request.operation, &call.response) {
        (Operation::Put { value, .. }, Response::Written { version }) => {
            Some((&call.key, *version, Some(value)))
        }
        (Operation::Delete { .. }, Response::Written { version }) => Some((&call.key, *version, None)),
        _ => None,
    });
    let written: BTreeSet<_> = logged.chain(acknowledged).collect();
    calls.iter().find_map(|call| match &call.response {
        Response::Value { value, version: Some(version) } => {
            (!written.contains(&(&call.key, *version, value.as_ref())))
                .then(|| format!("nobody wrote this: {call:?}"))
        }
        _ => None,
    })
}

fn sessions_never_go_back(calls: &[Call]) -> Option<String> {
    calls.iter().filter(|call| call.is_ok()).find_map(|call| {
        let goes_back = if call.is_read() {
            call.version() < call.request.floor
        } else {
            call.version() <= call.request.above
        };
        goes_back.then(|| format!("below the token: {call:?}"))
    })
}

/// Versions order an atomic key's operations as real time does: that order is the linearization.
fn atomic_order_is_real_time_order(calls: &[Call]) -> Option<String> {
    let is_atomic = |call: &&Call| call.request.level == Level::Atomic && call.is_ok();
    let mut calls: Vec<&Call> = calls.iter().filter(is_atomic).collect();
    calls.sort_by_key(|call| call.invoked_at);
    calls.iter().find_map(|later| {
        let before = |call: &&&Call| call.key == later.key && call.returned_at < later.invoked_at;
        let before = calls.iter().filter(before).max_by_key(|call| call.version())?;
        let in_order = match later.is_read() {
            true => before.version() <= later.version(),
            false => before.version() < later.version(),
        };
        (!in_order).then(|| format!("{later:?} after {before:?}"))
    })
}

fn replicas_converge(cluster: &mut Cluster, keys: &[String]) -> Option<String> {
    keys.iter().find_map(|key| {
        let homes = cluster.homes(key);
        let held: Vec<_> = homes.iter().map(|&home| cluster.held(home, key)).collect();
        (held.iter().any(|each| *each != held[0])).then(|| format!("{key} differs: {held:?}"))
    })
}

fn acknowledged_writes_are_kept(cluster: &mut Cluster, calls: &[Call], is_damaged: bool) -> Option<String> {
    // One damaged disk can take what a single replica acknowledged.
    let is_owed = |call: &&Call| call.is_written() && !(is_damaged && call.request.level == Level::One);
    calls.iter().filter(is_owed).find_map(|call| {
        let homes = cluster.homes(&call.key);
        let is_lost = homes.iter().any(|&home| cluster.durable(home, &call.key) < call.version());
        is_lost.then(|| format!("lost: {call:?}"))
    })
}

/// Whether a refusal is one that a healed cluster gives.
pub fn is_progress(response: &Response) -> bool {
    !matches!(
        response,
        Response::Refused(Refusal::Deadline { .. } | Refusal::Behind { .. }) | Response::Unknown(_)
    )
}
