//! What is drawn, in order: later draws rest on earlier ones.
//!
//! A dimension has the name that its option has on the command line, and a default that a profile replaces. What a
//! store cannot run is drawn again by whoever asked (`swarm::draw`), so a default need not be right for all.

use super::choice::{Choice, weighted};
use super::profile::Profile;
use crate::bug::{self, Bug};
use crate::duration;
use crate::nemesis::{self, Fault, Kind};
use crate::rng::Rng;
use crate::run;
use crate::scenario::{REPAIRS, STORAGES, Scenario};
use crate::store;
use crate::workload;

/// One setting that is drawn.
pub struct Dimension {
    /// Its name: that of the option on the command line.
    pub name: &'static str,
    /// What its values are.
    pub unit: Unit,
    /// Draws it, and sets it.
    pub draw: fn(&mut Draw<'_>, &mut Scenario),
}

/// Of what the names are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Names {
    /// Planted bugs.
    Bugs,
    /// Stores.
    Stores,
    /// Replication modes, of all stores.
    Modes,
    /// Workloads.
    Workloads,
    /// Where the leaderless store keeps what it holds.
    Storages,
}

impl Names {
    /// What one of them is called.
    pub fn noun(self) -> &'static str {
        match self {
            Names::Bugs => "planted bug",
            Names::Stores => "store",
            Names::Modes => "mode",
            Names::Workloads => "workload",
            Names::Storages => "storage",
        }
    }

    /// All of them.
    pub fn all(self) -> Vec<&'static str> {
        match self {
            Names::Bugs => bug::ALL.iter().map(|bug| bug.name).collect(),
            Names::Stores => store::ALL.iter().map(|store| store.name()).collect(),
            Names::Modes => store::ALL.iter().flat_map(|store| store.modes()).map(|mode| mode.name).collect(),
            Names::Workloads => workload::ALL.iter().map(|workload| workload.name()).collect(),
            Names::Storages => STORAGES.to_vec(),
        }
    }
}

/// Of which names several can be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Several {
    /// Kinds of fault, and single faults.
    Faults,
    /// Repair paths of the leaderless store.
    Repairs,
}

impl Several {
    /// What one of them is called.
    pub fn noun(self) -> &'static str {
        match self {
            Several::Faults => "fault or kind of fault",
            Several::Repairs => "repair path",
        }
    }

    /// All of them.
    pub fn all(self) -> Vec<&'static str> {
        match self {
            Several::Faults => {
                let kinds = Kind::ALL.iter().map(|kind| kind.name());
                kinds.chain(nemesis::ALL.iter().map(|fault| fault.name())).collect()
            }
            Several::Repairs => REPAIRS.to_vec(),
        }
    }
}

/// What the values of a dimension are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// One of the names that there are.
    Name(Names),
    /// A level, or several: which there are, the store says.
    Level,
    /// The least and the longest latency.
    Latency,
    /// Numbers.
    Number,
    /// Durations, in milliseconds where they are kept.
    Duration,
    /// Some of all these names, each with the probability that it is taken.
    Several(Several),
}

/// All dimensions, in the order in which they are drawn.
pub const DIMENSIONS: &[Dimension] = &[
    Dimension { name: "bug", unit: Unit::Name(Names::Bugs), draw: bug },
    Dimension { name: "store", unit: Unit::Name(Names::Stores), draw: store },
    Dimension { name: "mode", unit: Unit::Name(Names::Modes), draw: mode },
    Dimension { name: "nodes", unit: Unit::Number, draw: nodes },
    Dimension { name: "data-centres", unit: Unit::Number, draw: data_centres },
    Dimension { name: "replication", unit: Unit::Number, draw: replication },
    Dimension { name: "read-quorum", unit: Unit::Number, draw: read_quorum },
    Dimension { name: "write-quorum", unit: Unit::Number, draw: write_quorum },
    Dimension { name: "loss-entries", unit: Unit::Number, draw: loss_entries },
    Dimension { name: "snapshot-every", unit: Unit::Number, draw: snapshot_every },
    Dimension { name: "batch-bytes", unit: Unit::Number, draw: batch_bytes },
    Dimension { name: "segment-bytes", unit: Unit::Number, draw: segment_bytes },
    Dimension { name: "storage", unit: Unit::Name(Names::Storages), draw: storage },
    Dimension { name: "without", unit: Unit::Several(Several::Repairs), draw: without },
    Dimension { name: "tombstone-grace", unit: Unit::Duration, draw: tombstone_grace },
    Dimension { name: "workload", unit: Unit::Name(Names::Workloads), draw: workload },
    Dimension { name: "level", unit: Unit::Level, draw: level },
    Dimension { name: "clients", unit: Unit::Number, draw: clients },
    Dimension { name: "rate", unit: Unit::Number, draw: rate },
    Dimension { name: "keys", unit: Unit::Number, draw: keys },
    Dimension { name: "read-percent", unit: Unit::Number, draw: read_percent },
    Dimension { name: "reader-percent", unit: Unit::Number, draw: reader_percent },
    Dimension { name: "time", unit: Unit::Duration, draw: time },
    Dimension { name: "latency", unit: Unit::Latency, draw: latency },
    Dimension { name: "fault-gap", unit: Unit::Duration, draw: fault_gap },
    Dimension { name: "fault-length", unit: Unit::Duration, draw: fault_length },
    Dimension { name: "role-percent", unit: Unit::Number, draw: role_percent },
    Dimension { name: "nemesis", unit: Unit::Several(Several::Faults), draw: nemesis },
];

/// Dimensions that all others rest on: never drawn again for a scenario that has a parent.
pub const SHAPE: &[&str] = &["bug", "store", "mode"];

/// One draw: the profile's choice, where it has one, else the default.
pub struct Draw<'a> {
    /// The dimension.
    pub name: &'static str,
    /// What the profile says.
    pub profile: &'a Profile,
    /// Decides.
    pub rng: &'a mut Rng,
    /// Whether anything was drawn: what a store knows nothing of is not.
    pub is_drawn: bool,
}

impl Draw<'_> {
    fn word(&mut self, default: &[(&str, u64)]) -> String {
        self.is_drawn = true;
        match self.profile.choice(self.name) {
            Some(choice) => choice.draw(self.rng),
            None => (*weighted(default, self.rng)).to_owned(),
        }
    }

    /// What a bug decides: a profile can only agree.
    fn given(&mut self, name: &str) -> String {
        let agrees = |choice: &Choice| *choice == Choice::one(name);
        self.is_drawn = self.profile.choice(self.name).is_some_and(agrees);
        name.to_owned()
    }

    /// Several names, sorted: each that the profile has with its probability, or by default those that `usual` draws.
    fn several(&mut self, usual: impl FnOnce(&mut Rng) -> Vec<String>) -> Vec<String> {
        self.is_drawn = true;
        let mut names = match self.profile.names(self.name) {
            Some(names) => {
                let is_taken = |(_, probability): &&(String, f64)| self.rng.chance(*probability);
                names.iter().filter(is_taken).map(|(name, _)| name.clone()).collect()
            }
            None => usual(self.rng),
        };
        names.sort();
        names.dedup();
        names
    }

    fn one_of(&mut self, default: &[u64]) -> u64 {
        self.is_drawn = true;
        match self.profile.choice(self.name) {
            // A profile holds numbers where numbers belong: it checks them where it is read.
            Some(choice) => choice.draw(self.rng).parse().unwrap_or_default(),
            None => *self.rng.pick(default),
        }
    }

    fn count(&mut self, default: &[u64]) -> usize {
        usize::try_from(self.one_of(default)).unwrap_or(usize::MAX)
    }
}

fn is_quorum(scenario: &Scenario) -> bool {
    scenario.store == "quorum"
}

fn bug(draw: &mut Draw<'_>, scenario: &mut Scenario) {
    scenario.bug = Some(draw.word(&[("", 1)])).filter(|name| !name.is_empty());
}

/// A planted bug is one of a store and a mode: nothing else could show it.
fn planted(scenario: &Scenario) -> Option<&'static Bug> {
    bug::named(scenario.bug.as_deref()?)
}

/// What the planted bug needs this setting to be.
fn needed(scenario: &Scenario, name: &str) -> Option<&'static str> {
    planted(scenario)?.setting(name)
}

fn store(draw: &mut Draw<'_>, scenario: &mut Scenario) {
    let names: Vec<(&str, u64)> = store::ALL.iter().map(|system| (system.name(), 1)).collect();
    scenario.store = match planted(scenario) {
        Some(bug) => draw.given(bug.store),
        None => draw.word(&names),
    };
}

fn mode(draw: &mut Draw<'_>, scenario: &mut Scenario) {
    scenario.mode = match planted(scenario) {
        Some(bug) => draw.given(bug.mode),
        None if is_quorum(scenario) => draw.word(&[
            ("majority", 9),
            ("sloppy", 3),
            ("siblings", 2),
            ("write-through", 2),
            ("write-behind", 2),
        ]),
        None => draw.word(&[("majority", 4), ("synchronous", 1), ("asynchronous", 1)]),
    };
}

fn nodes(draw: &mut Draw<'_>, scenario: &mut Scenario) {
    scenario.nodes = match scenario.mode.as_str() {
        "majority" | "sloppy" | "siblings" | "write-through" | "write-behind" => {
            draw.count(&[3, 3, 4, 5, 5, 5, 5, 7])
        }
        mode => draw.count(&[Scenario::nodes_in(mode) as u64]),
    };
}

/// Several for one run in five, so many as the nodes allow.
fn data_centres(draw: &mut Draw<'_>, scenario: &mut Scenario) {
    if is_quorum(scenario) {
        scenario.data_centres = match needed(scenario, "data-centres") {
            Some(count) => draw.given(count).parse().unwrap_or(1),
            None => draw.count(&[1, 1, 1, 1, 1, 1, 1, 1, 2, 3.min(scenario.nodes as u64)]),
        };
    }
}

/// Each data centre has a replica of every key, and nodes enough for its share.
fn replication(draw: &mut Draw<'_>, scenario: &mut Scenario) {
    if is_quorum(scenario) {
        let (nodes, centres) = (scenario.nodes as u64, scenario.data_centres as u64);
        let most = if centres > 1 { nodes / centres * centres } else { nodes };
        let usual = [3, 3, 3, 3, 2, 5].map(|replicas: u64| replicas.clamp(centres.min(most), most));
        scenario.replication = match needed(scenario, "replication") {
            Some(count) => draw.given(count).parse().unwrap_or(1),
            None => draw.count(&usual),
        };
    }
}

/// Majorities mostly: others promise less.
fn quorum(draw: &mut Draw<'_>, scenario: &Scenario, name: &str) -> usize {
    let replicas = scenario.replication as u64;
    let majority = replicas / 2 + 1;
    match needed(scenario, name) {
        Some(count) => draw.given(count).parse().unwrap_or(1),
        None => draw.count(&[majority, majority, majority, 1, replicas]),
    }
}

fn read_quorum(draw: &mut Draw<'_>, scenario: &mut Scenario) {
    if is_quorum(scenario) {
        scenario.read_quorum = quorum(draw, scenario, "read-quorum");
    }
}

fn write_quorum(draw: &mut Draw<'_>, scenario: &mut Scenario) {
    if is_quorum(scenario) {
        scenario.write_quorum = quorum(draw, scenario, "write-quorum");
    }
}

fn loss_entries(draw: &mut Draw<'_>, scenario: &mut Scenario) {
    if matches!(scenario.mode.as_str(), "asynchronous" | "write-behind") {
        scenario.loss_entries = match needed(scenario, "loss-entries") {
            Some(entries) => draw.given(entries).parse().unwrap_or_default(),
            None => draw.one_of(&[1, 5, 50, 200]),
        };
    }
}

fn snapshot_every(draw: &mut Draw<'_>, scenario: &mut Scenario) {
    if !is_quorum(scenario) {
        scenario.snapshot_every = draw.one_of(&[20, 50, 200, 200, 1_000]);
    }
}

/// One entry at a time, or all at once: what a leader has half told differs.
fn batch_bytes(draw: &mut Draw<'_>, scenario: &mut Scenario) {
    if !is_quorum(scenario) {
        scenario.batch_bytes = draw.count(&[1, 200, 512, 512, 64 << 10]);
    }
}

fn segment_bytes(draw: &mut Draw<'_>, scenario: &mut Scenario) {
    let drawn = draw.one_of(&[2 << 10, 16 << 10, 16 << 10, 128 << 10]);
    scenario.segment_bytes = u32::try_from(drawn).unwrap_or(u32::MAX);
}

/// Tables for one run in four: what they can get wrong hides nothing else. A replicated log has none.
fn storage(draw: &mut Draw<'_>, scenario: &mut Scenario) {
    if is_quorum(scenario) {
        scenario.storage = match planted(scenario) {
            Some(bug) => draw.given(bug.setting("storage").unwrap_or("log")),
            None => draw.word(&[("log", 3), ("tables", 1)]),
        };
    }
}

/// A store has all its repair paths, unless a bug, or a profile, is about what one of them would hide.
fn without(draw: &mut Draw<'_>, scenario: &mut Scenario) {
    if is_quorum(scenario) {
        scenario.without = match needed(scenario, "without") {
            Some(names) => draw.given(names).split(',').map(str::to_owned).collect(),
            None => draw.several(|_| Vec::new()),
        };
    }
}

/// As short as no pause allows, or long enough for those that there are.
fn tombstone_grace(draw: &mut Draw<'_>, scenario: &mut Scenario) {
    if is_quorum(scenario) {
        scenario.tombstone_grace_ms =
            match needed(scenario, "tombstone-grace").map(|text| (text, duration::parse_ms(text))) {
                Some((text, Ok(ms))) => {
                    draw.given(text);
                    ms
                }
                _ => draw.one_of(&[5_000, 15_000, 30_000]),
            };
    }
}

fn workload(draw: &mut Draw<'_>, scenario: &mut Scenario) {
    let of_quorum: &[_] = &[("register", 6), ("deletes", 2), ("set", 2), ("cas-register", 1)];
    let of_raft: &[_] = &[
        ("register", 4),
        ("cas-register", 2),
        ("append", 2),
        ("counter", 2),
        ("bank", 2),
        ("lock", 1),
        ("set", 1),
    ];
    let of_siblings: &[_] = &[("merged-set", 1)];
    scenario.workload = draw.word(match scenario.mode.as_str() {
        "siblings" => of_siblings,
        _ if is_quorum(scenario) => of_quorum,
        _ => of_raft,
    });
}

fn level(draw: &mut Draw<'_>, scenario: &mut Scenario) {
    let of_quorum: &[_] = &[
        ("mixed", 5),
        ("quorum", 3),
        ("atomic", 5),
        ("one", 1),
        ("all", 1),
        ("one/all", 1),
        ("all/one", 1),
        ("quorum+atomic", 3),
    ];
    // There is no level atomic in mode write-behind.
    let of_behind: &[_] =
        &[("quorum+all+one", 4), ("quorum", 3), ("one", 1), ("all", 1), ("one/all", 1), ("all/one", 1)];
    let of_raft: &[_] =
        &[("mixed", 4), ("leader", 3), ("lease", 3), ("follower", 2), ("any", 1), ("leader+lease", 2)];
    let of_siblings: &[_] =
        &[("mixed", 4), ("quorum", 4), ("one", 2), ("all", 1), ("one/all", 1), ("all/one", 1)];
    scenario.level = draw.word(match scenario.mode.as_str() {
        "siblings" => of_siblings,
        "write-behind" => of_behind,
        _ if is_quorum(scenario) => of_quorum,
        _ => of_raft,
    });
}

fn clients(draw: &mut Draw<'_>, scenario: &mut Scenario) {
    scenario.clients = draw.count(&[5, 10, 20, 20, 40]);
}

fn rate(draw: &mut Draw<'_>, scenario: &mut Scenario) {
    scenario.rate = draw.one_of(&[20, 100, 200, 200, 400, 400, 800]) as f64;
}

fn keys(draw: &mut Draw<'_>, scenario: &mut Scenario) {
    scenario.keys = draw.count(&[1, 1, 2, 2, 4, 4, 8, 16, 64]);
}

fn mixes_reads(scenario: &Scenario) -> bool {
    workload::named(&scenario.workload).is_some_and(|workload| workload.mixes_reads())
}

/// What is wrong for a short time only is seen by those who look often.
fn read_percent(draw: &mut Draw<'_>, scenario: &mut Scenario) {
    scenario.read_percent = mixes_reads(scenario).then(|| draw.one_of(&[20, 50, 50, 80, 95]));
}

/// What a node answers that cannot write is seen by those who stay with it.
fn reader_percent(draw: &mut Draw<'_>, scenario: &mut Scenario) {
    scenario.reader_percent = if mixes_reads(scenario) { draw.one_of(&[0, 20, 40, 60]) } else { 0 };
}

fn time(draw: &mut Draw<'_>, scenario: &mut Scenario) {
    scenario.time_ms = draw.one_of(&[20_000, 30_000, 40_000, 60_000, 60_000]);
}

fn latency(draw: &mut Draw<'_>, scenario: &mut Scenario) {
    let drawn = draw.word(&[("5ms..25ms", 6), ("5ms..5ms", 1), ("5ms..100ms", 2), ("20ms..60ms", 1)]);
    // A profile holds latencies where they belong: it checks them where it is read.
    if let Ok(ms) = duration::parse_latency_ms(&drawn) {
        (scenario.latency_ms_min, scenario.latency_ms_max) = ms;
    }
}

fn fault_gap(draw: &mut Draw<'_>, scenario: &mut Scenario) {
    scenario.fault_gap_ms = draw.one_of(&[500, 500, 1_000, 1_000, 2_500, 6_000]);
}

fn fault_length(draw: &mut Draw<'_>, scenario: &mut Scenario) {
    scenario.fault_ms_max = draw.one_of(&[1_500, 4_000, 8_000, 8_000, 15_000]);
}

fn role_percent(draw: &mut Draw<'_>, scenario: &mut Scenario) {
    scenario.role_percent = draw.one_of(&[0, 50, 90]);
}

/// How often each kind takes part, in percent, where the store can suffer it.
const PERCENT: &[(Kind, u64)] = &[
    (Kind::Partition, 60),
    (Kind::Crash, 60),
    (Kind::Clock, 50),
    (Kind::Message, 50),
    (Kind::Disk, 25),
    (Kind::Leader, 60),
    (Kind::Membership, 50),
    (Kind::Deaf, 10),
    (Kind::Point, 40),
    (Kind::Coordinator, 30),
    (Kind::Hints, 40),
    (Kind::DataCentre, 60),
];
/// How often no more than two of them take part, in percent: each kind that is added takes time from the others.
const FOCUSED_PERCENT: u64 = 60;
/// How often a kind that takes part does so with one of its faults only, in percent.
const SINGLE_PERCENT: u64 = 30;

fn nemesis(draw: &mut Draw<'_>, scenario: &mut Scenario) {
    scenario.nemesis = draw.several(|rng| drawn_kinds(scenario, rng));
}

/// Any of the kinds that the store can suffer, at least one, some of them with a single fault.
fn drawn_kinds(scenario: &Scenario, rng: &mut Rng) -> Vec<String> {
    let faults: Vec<(Vec<&dyn Fault>, Kind, u64)> = PERCENT
        .iter()
        .map(|&(kind, percent)| (run::available_faults(scenario, kind), kind, percent))
        .filter(|(faults, ..)| !faults.is_empty())
        .collect();
    let mut drawn: Vec<_> = faults.iter().filter(|(.., percent)| rng.below(100) < *percent).collect();
    if drawn.is_empty() {
        drawn.push(rng.pick(&faults));
    }
    if rng.below(100) < FOCUSED_PERCENT {
        let most = rng.range(1..3) as usize;
        rng.shuffle(&mut drawn);
        drawn.truncate(most);
    }
    let name = |(faults, kind, _): &(Vec<&dyn Fault>, Kind, u64)| match rng.below(100) < SINGLE_PERCENT {
        true => rng.pick(faults).name().to_owned(),
        false => kind.name().to_owned(),
    };
    drawn.into_iter().map(name).collect()
}
