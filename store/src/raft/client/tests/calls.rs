//! Pages, status, members and leadership.

use super::outcome::{Attempt, Trail};
use super::*;
use crate::raft::request::Members;

#[test]
fn a_dump_has_all_pages() {
    World::run(async {
        let cell = |key: &str| (key.to_owned(), Versioned { cell: None, version: 1 });
        let nodes = Nodes::default();
        nodes.start("n1", |_| Nothing);
        nodes.start("n2", move |ask| match ask {
            Ask::Dump { after: None } => {
                Say(Response::Page { cells: vec![cell("a"), cell("b")], more: true })
            }
            Ask::Dump { after } if after.as_deref() == Some("b") => {
                Say(Response::Page { cells: vec![cell("c")], more: false })
            }
            _ => Nothing,
        });
        let mut client = nodes.client(&["n1", "n2"]);
        assert_eq!(client.dump(1, SECOND).await, Ok(vec![cell("a"), cell("b"), cell("c")]));
        assert!(matches!(client.dump(0, SECOND).await, Err(Refusal::Unavailable(_))));
    });
}

#[test]
fn status_is_the_nodes_own() {
    World::run(async {
        let status = |leader| {
            let members = Members::default();
            Response::Status { term: 3, leader, commit: 5, applied: 5, last: 6, members }
        };
        let nodes = Nodes::default();
        nodes.start("n1", move |_| Say(status(None)));
        nodes.start("n2", move |_| Say(status(Some(1))));
        let mut client = nodes.client(&["n1", "n2"]);
        for (node, leader) in [(1, Some(1)), (0, None)] {
            assert_eq!(client.status(node, SECOND).await, Answer { node, outcome: status(leader) });
        }
    });
}

#[test]
fn a_connection_that_ended_between_calls_is_opened_anew() {
    World::run(async {
        let behind = || Response::Refused(Refusal::Behind { applied: 1, token: 2 });
        let nodes = Nodes::default();
        nodes.start("n1", move |_| SayLast(behind()));
        let mut client = nodes.client(&["n1"]);
        for connections in [1, 2] {
            assert_eq!(client.status(0, SECOND).await, Answer { node: 0, outcome: behind() });
            assert_eq!(nodes.connections.get(), connections);
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    });
}

#[test]
fn a_change_of_members_finds_the_leader_and_waits_until_it_may_be() {
    World::run(async {
        let nodes = Nodes::default();
        nodes.start("n1", |_| refused(not_leader(Some(1), 1)));
        nodes.start("n2", in_turn([refused(unavailable()), done(9)]));
        let mut client = nodes.client(&["n1", "n2"]);
        let answer = client.change(Change::AddLearner(4), SECOND).await;
        assert_eq!(answer, Answer { node: 1, outcome: outcome_of(done(9)) });
    });
}

#[test]
fn what_has_no_number_is_not_asked_again_once_it_may_have_been_taken() {
    for reaction in [|| HangUp, || Nothing, || Say(Response::Unknown("no longer the leader".to_owned()))] {
        World::run(async {
            let nodes = Nodes::default();
            nodes.start("n1", move |_| reaction());
            nodes.start("n2", |_| done(9));
            let mut client = nodes.client(&["n1", "n2"]);
            let change = client.change(Change::Remove(1), SECOND).await;
            assert!(matches!(change, Answer { node: 0, outcome: Response::Unknown(_) }), "{change:?}");
            let transfer = client.transfer(1, SECOND).await;
            assert!(matches!(transfer, Answer { node: 0, outcome: Response::Unknown(_) }), "{transfer:?}");
            // It has all the time there is.
            let times: Vec<u32> =
                nodes.asked.borrow().iter().map(|(_, request)| request.deadline_ms).collect();
            assert_eq!(times, [875, 875]);
        });
    }
}

#[test]
fn a_call_without_time_is_refused_and_hides_no_earlier_refusal() {
    World::run(async {
        let nodes = Nodes::default();
        nodes.start("n1", |_| cells(5));
        let mut client = nodes.client(&["n1"]);
        let keys = vec!["k".to_owned()];
        let answer = client.read(keys, ReadMode::Any, Duration::from_millis(1), None).await;
        let late = Refusal::Unavailable("no time is left before the deadline".to_owned());
        assert_eq!(answer.outcome, Response::Refused(late));
    });
    let mut trail = Trail::default();
    assert_eq!(trail.hear(&Ask::Open, Attempt::Answered(Response::Refused(unavailable()))), None);
    assert_eq!(trail.hear(&Ask::Open, Attempt::Late), None);
    assert_eq!(trail.end(), Response::Refused(unavailable()));
}
