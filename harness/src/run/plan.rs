//! Which faults a run will have: from the scenario, its seed, and what the system can suffer.

use anyhow::Context;

use crate::nemesis::{self, Fault, Kind, Needs, Schedule};
use crate::rng::Rng;
use crate::scenario::Scenario;
use crate::system::Seam;

/// The faults of one run.
pub struct Plan {
    /// When each begins and ends.
    pub schedule: Schedule,
    /// The kinds that are to be injected: each must have been, for the run to mean something.
    pub kinds: Vec<Kind>,
    /// Faults that this system cannot suffer, and why.
    pub not_available: Vec<String>,
}

impl Plan {
    /// The scenario's own schedule, or one drawn from the seed.
    ///
    /// # Errors
    /// When the scenario names a kind of fault, or a node, that does not exist.
    pub fn of(scenario: &Scenario, seam: Seam, rng: &mut Rng) -> anyhow::Result<Plan> {
        let lacks = |fault: &dyn Fault| lacks(seam, fault.needs());
        if let Some(schedule) = &scenario.schedule {
            return Plan::fixed(schedule, scenario, lacks);
        }
        let named = |name: &String| name.parse().map_err(anyhow::Error::msg);
        let kinds = scenario.nemesis.iter().map(named).collect::<anyhow::Result<Vec<Kind>>>()?;
        let duration = std::time::Duration::from_millis(scenario.time_ms);
        let available = |fault: &dyn Fault| lacks(fault).is_none();
        let schedule = Schedule::draw(&kinds, duration, rng, &available);
        let faults = kinds.iter().flat_map(|kind| kind.faults());
        let not_available =
            faults.filter_map(|fault| Some(format!("{}: {}", fault.name(), lacks(fault)?))).collect();
        let kinds = kinds.into_iter().filter(|kind| kind.faults().any(available)).collect();
        Ok(Plan { schedule, kinds, not_available })
    }

    fn fixed(
        schedule: &Schedule,
        scenario: &Scenario,
        lacks: impl Fn(&dyn Fault) -> Option<&'static str>,
    ) -> anyhow::Result<Plan> {
        schedule.check_nodes(&scenario.node_names()).context("the schedule does not fit the cluster")?;
        let mut plan = Plan { schedule: schedule.clone(), kinds: Vec::new(), not_available: Vec::new() };
        plan.schedule.entries.retain(|entry| {
            let Some(fault) = nemesis::find(&entry.fault) else { return false };
            match lacks(fault) {
                Some(why) => plan.not_available.push(format!("{}: {why}", fault.name())),
                None => plan.kinds.push(fault.kind()),
            }
            lacks(fault).is_none()
        });
        plan.kinds.sort();
        plan.kinds.dedup();
        plan.not_available.dedup();
        Ok(plan)
    }
}

/// What a system lacks for a fault to have an effect on it.
fn lacks(seam: Seam, needs: Needs) -> Option<&'static str> {
    match needs {
        Needs::Messages if !seam.messages => Some("the system does not send its frames through the seam"),
        Needs::Disk if !seam.disk => Some("the system does not keep its data on the seam's disk"),
        Needs::Clock if !seam.clock => Some("the system does not read the seam's clocks"),
        _ => None,
    }
}
