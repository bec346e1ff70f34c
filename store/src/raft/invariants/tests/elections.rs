//! One leader per term.

use super::*;

#[test]
fn accepts_a_leader_in_each_term() {
    accepts(&[(N1, leads(1)), (N2, leads(2)), (N1, leads(3))]);
}

#[test]
fn rejects_two_leaders_of_a_term() {
    let what = rejects("one-leader-per-term", &[(N1, leads(1)), (N2, leads(2)), (N1, leads(2))]);
    assert_eq!(what, "n2 and n1 both lead term 2");
}

#[test]
fn rejects_a_second_election_of_the_same_leader() {
    let restarted = started(1, at(0, 0), &[]);
    accepts(&[(N1, leads(1)), (N1, restarted.clone()), (N1, leads(2))]);
    let what = rejects("one-leader-per-term", &[(N1, leads(1)), (N1, restarted), (N1, leads(1))]);
    assert_eq!(what, "n1 was elected leader of term 1 twice");
}
