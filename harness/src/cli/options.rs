//! The options that make a scenario, for `run` and `sweep` alike.

use clap::Args;
use perjury::duration;
use perjury::nemesis::Schedule;
use perjury::script::Script;
use perjury::{Scenario, System, command, run, store};

use super::catalog;
use super::exit::usage;
use super::parse;

/// What to run. Everything has a default; `--bug` brings the workload, level and faults that show it.
#[derive(Args, Debug)]
#[command(next_help_heading = "Scenario")]
pub struct Options {
    /// The system under test [default: quorum]
    #[arg(long, value_name = "NAME", value_parser = catalog::parser(catalog::stores()))]
    store: Option<String>,
    /// How writes are copied. quorum: majority, where home replicas alone acknowledge a write; sloppy, where other
    /// nodes take it for those that do not answer; siblings, where concurrent writes stay for clients to merge; write-through
    /// and write-behind, where each key has a cache on one node. raft: majority; synchronous and asynchronous, with one active
    /// node, its standby, and a witness [default: majority]
    #[arg(long, value_name = "MODE")]
    mode: Option<String>,
    /// Number of nodes; 3 in the modes with a standby [default: 5]
    #[arg(long, value_name = "COUNT")]
    nodes: Option<usize>,
    /// Data centres that the nodes are in, in turn: n1 in the first, n2 in the second, and so on; replicas of a key are spread
    /// over them. quorum only [default: 1]
    #[arg(long, value_name = "COUNT")]
    data_centres: Option<usize>,
    /// K: entries that may be lost when the active node fails, in mode asynchronous, or when a cache dies, in mode
    /// write-behind [default: 50]
    #[arg(long, value_name = "K")]
    loss_entries: Option<u64>,
    /// Entries after which a node of raft takes a snapshot [default: 200]
    #[arg(long, value_name = "COUNT")]
    snapshot_every: Option<u64>,
    /// Bytes of entries that a leader of raft sends in one message, one entry at least [default: 512]
    #[arg(long, value_name = "BYTES")]
    batch_bytes: Option<usize>,
    /// Bytes after which a node's log begins a new segment [default: 16384]
    #[arg(long, value_name = "BYTES")]
    segment_bytes: Option<u32>,
    /// Where nodes keep what they hold. log: in memory, and in a log that grows; tables: in sorted tables, which take
    /// the log's place. quorum only [default: log]
    #[arg(long, value_name = "NAME")]
    storage: Option<String>,
    /// Repair paths that quorum does without, with commas between them: exchange, read-repair; none: it has all
    /// [default: none]
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    without: Option<Vec<String>>,
    /// For how long quorum keeps a tombstone that every home replica has [default: 30s]
    #[arg(long, value_name = "DURATION", value_parser = duration::parse_ms, allow_hyphen_values = true)]
    tombstone_grace: Option<u64>,
    /// N: replicas of each key [default: 3]
    #[arg(long, value_name = "N")]
    replication: Option<usize>,
    /// R: replicas that must answer a read at level quorum [default: 2]
    #[arg(long, value_name = "R")]
    read_quorum: Option<usize>,
    /// W: replicas that must acknowledge a write at level quorum [default: 2]
    #[arg(long, value_name = "W")]
    write_quorum: Option<usize>,
    /// How keys are written and read. quorum: one, quorum, all, atomic, local-quorum, each-quorum, or WRITE/READ, such as
    /// one/all;
    /// raft: leader, lease, follower, any. mixed: each key has one of them; leader+any: one of those
    /// named [default: mixed]
    #[arg(long, value_name = "LEVEL", value_parser = parse::level)]
    level: Option<String>,
    /// What the clients do [default: register]
    #[arg(long, value_name = "NAME", value_parser = catalog::parser(catalog::workloads()))]
    workload: Option<String>,
    /// Kinds of fault, and single faults, with commas between them: crash,message-loss. `list nemeses` has all
    /// names; each that is given comes at least once, and disk-lying-sync only so [default: partition,crash,clock]
    #[arg(long, value_name = "NAMES", value_delimiter = ',', value_parser = catalog::nemesis_parser())]
    nemesis: Option<Vec<String>>,
    /// A file with a fixed schedule of faults, or the JSON itself, instead of one drawn from the seed; --nemesis,
    /// --fault-gap and --fault-length are not looked at then.
    /// JSON: [{"at_ms": 3000, "for_ms": 2000, "fault": "kill", "nodes": ["n1"]}, …];
    /// times count from when clients begin to work, "nodes" may be left out, and `list nemeses` has
    /// the names of faults; one of kind point may have a "point", of `list points`, and a "pass", from 1
    #[arg(long, value_name = "FILE")]
    schedule: Option<String>,
    /// How often faults that hit drawn nodes are to hit whoever leads, or coordinates, in percent [default: 0]
    #[arg(long, value_name = "PERCENT")]
    role_percent: Option<u64>,
    /// Time between faults, in the mean: from the end of an episode to the beginning of the next [default: 2500ms]
    #[arg(long, value_name = "DURATION", value_parser = duration::parse_ms, allow_hyphen_values = true)]
    fault_gap: Option<u64>,
    /// The longest fault, 1s or more; faults that stand alone, such as deaf-node, have lengths of their own
    /// [default: 8s]
    #[arg(long, value_name = "DURATION", value_parser = duration::parse_ms, allow_hyphen_values = true)]
    fault_length: Option<u64>,
    /// How long messages are under way: the least and the longest time, multiples of 5ms; up to 200ms
    /// for quorum, 100ms for raft, and 50ms for raft in mode asynchronous
    /// [default: 5ms..25ms]
    #[arg(long, value_name = "MIN..MAX", value_parser = duration::parse_latency_ms)]
    latency: Option<(u64, u64)>,
    /// A file with a fixed script of invocations, or the JSON itself, instead of what the workload draws; --rate,
    /// --read-percent and --reader-percent are not looked at then.
    /// JSON: [{"at_ms": 3000, "session": 4, "function": "write", "key": "k3", "value": 17}, …];
    /// "phase" may be healing or replay, where nothing is read, and times count from its begin. perjury shrink writes
    /// such scripts
    #[arg(long, value_name = "FILE")]
    script: Option<String>,
    /// Simulated time with faults: 60s, 500ms, 2m [default: 60s]
    #[arg(long, value_name = "DURATION", value_parser = duration::parse_ms, allow_hyphen_values = true)]
    time: Option<u64>,
    /// Operations that all clients together start in a second [default: 200]
    #[arg(long, value_name = "PER-SECOND")]
    rate: Option<f64>,
    /// Number of clients [default: 20]
    #[arg(long, value_name = "COUNT")]
    clients: Option<usize>,
    /// Number of keys, in workloads with a fixed set of them [default: 8]
    #[arg(long, value_name = "COUNT")]
    keys: Option<usize>,
    /// How many of all operations read, in workloads that mix reads with others; without it, half of them, and a third in
    /// cas-register
    #[arg(long, value_name = "PERCENT")]
    read_percent: Option<u64>,
    /// How many of all clients only read while there are faults, in such workloads: they see what a node answers that can
    /// take no writes, such as a leader that was cut off [default: 0]
    #[arg(long, value_name = "PERCENT")]
    reader_percent: Option<u64>,
    /// Switches one safeguard of a store off: the verdict should say so. Sets store, mode, workload, level and
    /// nemesis to what shows it, unless they are given
    #[arg(long, value_name = "NAME", value_parser = catalog::parser(catalog::bugs()))]
    bug: Option<String>,
}

impl Options {
    /// The scenario, and the system under test. Errors say what cannot be, and what to do.
    pub fn scenario(&self) -> anyhow::Result<(&'static dyn System, Scenario)> {
        let base = command::base(self.bug.as_deref());
        let mode = self.mode.clone().unwrap_or(base.mode);
        let nodes = self.nodes.unwrap_or_else(|| Scenario::nodes_in(&mode));
        let latency_ms = self.latency.unwrap_or((base.latency_ms_min, base.latency_ms_max));
        let scenario = Scenario {
            store: self.store.clone().unwrap_or(base.store),
            nodes,
            data_centres: self.data_centres.unwrap_or(base.data_centres),
            mode,
            loss_entries: self.loss_entries.unwrap_or(base.loss_entries),
            snapshot_every: self.snapshot_every.unwrap_or(base.snapshot_every),
            batch_bytes: self.batch_bytes.unwrap_or(base.batch_bytes),
            segment_bytes: self.segment_bytes.unwrap_or(base.segment_bytes),
            replication: self.replication.unwrap_or(base.replication),
            read_quorum: self.read_quorum.unwrap_or(base.read_quorum),
            write_quorum: self.write_quorum.unwrap_or(base.write_quorum),
            level: self.level.clone().unwrap_or(base.level),
            workload: self.workload.clone().unwrap_or(base.workload),
            without: self
                .without
                .as_ref()
                .map_or(Ok(base.without), |names| distinct("without", "repair path", names))?,
            nemesis: self
                .nemesis
                .as_ref()
                .map_or(Ok(base.nemesis), |names| distinct("nemesis", "fault", names))?,
            storage: self.storage.clone().unwrap_or(base.storage),
            tombstone_grace_ms: self.tombstone_grace.unwrap_or(base.tombstone_grace_ms),
            schedule: self.schedule.as_deref().map(|text| schedule(text, nodes)).transpose()?,
            role_percent: self.role_percent.unwrap_or(base.role_percent),
            fault_gap_ms: self.fault_gap.unwrap_or(base.fault_gap_ms),
            fault_ms_max: self.fault_length.unwrap_or(base.fault_ms_max),
            latency_ms_min: latency_ms.0,
            latency_ms_max: latency_ms.1,
            script: self.script.as_deref().map(script).transpose()?,
            time_ms: self.time.unwrap_or(base.time_ms),
            rate: self.rate.unwrap_or(base.rate),
            clients: self.clients.unwrap_or(base.clients),
            keys: self.keys.unwrap_or(base.keys),
            read_percent: self.read_percent,
            reader_percent: self.reader_percent.unwrap_or(base.reader_percent),
            bug: self.bug.clone(),
        };
        let system = system(&scenario.store)?;
        match run::problem(system, &scenario) {
            Some(problem) => usage(format!("--{problem}")),
            None => Ok((system, scenario)),
        }
    }

    /// The options that were given, by name, each as it would be written: what is not to be drawn.
    pub fn given(&self) -> anyhow::Result<Vec<(String, String)>> {
        if self.schedule.is_some() {
            return usage("--schedule fixes the faults of one run; here they are drawn: take --nemesis");
        }
        if self.script.is_some() {
            return usage("--script fixes what clients do in one run; here it is drawn: take --workload");
        }
        let word = |name: &str, value: &Option<String>| Some((name.to_owned(), value.clone()?));
        let number = |name: &str, value: Option<u64>| Some((name.to_owned(), value?.to_string()));
        let count = |name: &str, value: Option<usize>| number(name, value.map(|value| value as u64));
        let time = |name: &str, value: Option<u64>| Some((name.to_owned(), format!("{}ms", value?)));
        let given = [
            word("bug", &self.bug),
            word("store", &self.store),
            word("mode", &self.mode),
            count("nodes", self.nodes),
            count("data-centres", self.data_centres),
            count("replication", self.replication),
            count("read-quorum", self.read_quorum),
            count("write-quorum", self.write_quorum),
            number("loss-entries", self.loss_entries),
            number("snapshot-every", self.snapshot_every),
            count("batch-bytes", self.batch_bytes),
            number("segment-bytes", self.segment_bytes.map(u64::from)),
            word("storage", &self.storage),
            word("without", &self.without.as_ref().map(|names| names.join(","))),
            time("tombstone-grace", self.tombstone_grace),
            word("workload", &self.workload),
            word("level", &self.level),
            count("clients", self.clients),
            self.rate.map(|rate| ("rate".to_owned(), rate.to_string())),
            count("keys", self.keys),
            number("read-percent", self.read_percent),
            number("reader-percent", self.reader_percent),
            time("time", self.time),
            self.latency.map(|(min, max)| ("latency".to_owned(), format!("{min}ms..{max}ms"))),
            number("role-percent", self.role_percent),
            time("fault-gap", self.fault_gap),
            time("fault-length", self.fault_length),
            word("nemesis", &self.nemesis.as_ref().map(|kinds| kinds.join(","))),
        ];
        Ok(given.into_iter().flatten().collect())
    }
}

/// The system of this name.
pub fn system(name: &str) -> anyhow::Result<&'static dyn System> {
    let names = || store::ALL.iter().map(|store| store.name()).collect::<Vec<_>>().join(", ");
    match store::named(name) {
        Some(system) => Ok(system),
        None => usage(format!("this program has no store '{name}'; it has {}", names())),
    }
}

/// The names that an option has, each once, in order; of `none`, no names.
fn distinct(option: &str, noun: &str, names: &[String]) -> anyhow::Result<Vec<String>> {
    let mut names = names.to_vec();
    names.sort();
    names.dedup();
    if names.iter().any(|name| name == "none") {
        if names.len() > 1 {
            return usage(format!("--{option} none goes with no {noun}"));
        }
        names.clear();
    }
    Ok(names)
}

/// A schedule from a file, or written out, as the command in a report has it.
fn schedule(text: &str, nodes: usize) -> anyhow::Result<Schedule> {
    let names = Scenario { nodes, ..Scenario::default() }.node_names();
    let (place, json) = written_out("schedule", text)?;
    Schedule::parse(&json, &names).or_else(|error| usage(format!("{place}: {error:#}")))
}

/// A script from a file, or written out, as the command in a report has it.
fn script(text: &str) -> anyhow::Result<Script> {
    let (place, json) = written_out("script", text)?;
    Script::parse(&json).or_else(|error| usage(format!("{place}: {error:#}")))
}

/// The JSON that an option holds, or the file it names, and how to call that place.
fn written_out(option: &str, text: &str) -> anyhow::Result<(String, String)> {
    if text.starts_with(['{', '[']) {
        return Ok((format!("--{option}"), text.to_owned()));
    }
    match std::fs::read_to_string(text) {
        Ok(json) => Ok((text.to_owned(), json)),
        Err(error) => usage(format!("cannot read the {option} {text}: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory as _, Parser};

    use super::*;
    use crate::cli::exit::Usage;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        options: Options,
    }

    fn scenario(line: &str) -> anyhow::Result<Scenario> {
        let words = ["perjury"].into_iter().chain(line.split_whitespace());
        Ok(Line::try_parse_from(words)?.options.scenario()?.1)
    }

    #[test]
    fn is_the_default_scenario_without_options() {
        assert_eq!(scenario("").expect("a scenario"), Scenario::default());
    }

    #[test]
    fn tells_the_true_defaults() {
        let mut line = String::new();
        for argument in Line::command().get_arguments() {
            let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
            if let (Some(long), Some((_, default))) = (argument.get_long(), help.split_once("[default: ")) {
                line.push_str(&format!(" --{long} {}", default.trim_end_matches(']')));
            }
        }
        assert!(line.contains("--rate "), "{line}");
        assert_eq!(scenario(&line).expect("a scenario"), Scenario::default());
    }

    #[test]
    fn explains_the_levels_of_each_store() {
        let command = Line::command();
        let level = command.get_arguments().find(|argument| argument.get_id() == "level").expect("an option");
        let help = level.get_help().map(ToString::to_string).unwrap_or_default();
        for store in store::ALL {
            let (_, words) = help.split_once(&format!("{}: ", store.name())).expect("a store");
            let words = words.split_once(';').map_or(words, |(words, _)| words);
            assert!(store.levels().iter().all(|level| words.contains(level.name)), "{help}");
        }
    }

    #[test]
    fn reads_back_what_a_report_says() {
        for line in [
            "",
            "--level one/all --nemesis none",
            "--nodes 7 --replication 5 --time 1500ms --rate 2.5",
            "--store raft --level leader+any",
            "--nodes 7 --data-centres 2 --replication 6 --level local-quorum+each-quorum/local-quorum",
            "--storage tables --keys 100",
            "--without exchange,read-repair",
            "--without none",
            "--workload deletes --tombstone-grace 4s",
            "--mode sloppy --nodes 7 --nemesis hints",
            "--mode siblings --workload merged-set --nodes 7",
            "--store raft --mode synchronous --snapshot-every 9 --batch-bytes 1 --segment-bytes 2048",
            "--store raft --mode asynchronous --nodes 3 --loss-entries 17",
            "--workload bank --store raft --read-percent 90 --reader-percent 25",
            "--nemesis crash,message-loss --role-percent 40 --fault-gap 500ms --fault-length 2s --latency 10ms..0.2s",
            r#"--script [{"at_ms":3,"session":4,"function":"write","key":"k3","value":17}]"#,
        ] {
            let made = scenario(line).expect("a scenario");
            assert_eq!(scenario(&command::options(&made).replace('\'', "")).expect("the same"), made);
        }
    }

    #[test]
    fn takes_what_a_bug_needs_and_lets_options_overrule_it() {
        for bug in perjury::bug::ALL {
            let made = scenario(&format!("--bug {} --time 20s", bug.name)).expect("a scenario");
            assert_eq!((made.workload.as_str(), made.time_ms), (bug.workload, 20_000));
            let made = scenario(&format!("--bug {} --nemesis none", bug.name)).expect("a scenario");
            assert_eq!((made.level.as_str(), made.nemesis.len()), (bug.level, 0));
        }
    }

    #[test]
    fn says_what_to_do_about_what_cannot_be() {
        for (line, hint) in [
            ("--nodes 2", "--replication 3 with 2 nodes: take 1 to 2"),
            ("--read-quorum 4", "take 1 to 3, or more replication"),
            ("--write-quorum 0", "take 1 to 3"),
            ("--rate NaN", "take a number above 0"),
            ("--clients 0", "take 1 to 10000"),
            ("--snapshot-every 0", "--snapshot-every 0: take 1 to"),
            ("--store raft --level quorum", "--level: 'quorum' is no level of this store: take leader"),
            ("--store raft --mode asynchronous --nodes 5", "--nodes 5: mode asynchronous wants 3"),
            ("--store raft --mode eager", "take one of majority, synchronous, asynchronous"),
            ("--workload bank", "--workload bank: quorums keep registers only"),
            ("--storage paper", "--storage paper: take log or tables"),
            ("--store raft --storage tables", "--storage tables: raft keeps its state in snapshots"),
            ("--reader-percent 100", "--reader-percent 100: take 0 to 90: somebody has to write"),
            ("--workload set --reader-percent 25", "--reader-percent 25: workload set mixes no reads"),
            ("--without paint", "--without paint: take some of exchange, read-repair"),
            ("--without none,exchange", "--without none goes with no repair path"),
            (
                "--store raft --without exchange",
                "--without exchange: a replicated log has no such repair paths",
            ),
            (
                "--bug filter-misses-keys --storage log",
                "it is one of storage tables, not log; leave --storage out",
            ),
            (
                "--mode synchronous",
                "--mode synchronous: quorum has none of that name; take one of majority, sloppy, siblings, write-through, write-behind",
            ),
            (
                "--mode siblings",
                "--workload register: in mode siblings a key has several values; take merged-set",
            ),
            ("--workload merged-set", "it merges several values of a key; take --mode siblings"),
            (
                "--mode siblings --workload merged-set --level quorum+atomic",
                "--level atomic: it keeps one value of a key",
            ),
            ("--level two", "--level: 'two' is no level of this store: take quorum, atomic"),
            ("--level all+one/mixed", "'mixed' is no level of this store"),
            ("--nemesis none,crash", "goes with no fault"),
            ("--nemesis kill,crash", "--nemesis: kill is one of the faults of crash; name one of the two"),
            ("--fault-length 500ms", "take 1000ms or more"),
            (
                "--latency 5ms..300ms",
                "--latency 5ms..300ms: an operation takes too many messages for its deadline",
            ),
            ("--latency 5ms..7ms", "--latency 5ms..7ms: take multiples of 5ms"),
            ("--schedule /no/such/file", "cannot read the schedule"),
            ("--script /no/such/file", "cannot read the script"),
            ("--script [{}]", "--script: not a script of invocations: missing field `at_ms` at line 1"),
        ] {
            let error = scenario(line).expect_err(line);
            assert!(format!("{error:#}").contains(hint), "{line}: {error:#}");
            assert!(error.downcast_ref::<Usage>().is_some(), "{line} is the caller's to mend");
        }
    }
}
