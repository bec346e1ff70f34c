//! What cannot be run about a scenario, found before anything runs.

use super::{LEVELS, Scenario};
use crate::nemesis::{self, Kind};
use crate::{bug, workload};

/// A day of simulated time is a week of memory; no typo should cost that.
const TIME_MS_MAX: u64 = 86_400_000;

impl Scenario {
    /// What cannot be run about it, if anything: the name of the setting first, then what to do.
    ///
    /// What only one system minds, such as the size of its quorums, is for
    /// [`System::problem`](crate::system::System::problem).
    pub fn problem(&self) -> Option<String> {
        self.wrong_number().or_else(|| self.unknown_name()).or_else(|| self.wrong_schedule())
    }

    fn wrong_number(&self) -> Option<String> {
        let counts =
            [("nodes", self.nodes, 100), ("clients", self.clients, 10_000), ("keys", self.keys, 10_000)];
        let wrong = counts.into_iter().find(|(_, count, max)| !(1..=*max).contains(count));
        if let Some((setting, count, max)) = wrong {
            return Some(format!("{setting} {count}: take 1 to {max}"));
        }
        if !(self.rate > 0.0 && self.rate <= 100_000.0) {
            return Some(format!("rate {}: take a number above 0 and up to 100000", self.rate));
        }
        if self.level == "mixed" && self.keys < LEVELS.len() && self.workload != "set" {
            let (keys, levels) = (self.keys, LEVELS.len());
            return Some(format!(
                "keys {keys}: level mixed needs {levels}, one for each level; or take one level"
            ));
        }
        let time = self.time_ms;
        (!(1..=TIME_MS_MAX).contains(&time))
            .then(|| format!("time {time}ms: take a millisecond or more, and a day at most"))
    }

    fn unknown_name(&self) -> Option<String> {
        let names = |names: Vec<&str>| names.join(", ");
        if workload::named(&self.workload).is_none() {
            let known = workload::ALL.iter().map(|workload| workload.name()).collect();
            return Some(format!(
                "workload {:?}: there is none; take one of {}",
                self.workload,
                names(known)
            ));
        }
        if let Some(unknown) = self.bug.as_deref().filter(|name| bug::named(name).is_none()) {
            let known = bug::ALL.iter().map(|bug| bug.name).collect();
            return Some(format!("bug {unknown:?}: there is none; take one of {}", names(known)));
        }
        self.nemesis.iter().find_map(|name| Some(format!("nemesis: {}", name.parse::<Kind>().err()?)))
    }

    fn wrong_schedule(&self) -> Option<String> {
        let schedule = self.schedule.as_ref()?;
        if let Err(error) = schedule.check_nodes(&self.node_names()) {
            return Some(format!("schedule: {error:#}"));
        }
        schedule.entries.iter().enumerate().find_map(|(number, entry)| {
            let place = format!("schedule: entry {} ({})", number + 1, entry.fault);
            if nemesis::find(&entry.fault).is_none() {
                return Some(format!("{place}: no fault has that name"));
            }
            (entry.at_ms >= self.time_ms).then(|| {
                format!("{place} begins at {} ms, when the time of {} ms is over", entry.at_ms, self.time_ms)
            })
        })
    }
}

/// What is wrong with the name of a level of the reference store: one for writes and reads, `mixed`, or
/// `WRITE/READ`.
pub fn problem_of_level(text: &str) -> Option<String> {
    let unknown = |name: &str| {
        let names = LEVELS.join(", ");
        let words =
            || format!("'{name}' is no level: take {names}, mixed, or a pair WRITE/READ such as one/all");
        (!LEVELS.contains(&name)).then(words)
    };
    match text.split_once('/') {
        None if text == "mixed" => None,
        None => unknown(text),
        Some((write, read)) => unknown(write).or_else(|| unknown(read)).or_else(|| {
            (write != read && [write, read].contains(&"atomic")).then(|| {
                format!(
                    "'{text}' mixes atomic with another level on one key: atomic reads and writes go together"
                )
            })
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nemesis::{Entry, Schedule};

    fn problem(change: impl FnOnce(&mut Scenario)) -> String {
        let mut scenario = Scenario::default();
        assert_eq!(scenario.problem(), None);
        change(&mut scenario);
        scenario.problem().expect("a problem")
    }

    #[test]
    fn refuses_numbers_that_cannot_be_run() {
        assert_eq!(problem(|scenario| scenario.nodes = 0), "nodes 0: take 1 to 100");
        assert_eq!(problem(|scenario| scenario.clients = 0), "clients 0: take 1 to 10000");
        assert_eq!(problem(|scenario| scenario.keys = 0), "keys 0: take 1 to 10000");
        assert!(problem(|scenario| scenario.keys = 3).starts_with("keys 3: level mixed needs 4"));
        assert!(problem(|scenario| scenario.time_ms = 0).starts_with("time 0ms"));
        assert!(problem(|scenario| scenario.time_ms = u64::MAX).ends_with("a day at most"));
        for rate in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e9] {
            assert!(problem(|scenario| scenario.rate = rate).starts_with("rate"), "{rate}");
        }
    }

    #[test]
    fn refuses_names_that_do_not_exist() {
        assert!(problem(|scenario| scenario.workload = "queue".to_owned()).contains("one of register, set"));
        assert!(problem(|scenario| scenario.bug = Some("no-sync".to_owned())).starts_with("bug \"no-sync\""));
        assert!(problem(|scenario| scenario.nemesis.push("gravity".to_owned())).contains("`gravity`"));
    }

    #[test]
    fn refuses_a_schedule_that_would_not_be_followed() {
        let with = |fault: &str, at_ms: u64, nodes: Option<Vec<String>>| {
            let entry = Entry { at_ms, for_ms: 1, fault: fault.to_owned(), nodes, seed: 0 };
            problem(|scenario| scenario.schedule = Some(Schedule { entries: vec![entry] }))
        };
        assert_eq!(
            with("kill", 60_000, None),
            "schedule: entry 1 (kill) begins at 60000 ms, when the time of 60000 ms is over"
        );
        assert!(with("gravity", 0, None).ends_with("no fault has that name"));
        assert!(with("kill", 0, Some(vec!["n9".to_owned()])).contains("no node is named `n9`"));
    }

    #[test]
    fn refuses_levels_that_the_store_does_not_have() {
        for level in ["one", "quorum", "all", "atomic", "mixed", "one/all", "atomic/atomic"] {
            assert_eq!(problem_of_level(level), None, "{level}");
        }
        for level in ["", "two", "one/", "one/mixed", "one/atomic"] {
            assert!(problem_of_level(level).is_some(), "{level}");
        }
    }
}
