//! What cannot be run about a scenario, found before anything runs.

mod script;

use std::ops::RangeInclusive;

use super::{REPAIRS, STORAGES, Scenario, later};
use crate::cluster::TICK_MS;
use crate::nemesis::schedule::{LENGTH_MS_MIN, TIME_MS_MAX};
use crate::nemesis::{self, selection};
use crate::system::System;
use crate::{bug, workload};

/// More than a second under way is an outage, which is for faults.
const LATENCY_MS_MAX: u64 = 1_000;
/// Clients for each lock, so that every one of them gets one now and then.
const CLIENTS_PER_LOCK: usize = 4;
/// Somebody has to write.
const READER_PERCENT_MAX: u64 = 90;
/// From a few records up to more than any run writes.
const SEGMENT_BYTES: RangeInclusive<u32> = 512..=1 << 30;
/// From less than any entry up to more than a run writes.
const BATCH_BYTES: RangeInclusive<usize> = 1..=1 << 20;
/// More entries than any run makes.
const ENTRIES_MAX: u64 = 1_000_000_000;

impl Scenario {
    /// What cannot be run about it, if anything: the name of the setting first, then what to do.
    ///
    /// What its system minds, such as the size of quorums, is for [`problem_with`](Self::problem_with).
    pub fn problem(&self) -> Option<String> {
        self.wrong_number()
            .or_else(|| self.wrong_rhythm())
            .or_else(|| self.wrong_latency())
            .or_else(|| self.unknown_name())
            .or_else(|| self.wrong_repairs())
            .or_else(|| self.wrong_bug())
            .or_else(|| self.wrong_level())
            .or_else(|| self.too_few_locks())
            .or_else(|| self.unused_percent())
            .or_else(|| self.wrong_schedule())
            .or_else(|| self.wrong_script())
    }

    /// What this system cannot run about it, if anything.
    pub fn problem_with(&self, system: &dyn System) -> Option<String> {
        self.problem()
            .or_else(|| self.wrong_mode(system))
            .or_else(|| self.wrong_point(system))
            .or_else(|| system.problem(self))
    }

    fn wrong_mode(&self, system: &dyn System) -> Option<String> {
        let (name, mode) = (system.name(), &self.mode);
        let modes = system.modes().iter().map(|mode| mode.name).collect::<Vec<_>>();
        match modes.as_slice() {
            [] if *mode == later::mode() => None,
            [] => Some(format!("mode {mode}: {name} knows one way to copy only")),
            _ if modes.contains(&mode.as_str()) => None,
            _ => Some(format!("mode {mode}: {name} has none of that name; take one of {}", modes.join(", "))),
        }
    }

    /// Nodes are struck at a point only where they pass it.
    fn wrong_point(&self, system: &dyn System) -> Option<String> {
        let points: Vec<&str> = system.points(self).iter().map(|point| point.name).collect();
        self.schedule.as_ref()?.entries.iter().enumerate().find_map(|(number, entry)| {
            let point = entry.point.as_deref().filter(|name| !points.contains(name))?;
            let (place, name) = (format!("entry {} ({})", number + 1, entry.fault), system.name());
            Some(format!(
                "schedule: {place}: nodes of {name} do not pass `{point}`; `list points` has theirs"
            ))
        })
    }

    fn wrong_level(&self) -> Option<String> {
        let (level, keys, levels) = (&self.level, self.keys, self.levels());
        if levels.is_empty() {
            let store = &self.store;
            return Some(format!(
                "level {level}: it is not known which levels {store} has; name them, with + between them"
            ));
        }
        (keys < levels.len() && self.workload != "set").then(|| {
            let needed = levels.len();
            format!("keys {keys}: level {level} needs {needed}, one for each level; or take one level")
        })
    }

    /// A safeguard of another store, or another mode, is not there to be switched off.
    fn wrong_bug(&self) -> Option<String> {
        let bug = bug::named(self.bug.as_deref()?)?;
        let wrong = |of: &str, name: &str, given: &str| {
            (name != given)
                .then(|| format!("bug {}: it is one of {of} {name}, not {given}; leave --{of} out", bug.name))
        };
        let (without, centres) = (self.without.join(","), self.data_centres.to_string());
        let replicas = [self.replication, self.read_quorum, self.write_quorum].map(|count| count.to_string());
        let grace = format!("{}ms", self.tombstone_grace_ms);
        let loss_entries = self.loss_entries.to_string();
        let settings = [
            ("loss-entries", loss_entries.as_str()),
            ("storage", self.storage.as_str()),
            ("without", without.as_str()),
            ("data-centres", centres.as_str()),
            ("replication", replicas[0].as_str()),
            ("read-quorum", replicas[1].as_str()),
            ("write-quorum", replicas[2].as_str()),
            ("tombstone-grace", grace.as_str()),
        ];
        let needed = settings.into_iter().filter_map(|(name, given)| Some((name, bug.setting(name)?, given)));
        let given = [("store", bug.store, self.store.as_str()), ("mode", bug.mode, self.mode.as_str())];
        given.into_iter().chain(needed).find_map(|(of, name, given)| wrong(of, name, given))
    }

    fn wrong_repairs(&self) -> Option<String> {
        let is_sorted = self.without.is_sorted_by(|a, b| a < b);
        let is_known = |name: &String| REPAIRS.contains(&name.as_str());
        (!is_sorted || !self.without.iter().all(is_known)).then(|| {
            format!("without {}: take some of {}, in this order", self.without.join(","), REPAIRS.join(", "))
        })
    }

    /// A client that gets no lock gets nothing done, and that would be put down to the store.
    fn too_few_locks(&self) -> Option<String> {
        let needed = self.clients.div_ceil(CLIENTS_PER_LOCK);
        (self.workload == "lock" && self.keys < needed).then(|| {
            format!(
                "keys {}: {} clients that wait for locks need {needed} of them at least",
                self.keys, self.clients
            )
        })
    }

    fn unused_percent(&self) -> Option<String> {
        let workload = workload::named(&self.workload).filter(|workload| !workload.mixes_reads())?;
        let readers = Some(self.reader_percent).filter(|percent| *percent > 0);
        let given = [("read-percent", self.read_percent), ("reader-percent", readers)];
        let (setting, percent) = given.into_iter().find_map(|(setting, given)| Some((setting, given?)))?;
        let name = workload.name();
        Some(format!("{setting} {percent}: workload {name} mixes no reads with the rest; leave it out"))
    }

    fn wrong_number(&self) -> Option<String> {
        let counts =
            [("nodes", self.nodes, 100), ("clients", self.clients, 10_000), ("keys", self.keys, 10_000)];
        let wrong = counts.into_iter().find(|(_, count, max)| !(1..=*max).contains(count));
        if let Some((setting, count, max)) = wrong {
            return Some(format!("{setting} {count}: take 1 to {max}"));
        }
        let (centres, nodes) = (self.data_centres, self.nodes);
        if !(1..=nodes).contains(&centres) {
            return Some(format!(
                "data-centres {centres} with {nodes} nodes: take 1 to {nodes}, or more nodes"
            ));
        }
        if !(self.rate > 0.0 && self.rate <= 100_000.0) {
            return Some(format!("rate {}: take a number above 0 and up to 100000", self.rate));
        }
        let of_log = [("loss-entries", self.loss_entries), ("snapshot-every", self.snapshot_every)];
        if let Some((setting, count)) =
            of_log.into_iter().find(|(_, count)| !(1..=ENTRIES_MAX).contains(count))
        {
            return Some(format!("{setting} {count}: take 1 to {ENTRIES_MAX}"));
        }
        if !BATCH_BYTES.contains(&self.batch_bytes) {
            let (bytes, min, max) = (self.batch_bytes, BATCH_BYTES.start(), BATCH_BYTES.end());
            return Some(format!("batch-bytes {bytes}: take {min} to {max}"));
        }
        if !SEGMENT_BYTES.contains(&self.segment_bytes) {
            let (bytes, min, max) = (self.segment_bytes, SEGMENT_BYTES.start(), SEGMENT_BYTES.end());
            return Some(format!("segment-bytes {bytes}: take {min} to {max}"));
        }
        if !STORAGES.contains(&self.storage.as_str()) {
            return Some(format!("storage {}: take {}", self.storage, STORAGES.join(" or ")));
        }
        let percents =
            [("read-percent", self.read_percent.unwrap_or(0)), ("role-percent", self.role_percent)];
        if let Some((setting, percent)) = percents.into_iter().find(|(_, percent)| *percent > 100) {
            return Some(format!("{setting} {percent}: take 0 to 100"));
        }
        let readers = self.reader_percent;
        if readers > READER_PERCENT_MAX {
            return Some(format!(
                "reader-percent {readers}: take 0 to {READER_PERCENT_MAX}: somebody has to write"
            ));
        }
        let time = self.time_ms;
        (!(1..=TIME_MS_MAX).contains(&time))
            .then(|| format!("time {time}ms: take a millisecond or more, and a day at most"))
    }

    fn wrong_rhythm(&self) -> Option<String> {
        let grace = self.tombstone_grace_ms;
        if !(1..=TIME_MS_MAX).contains(&grace) {
            return Some(format!("tombstone-grace {grace}ms: take a millisecond or more, and a day at most"));
        }
        let (gap, length) = (self.fault_gap_ms, self.fault_ms_max);
        if !(1..=TIME_MS_MAX).contains(&gap) {
            return Some(format!("fault-gap {gap}ms: take a millisecond or more, and a day at most"));
        }
        (!(LENGTH_MS_MIN..=TIME_MS_MAX).contains(&length))
            .then(|| format!("fault-length {length}ms: take {LENGTH_MS_MIN}ms or more, and a day at most"))
    }

    fn wrong_latency(&self) -> Option<String> {
        let (min, max) = (self.latency_ms_min, self.latency_ms_max);
        let wrong = |ms: u64| !(TICK_MS..=LATENCY_MS_MAX).contains(&ms) || !ms.is_multiple_of(TICK_MS);
        if [min, max].into_iter().any(wrong) {
            return Some(format!(
                "latency {min}ms..{max}ms: take multiples of {TICK_MS}ms, the step of the simulation, up to \
                 {LATENCY_MS_MAX}ms"
            ));
        }
        (min > max).then(|| format!("latency {min}ms..{max}ms: the least comes first"))
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
        selection::selections(&self.nemesis).err().map(|problem| format!("nemesis: {problem}"))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nemesis::{Entry, Schedule};
    use crate::store;

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
        assert_eq!(problem(|scenario| scenario.loss_entries = 0), "loss-entries 0: take 1 to 1000000000");
        assert!(problem(|scenario| scenario.snapshot_every = 0).starts_with("snapshot-every 0"));
        assert_eq!(problem(|scenario| scenario.batch_bytes = 0), "batch-bytes 0: take 1 to 1048576");
        assert!(
            problem(|scenario| scenario.segment_bytes = 511).starts_with("segment-bytes 511: take 512 to")
        );
        assert_eq!(problem(|scenario| scenario.read_percent = Some(101)), "read-percent 101: take 0 to 100");
        assert_eq!(problem(|scenario| scenario.role_percent = 101), "role-percent 101: take 0 to 100");
        let no_reads = problem(|scenario| {
            (scenario.read_percent, scenario.workload) = (Some(20), "set".to_owned());
        });
        assert!(no_reads.starts_with("read-percent 20: workload set mixes no reads"), "{no_reads}");
        assert!(problem(|scenario| scenario.time_ms = 0).starts_with("time 0ms"));
        assert!(problem(|scenario| scenario.time_ms = u64::MAX).ends_with("a day at most"));
        assert!(problem(|scenario| scenario.level = ["one"; 9].join("+")).contains("needs 9, one for each"));
        assert!(
            problem(|scenario| scenario.fault_gap_ms = 0).starts_with("fault-gap 0ms: take a millisecond")
        );
        assert!(
            problem(|scenario| scenario.fault_ms_max = 999).starts_with("fault-length 999ms: take 1000ms")
        );
        for rate in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e9] {
            assert!(problem(|scenario| scenario.rate = rate).starts_with("rate"), "{rate}");
        }
    }

    #[test]
    fn refuses_latencies_that_cannot_be_simulated() {
        for (min, max) in [(0, 25), (5, 0), (7, 25), (5, 26), (5, 1_005)] {
            let words = problem(|scenario| (scenario.latency_ms_min, scenario.latency_ms_max) = (min, max));
            assert!(words.contains("take multiples of 5ms"), "{words}");
        }
        let words = problem(|scenario| scenario.latency_ms_min = 50);
        assert_eq!(words, "latency 50ms..25ms: the least comes first");
    }

    #[test]
    fn refuses_names_that_do_not_exist() {
        assert!(problem(|scenario| scenario.workload = "queue".to_owned()).contains("one of register, set"));
        assert!(problem(|scenario| scenario.bug = Some("no-sync".to_owned())).starts_with("bug \"no-sync\""));
        assert!(problem(|scenario| scenario.nemesis.push("gravity".to_owned())).contains("`gravity`"));
    }

    #[test]
    fn refuses_a_planted_bug_of_another_store_or_mode() {
        let planted = |name: &str, store: &str, mode: &str| {
            let base = crate::command::base(Some(name));
            let scenario = Scenario { store: store.to_owned(), mode: mode.to_owned(), ..base };
            scenario.problem().unwrap_or_default()
        };
        assert_eq!(
            planted("read-unconfirmed", "quorum", "majority"),
            "bug read-unconfirmed: it is one of store raft, not quorum; leave --store out"
        );
        assert_eq!(
            planted("loss-bound-passed", "raft", "majority"),
            "bug loss-bound-passed: it is one of mode asynchronous, not majority; leave --mode out"
        );
        assert_eq!(planted("loss-bound-passed", "raft", "asynchronous"), "");
    }

    #[test]
    fn refuses_so_few_locks_that_clients_get_none() {
        let lock = |keys: usize| Scenario {
            workload: "lock".to_owned(),
            level: "one".to_owned(),
            keys,
            ..Scenario::default()
        };
        assert!(lock(4).problem().is_some_and(|words| words.starts_with("keys 4: 20 clients")));
        assert_eq!(lock(5).problem(), None);
    }

    #[test]
    fn refuses_a_mode_that_the_system_does_not_have() {
        let (quorum, mode) = (store::named("quorum").expect("a store"), "synchronous".to_owned());
        let scenario = Scenario { mode, ..Scenario::default() };
        let problem = scenario.problem_with(quorum).expect("a problem");
        assert_eq!(
            problem,
            "mode synchronous: quorum has none of that name; take one of majority, sloppy, siblings, \
             write-through, write-behind"
        );
        assert_eq!(Scenario::default().problem_with(quorum), None);
    }

    #[test]
    fn refuses_a_point_that_no_node_passes() {
        let text = r#"[{"at_ms": 1, "for_ms": 1, "fault": "point-kill", "point": "version-chosen"}]"#;
        let schedule = Some(Schedule::parse(text, &[]).expect("a schedule"));
        let problem = |store| {
            let (schedule, system) = (schedule.clone(), store::named(store).expect("a store"));
            Scenario { schedule, store: store.to_owned(), ..Scenario::default() }.problem_with(system)
        };
        assert_eq!(problem("quorum"), None);
        let words = "schedule: entry 1 (point-kill): nodes of raft do not pass `version-chosen`; `list points` has theirs";
        assert_eq!(problem("raft").as_deref(), Some(words));
    }

    #[test]
    fn deals_out_no_levels_that_it_does_not_know() {
        let problem = problem(|scenario| scenario.store = "yours".to_owned());
        assert!(problem.starts_with("level mixed: it is not known which levels yours has"), "{problem}");
        let named = Scenario { store: "yours".to_owned(), level: "a+b".to_owned(), ..Scenario::default() };
        assert_eq!((named.problem(), named.level_of(3)), (None, "b".to_owned()));
    }

    #[test]
    fn refuses_a_schedule_that_would_not_be_followed() {
        let with = |fault: &str, at_ms: u64, nodes: Option<Vec<String>>| {
            let entry = Entry { at_ms, for_ms: 1, fault: fault.to_owned(), nodes, ..Entry::default() };
            problem(|scenario| scenario.schedule = Some(Schedule { entries: vec![entry] }))
        };
        assert_eq!(
            with("kill", 60_000, None),
            "schedule: entry 1 (kill) begins at 60000 ms, when the time of 60000 ms is over"
        );
        assert!(with("gravity", 0, None).ends_with("no fault has that name"));
        assert!(with("kill", 0, Some(vec!["n9".to_owned()])).contains("no node is named `n9`"));
    }
}
