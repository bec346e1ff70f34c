//! Pairs of small histories, one accepted and one rejected, a single detail apart.

use perjury_histories::{Event, History, notation};

use super::*;
use crate::testing::{accepts, is_unsure, rejects};
use crate::verdict::AnomalyKind::{
    self, DivergentViews, FalseSuspicion, GenerationRegression, StaleHeartbeat, TooFewAccusers,
    UndetectedFailure,
};

/// A node takes a member for this: generation, heartbeat, accusers.
fn view(by: &str, of: &str, state: &str, beat: (u64, u64), accusers: &[&str]) -> String {
    let accusers = serde_json::to_string(accusers).expect("names");
    let (generation, heartbeat) = beat;
    format!(
        r#" nemesis:view(_,{{"of":"{of}","state":"{state}","generation":{generation},"heartbeat":{heartbeat},"accusers":{accusers}}})/{by}"#
    )
}

/// A node is started.
fn start(node: &str, generation: u64) -> String {
    view(node, node, "up", (generation, 0), &[])
}

/// Three nodes are started: events 1 to 3, after one operation.
fn cluster() -> String {
    format!("0:generate()=1{}{}{}", start("n1", 1), start("n2", 1), start("n3", 1))
}

fn safe(views: &str) {
    accepts(&Membership, &format!("{}{views}", cluster()));
}

fn unsafe_by(views: &str, kind: AnomalyKind, events: &[u64]) -> String {
    rejects(&Membership, &format!("{}{views}", cluster()), kind, events)
}

#[test]
fn who_is_down_has_two_accusers() {
    let down = |accusers: &[&str]| view("n1", "n3", "down", (1, 9), accusers);
    safe(&down(&["n1", "n2"]));
    let why = unsafe_by(&down(&["n1"]), TooFewAccusers, &[5]);
    assert_eq!(why, "n1 took n3 for down at event 5, missed by n1: it takes 2");
    unsafe_by(&down(&["n1", "n1"]), TooFewAccusers, &[5]);
    unsafe_by(&down(&["n1", "n3"]), TooFewAccusers, &[5]);
    unsafe_by(&down(&[]), TooFewAccusers, &[5]);
    safe(&view("n1", "n3", "suspect", (1, 9), &["n1"]));
}

#[test]
fn of_two_nodes_the_other_one_is_enough() {
    let two = format!("0:generate()=1{}{}", start("n1", 1), start("n2", 1));
    accepts(&Membership, &format!("{two}{}", view("n1", "n2", "down", (1, 9), &["n1"])));
    let down = view("n1", "n2", "down", (1, 9), &[]);
    rejects(&Membership, &format!("{two}{down}"), TooFewAccusers, &[4]);
}

#[test]
fn a_start_raises_the_generation() {
    safe(&start("n3", 2));
    let why = unsafe_by(&start("n3", 1), GenerationRegression, &[4, 5]);
    assert_eq!(why, "n3 was started under generation 1 at event 5, and under generation 1 before");
}

#[test]
fn nobody_goes_back_to_an_earlier_generation() {
    let up = |by, generation| view(by, "n3", "up", (generation, 1), &[]);
    safe(&(up("n1", 2) + &up("n1", 3)));
    safe(&(up("n1", 3) + &up("n2", 2)));
    safe(&(up("n1", 3) + &start("n1", 2) + &up("n1", 2)));
    unsafe_by(&(up("n1", 3) + &up("n1", 2)), GenerationRegression, &[5, 6]);
}

#[test]
fn only_a_newer_heartbeat_raises_from_the_dead() {
    let down = view("n1", "n3", "down", (1, 9), &["n1", "n2"]);
    let then = |state, beat| down.clone() + &view("n1", "n3", state, beat, &[]);
    safe(&then("up", (1, 10)));
    safe(&then("up", (2, 1)));
    unsafe_by(&then("up", (1, 9)), StaleHeartbeat, &[5, 6]);
    unsafe_by(&then("suspect", (1, 9)), StaleHeartbeat, &[5, 6]);
    let why = unsafe_by(&then("up", (1, 8)), StaleHeartbeat, &[5, 6]);
    assert_eq!(
        why,
        "n1 took n3 for down (generation 1, heartbeat 9), and at event 6 for up (generation 1, heartbeat 8), on no \
         newer sign of life"
    );
    safe(&(view("n1", "n3", "suspect", (1, 9), &["n1"]) + &down));
}

/// The history of this text, its events one second apart; it may take six seconds.
fn check(text: &str) -> Verdict {
    let events = notation::parse(text).expect("a history").to_events();
    let seconds =
        |(place, event): (usize, Event)| Event { time: Some(place as u64 * 1_000_000_000), ..event };
    let history = History::new(events.into_iter().enumerate().map(seconds)).expect("the same history");
    Membership.check(&history, &Context { detection_ns_max: Some(6_000_000_000), ..Context::default() })
}

#[track_caller]
fn kinds(text: &str) -> Vec<(AnomalyKind, Vec<u64>)> {
    check(text).anomalies().iter().map(|anomaly| (anomaly.kind, anomaly.operations.clone())).collect()
}

/// Three nodes that take each other for up: events 2 to 10.
fn all_up() -> String {
    let pairs = [("n1", "n2"), ("n1", "n3"), ("n2", "n1"), ("n2", "n3"), ("n3", "n1"), ("n3", "n2")];
    cluster() + &pairs.map(|(by, of)| view(by, of, "up", (1, 1), &[])).concat()
}

fn fault(fault: &str, state: &str, node: &str) -> String {
    format!(r#" nemesis:crash(_,{{"fault":"{fault}","state":"{state}","nodes":["{node}"]}})"#)
}

/// So many seconds pass.
fn seconds(count: usize) -> String {
    " 0:generate()=1".repeat(count.div_ceil(2))
}

fn down(by: &str) -> String {
    view(by, "n3", "down", (1, 1), &["n1", "n2"])
}

#[test]
fn the_dead_are_down_for_all_in_time() {
    let killed = all_up() + &fault("kill", "start", "n3");
    let in_time = killed.clone() + &down("n1") + &down("n2") + &seconds(8);
    assert!(check(&in_time).is_valid(), "{:?}", check(&in_time));
    let one_late = killed.clone() + &down("n1") + &seconds(6) + &down("n2") + &seconds(8);
    assert_eq!(kinds(&one_late), [(UndetectedFailure, vec![8, 11])]);
    let why = check(&one_late).anomalies()[0].explanation.clone();
    assert_eq!(
        why,
        "n2 takes n3 for up (generation 1) at 19.000 s, although n3 is dead (kill), and nothing but deaths has been \
         wrong since 11.000 s"
    );
    let suspected =
        killed.clone() + &view("n1", "n3", "suspect", (1, 1), &["n1"]) + &down("n2") + &seconds(8);
    assert_eq!(kinds(&suspected), [(UndetectedFailure, vec![11, 12])]);
    assert!(check(&(killed + &seconds(2))).is_valid(), "not yet");
}

#[test]
fn nothing_is_asked_while_anything_else_is_wrong() {
    let cut = fault("partition-one", "start", "n1");
    let killed = all_up() + &fault("kill", "start", "n3");
    assert!(check(&(killed.clone() + &seconds(8))).is_invalid());
    assert!(check(&(killed.clone() + &cut + &seconds(8))).is_valid());
    let healed = killed + &cut + &seconds(8) + &fault("partition-one", "end", "n1");
    assert!(check(&(healed.clone() + &seconds(2))).is_valid(), "not yet again");
    assert_eq!(kinds(&(healed + &seconds(8))).len(), 2);
}

#[test]
fn the_last_two_of_three_can_tell_and_the_last_one_cannot() {
    let both = all_up() + &fault("kill", "start", "n2") + &fault("power-loss", "start", "n3");
    assert!(check(&(both + &seconds(8))).is_valid());
}

#[test]
fn who_runs_is_up_for_all() {
    let suspect = |state, accusers| {
        all_up()
            + &view("n1", "n3", state, (1, 1), accusers)
            + &seconds(8)
            + &view("n1", "n3", "up", (1, 2), &[])
    };
    assert!(check(&(all_up() + &seconds(8))).is_valid());
    for (state, accusers) in [("suspect", &["n1"][..]), ("down", &["n1", "n2"])] {
        assert_eq!(kinds(&suspect(state, accusers)), [(FalseSuspicion, vec![4, 11])], "{state}");
    }
    let cut = |state| fault("partition-one", state, "n1");
    let early = all_up() + &cut("start") + &view("n1", "n3", "suspect", (1, 1), &["n1"]) + &cut("end");
    assert!(check(&(early + &view("n1", "n3", "up", (1, 2), &[]) + &seconds(8))).is_valid());
}

#[test]
fn all_know_the_generation_of_who_runs() {
    let again = all_up() + &fault("kill", "start", "n3") + &fault("kill", "end", "n3") + &start("n3", 2);
    let knows = |by| view(by, "n3", "up", (2, 1), &[]);
    let knows_them = view("n3", "n1", "up", (1, 9), &[]) + &view("n3", "n2", "up", (1, 9), &[]);
    let both = again.clone() + &knows_them + &knows("n1") + &knows("n2");
    assert!(check(&(both + &seconds(8))).is_valid());
    let one = again.clone() + &knows_them + &knows("n1") + &seconds(8);
    assert_eq!(kinds(&one), [(DivergentViews, vec![8, 13])]);
    let forgot = again + &knows("n1") + &knows("n2") + &seconds(8);
    assert_eq!(
        kinds(&forgot),
        [(DivergentViews, vec![2]), (DivergentViews, vec![3])],
        "n3 has heard of nobody"
    );
}

#[test]
fn without_a_declared_time_nothing_need_be_detected() {
    accepts(&Membership, &(all_up() + &fault("kill", "start", "n3") + &seconds(8)));
}

#[test]
fn is_unsure_where_nobody_told_anything() {
    assert_eq!(is_unsure(&Membership, "0:generate()=1"), "no node told what it takes the others for");
    let untold = is_unsure(&Membership, r#"0:generate()=1 nemesis:view(_,{"of":"n1"})/n1"#);
    assert!(untold.starts_with("event 2: view"), "{untold}");
    is_unsure(&Membership, r#"0:generate()=1 nemesis:view(_,{})"#);
}

#[test]
fn is_unsure_without_times_where_one_is_declared() {
    let history = notation::parse(&all_up()).expect("a history");
    let context = Context { detection_ns_max: Some(1), ..Context::default() };
    assert!(Membership.check(&history, &context).is_unknown());
}
