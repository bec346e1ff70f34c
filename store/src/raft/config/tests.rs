use super::*;

fn problem(change: impl FnOnce(&mut Config)) -> Option<String> {
    let mut config = Config::new(0, ["n1", "n2", "n3"].map(str::to_owned).to_vec());
    change(&mut config);
    config.problem()
}

fn asynchronous(entries_max: u64) -> Replication {
    Replication::Asynchronous { entries_max, lag_ms_max: 1_000 }
}

#[test]
fn takes_the_defaults_of_every_mode() {
    for replication in [Replication::Majority, Replication::Synchronous, asynchronous(1)] {
        assert_eq!(problem(|config| config.replication = replication), None);
    }
}

#[test]
fn refuses_a_standby_that_may_lack_nothing() {
    assert!(problem(|config| config.replication = asynchronous(0)).is_some());
}

#[test]
fn refuses_a_lease_that_ends_before_the_next_round_where_writes_need_it() {
    let lease = |replication, lease_ms| {
        problem(|config| (config.replication, config.lease_ms) = (replication, lease_ms))
    };
    assert_eq!(lease(asynchronous(1), 125), None);
    assert!(lease(asynchronous(1), 124).is_some());
    assert!(lease(asynchronous(1), 0).is_some());
    assert_eq!(lease(Replication::Majority, 0), None, "reads by round do without");
}

#[test]
fn refuses_times_that_ticks_cannot_tell_apart() {
    let times = |heartbeat_ms, election_ms| {
        problem(|config| {
            (config.heartbeat_ms, config.election_ms, config.lease_ms) = (heartbeat_ms, election_ms, 0)
        })
    };
    assert!(times(1, 2).is_some());
    assert!(times(24, 99).is_some());
    assert_eq!(times(24, 100), None);
    assert_eq!(times(25, 50), None);
}
