//! Exactly once, and what is certain.

use super::*;

#[test]
fn a_session_is_opened_once_and_numbers_its_writes() {
    World::run(async {
        let nodes = Nodes::default();
        nodes.start("n1", |_| done(9));
        let mut client = nodes.client(&["n1"]);
        for _ in 0..3 {
            assert_eq!(put(&mut client).await, outcome_of(done(9)));
        }
        assert_eq!(nodes.asked(), ["n1 open", "n1 4.1", "n1 4.2", "n1 4.3"]);
    });
}

#[test]
fn a_write_follows_to_the_leader_and_the_next_one_begins_there() {
    World::run(async {
        let nodes = Nodes::default();
        nodes.start_raw("n1", |_| refused(not_leader(Some(2), 1)));
        nodes.start("n2", |_| done(9));
        nodes.start("n3", |_| done(9));
        let mut client = nodes.client(&["n1", "n2", "n3"]);
        let clock = client.env.clock.clone();
        put(&mut client).await;
        assert_eq!(clock.monotonic(), 0, "following takes no pause");
        let answer = client.write(Operation::Delete { key: "k".to_owned() }, SECOND).await;
        assert_eq!(answer, Answer { node: 2, outcome: outcome_of(done(9)) });
        assert_eq!(nodes.asked(), ["n1 open", "n3 open", "n3 4.1", "n3 4.2"]);
    });
}

#[test]
fn a_connection_is_kept_while_it_holds() {
    World::run(async {
        let nodes = Nodes::default();
        nodes.start("n1", in_turn([done(9), done(9), HangUp, done(9)]));
        let mut client = nodes.client(&["n1"]);
        for connections in [1, 1, 2, 2] {
            put(&mut client).await;
            assert_eq!(nodes.connections.get(), connections);
        }
    });
}

#[test]
fn without_a_leader_it_goes_round_with_pauses() {
    World::run(async {
        let nodes = Nodes::default();
        for name in ["n1", "n2"] {
            nodes.start_raw(name, |_| refused(not_leader(None, 1)));
        }
        let mut client = nodes.client(&["n1", "n2"]);
        let clock = client.env.clock.clone();
        assert_eq!(put(&mut client).await, Response::Refused(not_leader(None, 1)));
        assert_eq!(clock.monotonic() / 1_000_000, 1000);
        let rounds = nodes.asked.borrow().len() / 2;
        assert!((10..=40).contains(&rounds), "{rounds} rounds in a second");
    });
}

#[test]
fn an_old_word_on_who_leads_is_not_followed() {
    World::run(async {
        let nodes = Nodes::default();
        nodes.start_raw("n1", |_| refused(not_leader(Some(1), 7)));
        nodes.start_raw("n2", |_| refused(not_leader(Some(3), 6)));
        nodes.start("n3", |_| done(9));
        nodes.start("n4", |_| done(9));
        let mut client = nodes.client(&["n1", "n2", "n3", "n4"]);
        put(&mut client).await;
        assert_eq!(nodes.asked(), ["n1 open", "n2 open", "n3 open", "n3 4.1"]);
    });
    World::run(async {
        let nodes = Nodes::default();
        nodes.start("n1", in_turn([done(9), refused(not_leader(Some(2), 1))]));
        nodes.start("n2", |_| done(9));
        nodes.start("n3", |_| done(9));
        let mut client = nodes.client(&["n1", "n2", "n3"]);
        put(&mut client).await;
        put(&mut client).await;
        assert_eq!(nodes.asked(), ["n1 open", "n1 4.1", "n1 4.2", "n2 4.2"], "entry 9 is of term 2");
    });
}

#[test]
fn a_retry_has_the_same_number() {
    World::run(async {
        let nodes = Nodes::default();
        nodes.start("n1", |_| HangUp);
        nodes.start("n2", |_| Say(Response::Unknown("no longer the leader".to_owned())));
        nodes.start("n3", |_| Nothing);
        nodes.start("n4", |_| done(9));
        let mut client = nodes.client(&["n1", "n2", "n3", "n4"]);
        assert_eq!(put(&mut client).await, outcome_of(done(9)));
        assert_eq!(nodes.asked(), ["n1 open", "n1 4.1", "n2 4.1", "n3 4.1", "n4 4.1"]);
    });
}

#[test]
fn only_its_time_makes_a_write_unknown() {
    World::run(async {
        let nodes = Nodes::default();
        nodes.start("n1", |_| Nothing);
        let mut client = nodes.client(&["n1"]);
        let clock = client.env.clock.clone();
        let Response::Unknown(why) = put(&mut client).await else { panic!("the write may take effect") };
        assert!(why.starts_with("n1 did not answer within "), "{why}");
        assert_eq!(clock.monotonic() / 1_000_000, 1000);
        // The next write has the next number: what is in doubt stays in doubt.
        put(&mut client).await;
        assert_eq!(nodes.asked(), ["n1 open", "n1 4.1", "n1 4.1", "n1 4.2", "n1 4.2"]);
    });
}

#[test]
fn a_doubt_is_not_lifted_by_nodes_that_refuse() {
    for refusal in [not_leader(None, 1), unavailable()] {
        for first in [HangUp, Say(Response::Unknown("no longer the leader".to_owned()))] {
            World::run(async {
                let nodes = Nodes::default();
                nodes.start("n1", in_turn([first, refused(refusal.clone())]));
                let mut client = nodes.client(&["n1"]);
                let outcome = put(&mut client).await;
                assert!(matches!(outcome, Response::Unknown(_)), "{outcome:?}");
            });
        }
    }
}

#[test]
fn a_doubt_is_lifted_by_the_state_machine() {
    World::run(async {
        let condition = || refused(Refusal::Condition("k does not hold the expected value".to_owned()));
        let nodes = Nodes::default();
        nodes.start("n1", in_turn([HangUp, condition()]));
        let mut client = nodes.client(&["n1"]);
        assert_eq!(put(&mut client).await, outcome_of(condition()));
    });
}

#[test]
fn a_doubt_outlives_the_session() {
    World::run(async {
        let ended = || refused(Refusal::SessionEnded { session: 4 });
        let nodes = Nodes::default();
        nodes.start("n1", in_turn([ended(), HangUp, ended(), done(9)]));
        let mut client = nodes.client(&["n1"]);
        assert_eq!(put(&mut client).await, outcome_of(ended()));
        assert!(matches!(put(&mut client).await, Response::Unknown(_)));
        assert_eq!(put(&mut client).await, outcome_of(done(9)));
        let asked = nodes.asked().join(", ");
        assert_eq!(asked, "n1 open, n1 4.1, n1 open, n1 4.1, n1 4.1, n1 open, n1 4.1");
    });
}

#[test]
fn what_was_never_in_the_log_is_refused() {
    World::run(async {
        let nodes = Nodes::default();
        let mut client = nodes.client(&["n1"]);
        let Response::Refused(Refusal::Unavailable(why)) = put(&mut client).await else {
            panic!("nobody was reached")
        };
        assert_eq!(why, "n1 was not reached: connection refused");
        nodes.start("n1", |_| refused(unavailable()));
        assert_eq!(put(&mut client).await, Response::Refused(unavailable()));
    });
}

#[test]
fn what_is_wrong_is_not_asked_again() {
    World::run(async {
        let nodes = Nodes::default();
        nodes.start("n1", |_| refused(Refusal::Invalid("a key of 1025 bytes".to_owned())));
        let mut client = nodes.client(&["n1"]);
        assert!(matches!(put(&mut client).await, Response::Refused(Refusal::Invalid(_))));
        assert_eq!(nodes.asked(), ["n1 open", "n1 4.1"]);
        let value = vec![0; crate::wire::FRAME_BYTES_MAX];
        let answer = client.write(Operation::Put { key: "k".to_owned(), value }, SECOND).await;
        assert!(matches!(answer.outcome, Response::Refused(Refusal::Invalid(_))));
        assert_eq!(nodes.asked().len(), 2);
    });
}

#[test]
fn a_missed_deadline_is_a_failure_without_the_safeguard() {
    World::run(async {
        let nodes = Nodes::default();
        nodes.start("n1", |_| Nothing);
        let safeguards = Safeguards { timeout_is_unknown: false, ..Safeguards::default() };
        let mut client = nodes.client_with(&["n1"], safeguards);
        assert!(matches!(put(&mut client).await, Response::Refused(Refusal::Unavailable(_))));
        assert!(nodes.was_told("<timeout-reported-as-failure>"));
    });
}

#[test]
fn an_answer_to_another_question_is_no_answer() {
    World::run(async {
        let nodes = Nodes::default();
        nodes.start("n1", in_turn([cells(3), done(9)]));
        let mut client = nodes.client(&["n1"]);
        assert_eq!(put(&mut client).await, outcome_of(done(9)));
        assert_eq!(nodes.asked(), ["n1 open", "n1 4.1", "n1 4.1"]);
    });
}

#[test]
fn a_node_has_less_time_than_the_client() {
    World::run(async {
        let nodes = Nodes::default();
        nodes.start("n1", |_| done(9));
        let mut client = nodes.client(&["n1"]);
        put(&mut client).await;
        client.write(Operation::Delete { key: "k".to_owned() }, Duration::from_millis(80)).await;
        let times: Vec<u32> = nodes.asked.borrow().iter().map(|(_, request)| request.deadline_ms).collect();
        assert_eq!(times, [437, 437, 70]);
    });
}

#[test]
fn a_late_session_leaves_no_write_behind() {
    World::run(async {
        let nodes = Nodes::default();
        nodes.start_raw("n1", |_| Nothing);
        let mut client = nodes.client(&["n1"]);
        let outcome = put(&mut client).await;
        assert!(matches!(outcome, Response::Refused(Refusal::Unavailable(_))), "{outcome:?}");
        assert_eq!(nodes.asked(), ["n1 open", "n1 open"]);
    });
}
