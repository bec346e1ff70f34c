//! Monotonic term.

use super::*;

#[test]
fn rejects_a_term_that_falls() {
    accepts(&[(N1, Fact::Term(2)), (N1, Fact::Term(3))]);
    rejects("monotonic-term", &[(N1, Fact::Term(3)), (N1, Fact::Term(2))]);
}

#[test]
fn rejects_a_leader_of_a_term_that_is_over() {
    accepts(&[(N1, Fact::Term(2)), (N1, leads(2))]);
    rejects("monotonic-term", &[(N1, Fact::Term(3)), (N1, leads(2))]);
}

#[test]
fn rejects_a_start_that_forgot_the_term() {
    let start = |term| [(N1, Fact::Term(4)), (N1, started(term, at(0, 0), &[]))];
    accepts(&start(4));
    let what = rejects("monotonic-term", &start(3));
    assert_eq!(what, "n1, which had been in term 4, started in term 3");
}

#[test]
fn owes_nothing_across_a_start_with_damage() {
    let start = |damaged| {
        let start = Fact::Started { term: 3, damaged, snapshot: at(0, 0), log: Vec::new() };
        [(N1, Fact::Term(4)), (N1, start), (N1, Fact::Term(3))]
    };
    accepts(&start(true));
    rejects("monotonic-term", &start(false));
}

#[test]
fn each_node_has_a_term_of_its_own() {
    accepts(&[(N1, Fact::Term(3)), (N2, Fact::Term(2))]);
}
