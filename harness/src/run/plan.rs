//! Which faults a run will have: from the scenario, its seed, and what the system can suffer.

use std::collections::BTreeMap;

use crate::nemesis::selection::selections;
use crate::nemesis::{self, Fault, Kind, Needs, Rhythm, Schedule, Selection};
use crate::rng::Rng;
use crate::scenario::Scenario;
use crate::sim::role::Role;
use crate::store;
use crate::system::{Seam, System};

/// The faults of one run.
pub struct Plan {
    /// When each begins and ends.
    pub schedule: Schedule,
    /// The kinds that are to be injected: each must have been, for the run to mean something.
    pub kinds: Vec<Kind>,
    /// Faults that this system cannot suffer, and why.
    pub not_available: Vec<String>,
}

/// What a system offers that faults may need.
#[derive(Clone, Copy, Debug)]
pub struct Offers {
    seam: Seam,
    leader: bool,
    coordinator: bool,
    hint_holder: bool,
    members: bool,
    points: bool,
    centres: bool,
}

impl Offers {
    /// What this system offers in this scenario.
    pub fn of(system: &dyn System, scenario: &Scenario) -> Offers {
        let points = system.points(scenario);
        Offers {
            seam: system.seam(),
            leader: system.tells_facts(),
            coordinator: Role::Coordinator.is_shown_by(&points),
            hint_holder: Role::HintHolder.is_shown_by(&points),
            members: system.has_administration(scenario),
            points: !points.is_empty(),
            centres: scenario.data_centres > 1,
        }
    }
}

impl Plan {
    /// The scenario's own schedule, or one drawn from the seed.
    ///
    /// # Errors
    /// When the scenario names a fault that does not exist, or asks for faults none of which
    /// this system can suffer.
    pub fn of(scenario: &Scenario, offers: Offers, rng: &mut Rng) -> anyhow::Result<Plan> {
        match &scenario.schedule {
            Some(schedule) => Ok(Plan::fixed(schedule, offers)),
            None => Plan::drawn(scenario, offers, rng),
        }
    }

    fn drawn(scenario: &Scenario, offers: Offers, rng: &mut Rng) -> anyhow::Result<Plan> {
        let selections = selections(&scenario.nemesis).map_err(anyhow::Error::msg)?;
        let available = |fault: &dyn Fault| lacks(offers, fault).is_none();
        let schedule = Schedule::draw(&selections, rhythm(scenario), rng, &available);
        let faults = || selections.iter().flat_map(|selection| selection.faults());
        let not_available: Vec<String> = faults().filter_map(|fault| missing(offers, fault)).collect();
        let of_available = |selection: &&Selection| selection.faults().into_iter().any(available);
        let mut kinds: Vec<Kind> = selections.iter().filter(of_available).map(|it| it.kind()).collect();
        kinds.sort_by_key(|kind| kind.name());
        kinds.dedup();
        Ok(Plan { schedule, kinds, not_available })
    }

    fn fixed(schedule: &Schedule, offers: Offers) -> Plan {
        let mut plan = Plan { schedule: schedule.clone(), kinds: Vec::new(), not_available: Vec::new() };
        plan.schedule.entries.retain(|entry| {
            let Some(fault) = nemesis::find(&entry.fault) else { return false };
            match missing(offers, fault) {
                Some(missing) => plan.not_available.push(missing),
                None => plan.kinds.push(fault.kind()),
            }
            lacks(offers, fault).is_none()
        });
        plan.kinds.sort();
        plan.kinds.dedup();
        plan.not_available.sort();
        plan.not_available.dedup();
        plan
    }
}

fn rhythm(scenario: &Scenario) -> Rhythm {
    Rhythm { time_ms: scenario.time_ms, gap_ms: scenario.fault_gap_ms, length_ms_max: scenario.fault_ms_max }
}

/// The faults of this kind that the scenario's system can suffer in it; none, where it is not one of ours.
pub fn available_faults(scenario: &Scenario, kind: Kind) -> Vec<&'static dyn Fault> {
    let Some(system) = store::named(&scenario.store) else { return Vec::new() };
    let offers = Offers::of(system, scenario);
    kind.faults().filter(|fault| lacks(offers, *fault).is_none()).collect()
}

/// What this system cannot run about a scenario, if anything.
pub fn problem(system: &dyn System, scenario: &Scenario) -> Option<String> {
    scenario.problem_with(system).or_else(|| nothing_available(scenario, Offers::of(system, scenario)))
}

/// A run without any of the faults that were asked for would pass, and mean nothing.
fn nothing_available(scenario: &Scenario, offers: Offers) -> Option<String> {
    let faults: Vec<&dyn Fault> = match &scenario.schedule {
        Some(schedule) => schedule.faults().into_iter().filter_map(nemesis::find).collect(),
        None => selections(&scenario.nemesis).ok()?.into_iter().flat_map(Selection::faults).collect(),
    };
    let mut missing: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for fault in &faults {
        missing.entry(lacks(offers, *fault)?).or_default().push(fault.name());
    }
    let missing: Vec<String> =
        missing.into_iter().map(|(why, faults)| format!("{}: {why}", faults.join(", "))).collect();
    (!faults.is_empty()).then(|| {
        format!(
            "nemesis: no fault that was asked for is available (`list nemeses` says where): {}",
            missing.join("; ")
        )
    })
}

/// A fault that this system cannot suffer, and why.
fn missing(offers: Offers, fault: &dyn Fault) -> Option<String> {
    Some(format!("{}: {}", fault.name(), lacks(offers, fault)?))
}

/// What a system lacks for a fault to have an effect on it.
fn lacks(offers: Offers, fault: &dyn Fault) -> Option<&'static str> {
    let Offers { seam, leader, coordinator, hint_holder, members, points, centres } = offers;
    let lacks = |needs: &Needs| match needs {
        Needs::Messages if !seam.messages => Some("the system does not send its frames through the seam"),
        Needs::Disk if !seam.disk => Some("the system does not keep its data on the seam's disk"),
        Needs::Clock if !seam.clock => Some("the system does not read the seam's clocks"),
        Needs::Leader if !leader => Some("the system does not tell who leads"),
        Needs::Role(Role::Coordinator) if !coordinator => Some("the system does not show who coordinates"),
        Needs::Role(Role::HintHolder) if !hint_holder => Some("no node of the system keeps hints for others"),
        Needs::Members if !members => {
            Some("its members cannot be changed in this mode, with this storage, or over data centres")
        }
        Needs::DataCentres if !centres => Some("all nodes are in one data centre"),
        Needs::Points if !points => Some("the code of the system names no points"),
        _ => None,
    };
    fault.needs().iter().find_map(lacks)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nemesis::Entry;

    const NONE: Offers = Offers {
        seam: Seam::NONE,
        leader: false,
        coordinator: false,
        hint_holder: false,
        members: false,
        points: false,
        centres: false,
    };
    const ALL: Offers = Offers {
        seam: Seam::ALL,
        leader: true,
        coordinator: true,
        hint_holder: true,
        members: true,
        points: true,
        centres: true,
    };
    const NO_DISK: Offers = Offers { seam: Seam { disk: false, ..Seam::ALL }, ..NONE };

    fn drawn(nemesis: &[&str], offers: Offers) -> anyhow::Result<Plan> {
        let nemesis = nemesis.iter().map(|&kind| kind.to_owned()).collect();
        Plan::of(&Scenario { nemesis, ..Scenario::default() }, offers, &mut Rng::new(1))
    }

    #[test]
    fn lists_what_a_system_cannot_suffer_and_draws_the_rest() {
        let plan = drawn(&["clock", "crash", "message"], NONE).expect("a plan");
        assert_eq!(plan.kinds, [Kind::Crash]);
        assert!(
            plan.schedule.faults().iter().all(|fault| ["kill", "pause"].contains(fault)),
            "{:?}",
            plan.schedule
        );
        let power = "power-loss: the system does not keep its data on the seam's disk";
        assert!(plan.not_available.iter().any(|missing| missing == power), "{:?}", plan.not_available);
        assert!(plan.not_available.iter().any(|missing| missing.starts_with("clock-drift: ")));
        let everything = drawn(&Kind::ALL.map(Kind::name), ALL).expect("a plan");
        assert_eq!((everything.kinds.len(), everything.not_available.len()), (Kind::ALL.len(), 0));
    }

    #[test]
    fn aims_at_roles_only_where_there_are_some() {
        let plan = drawn(&["crash", "leader", "membership"], NO_DISK).expect("a plan");
        assert_eq!(plan.kinds, [Kind::Crash]);
        let words = plan.not_available.join("; ");
        assert!(words.contains("leader-cut: the system does not tell who leads"), "{words}");
        assert!(words.contains("member-remove: its members cannot be changed in this mode, "), "{words}");
        let plan = drawn(&["coordinator", "crash", "data-centre", "hints"], NO_DISK).expect("a plan");
        assert_eq!(plan.kinds, [Kind::Crash]);
        let words = plan.not_available.join("; ");
        assert!(words.contains("coordinator-kill: the system does not show who coordinates"), "{words}");
        assert!(words.contains("data-centre-cut: all nodes are in one data centre"), "{words}");
        assert!(words.contains("hint-holder-cut: no node of the system keeps hints for others"), "{words}");
        let plan = drawn(&["leader"], Offers { leader: true, ..NO_DISK }).expect("a plan");
        assert_eq!(
            plan.not_available,
            ["leader-power-loss: the system does not keep its data on the seam's disk"]
        );
    }

    #[test]
    fn refuses_to_inject_nothing_where_faults_were_asked_for() {
        let scenario = |nemesis: &[&str]| {
            let nemesis = nemesis.iter().map(|&kind| kind.to_owned()).collect();
            Scenario { nemesis, ..Scenario::default() }
        };
        let problem = nothing_available(&scenario(&["clock", "disk"]), NONE).expect("nothing is left");
        assert!(
            problem.contains("clock-drift") && problem.contains("does not read the seam's clocks"),
            "{problem}"
        );
        assert_eq!(nothing_available(&scenario(&["clock", "crash"]), NONE), None);
        assert_eq!(nothing_available(&scenario(&[]), NONE), None);
        let entries = vec![Entry { fault: "clock-drift".to_owned(), ..Entry::default() }];
        let fixed = Scenario { schedule: Some(Schedule { entries }), ..Scenario::default() };
        assert!(nothing_available(&fixed, NONE).is_some());
        assert_eq!(nothing_available(&fixed, ALL), None);
    }

    #[test]
    fn follows_a_fixed_schedule_as_far_as_it_can() {
        let entry = |fault: &str| Entry { at_ms: 1, for_ms: 1, fault: fault.to_owned(), ..Entry::default() };
        let entries = ["power-loss", "kill", "power-loss", "clock-drift"].map(entry).to_vec();
        let scenario = Scenario { schedule: Some(Schedule { entries }), ..Scenario::default() };
        let plan = Plan::of(&scenario, NO_DISK, &mut Rng::new(1)).expect("a plan");
        assert_eq!(plan.schedule.faults(), ["clock-drift", "kill"]);
        assert_eq!(plan.kinds, [Kind::Crash, Kind::Clock]);
        assert_eq!(plan.not_available, ["power-loss: the system does not keep its data on the seam's disk"]);
    }

    #[test]
    fn names_the_kind_of_single_faults_once() {
        let plan = drawn(&["kill", "message-delay", "pause"], ALL).expect("a plan");
        assert_eq!(plan.kinds, [Kind::Crash, Kind::Message]);
        let plan = drawn(&["crash", "message-delay", "message-loss"], NONE).expect("a plan");
        assert_eq!((plan.kinds, plan.not_available.len()), (vec![Kind::Crash], 3));
    }

    #[test]
    fn refuses_a_kind_of_fault_that_does_not_exist() {
        let error = drawn(&["gravity"], ALL).err().expect("refused");
        assert!(error.to_string().contains("`gravity`"), "{error}");
    }
}
