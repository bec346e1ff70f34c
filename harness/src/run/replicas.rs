//! What the replicas hold: asked for until it is equal everywhere, and recorded.

use std::collections::BTreeMap;
use std::time::Duration;

use perjury_histories::{Key, Value, Version};
use serde_json::json;

use super::{CONVERGENCE_MAX, QUIET_MAX, Run};
use crate::clients::{Desk, Dumps};

/// Between two looks at the replicas.
const LOOK: Duration = Duration::from_millis(500);
/// Time that the last look may take.
const LAST_LOOK: Duration = Duration::from_secs(3);

impl Run<'_> {
    /// What every replica holds; asks again while one of them gives no answer.
    pub(super) fn dumps(&mut self) -> anyhow::Result<Dumps> {
        let end = self.cluster.elapsed() + CONVERGENCE_MAX;
        self.look_until(end, |dumps| dumps.by_node.values().all(Result::is_ok))
    }

    /// The same, once it is equal everywhere, or the time from `begin` on is over in which it must be.
    pub(super) fn look_until_equal(&mut self, begin: Duration) -> anyhow::Result<Dumps> {
        // The last look is over in time: what it shows is not late as well.
        self.look_until(begin + CONVERGENCE_MAX - LAST_LOOK, is_equal)
    }

    /// What the replicas held at the last look, which is one that `is_enough`, or the first after `end`.
    /// A system that cannot tell is looked at once.
    fn look_until(&mut self, end: Duration, is_enough: impl Fn(&Dumps) -> bool) -> anyhow::Result<Dumps> {
        loop {
            self.desk.ask_dumps();
            self.until(QUIET_MAX, Desk::is_idle)?;
            let dumps = self.desk.take_dumps().unwrap_or_default();
            if dumps.by_node.is_empty() || is_enough(&dumps) || self.cluster.elapsed() >= end {
                return Ok(dumps);
            }
            self.go_on(LOOK)?;
        }
    }

    /// Notes where the keys belong and what each replica was seen to hold.
    pub(super) fn record_dumps(&mut self, stage: &str, dumps: &Dumps) {
        self.placement.clone_from(&dumps.placement);
        let placement: Vec<_> = dumps.placement.iter().collect();
        self.recorder.note("placement", None, json!(placement));
        for (node, held) in &dumps.by_node {
            match held {
                Ok(held) => self.recorder.dump(stage, node, dumps.asked, held),
                Err(why) => self.recorder.trace(node, &format!("gave no dump: {why:#}")),
            }
        }
    }
}

/// Whether all home replicas of each key hold the same.
fn is_equal(dumps: &Dumps) -> bool {
    type Entries<'a> = BTreeMap<&'a Key, (&'a Option<Version>, &'a Value)>;
    let mut held: BTreeMap<&String, Entries<'_>> = BTreeMap::new();
    for (node, entries) in &dumps.by_node {
        let Ok(entries) = entries else { continue };
        held.insert(node, entries.iter().map(|held| (&held.key, (&held.version, &held.value))).collect());
    }
    dumps.placement.iter().all(|(key, homes)| {
        let mut copies = homes.iter().map(|home| held.get(home).map(|entries| entries.get(key)));
        let first = copies.next().flatten();
        first.is_some() && copies.all(|copy| copy == first)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::Held;

    fn dumps(held: &[(&str, Option<i64>)]) -> Dumps {
        let entries = |version: i64| {
            vec![Held { key: "x".into(), version: Some(Version(vec![version])), value: 1.into() }]
        };
        let node = |(node, version): &(&str, Option<i64>)| {
            (node.to_string(), version.map(entries).ok_or_else(|| anyhow::anyhow!("it is down")))
        };
        let placement = BTreeMap::from([(Key::from("x"), vec!["n1".to_owned(), "n2".to_owned()])]);
        Dumps { asked: 0, by_node: held.iter().map(node).collect(), placement }
    }

    #[test]
    fn compares_home_replicas_that_answered() {
        let equal = |held: &[(&str, Option<i64>)]| is_equal(&dumps(held));
        assert!(equal(&[("n1", Some(1)), ("n2", Some(1)), ("n3", Some(9))]));
        assert!(!equal(&[("n1", Some(1)), ("n2", Some(2)), ("n3", Some(9))]));
        assert!(!equal(&[("n1", Some(1)), ("n2", None)]));
        assert!(!equal(&[("n1", Some(1))]));
        assert!(is_equal(&Dumps::default()));
    }
}
