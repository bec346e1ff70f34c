//! Reads, by mode, and the token.

use super::*;

#[test]
fn reads_of_the_leader_follow_to_it() {
    for mode in [ReadMode::Leader, ReadMode::Lease] {
        World::run(async {
            let nodes = Nodes::default();
            nodes.start("n1", |_| refused(not_leader(Some(2), 1)));
            nodes.start("n2", |_| cells(5));
            nodes.start("n3", |_| cells(5));
            let mut client = nodes.client(&["n1", "n2", "n3"]);
            assert_eq!(read(&mut client, mode).await, outcome_of(cells(5)));
            read(&mut client, mode).await;
            assert_eq!(nodes.asked(), ["n1 read 0", "n3 read 0", "n3 read 5"]);
        });
    }
}

#[test]
fn reads_of_any_node_follow_to_nobody() {
    for mode in [ReadMode::Follower, ReadMode::Any] {
        World::run(async {
            let nodes = Nodes::default();
            nodes.start("n1", in_turn([cells(5), refused(not_leader(Some(2), 1))]));
            nodes.start("n2", |_| cells(5));
            nodes.start("n3", |_| cells(5));
            let mut client = nodes.client(&["n1", "n2", "n3"]);
            read(&mut client, mode).await;
            read(&mut client, mode).await;
            assert_eq!(nodes.asked(), ["n1 read 0", "n1 read 5", "n2 read 5"]);
        });
    }
}

#[test]
fn a_read_is_asked_again_until_its_time_is_over() {
    World::run(async {
        let nodes = Nodes::default();
        nodes.start("n1", in_turn([HangUp, refused(unavailable()), Nothing, cells(5)]));
        let mut client = nodes.client(&["n1"]);
        assert_eq!(read(&mut client, ReadMode::Leader).await, outcome_of(cells(5)));
        assert_eq!(nodes.asked().len(), 4);
    });
}

#[test]
fn a_read_without_an_answer_is_refused() {
    World::run(async {
        let nodes = Nodes::default();
        nodes.start("n1", |_| Nothing);
        let mut client = nodes.client(&["n1"]);
        let outcome = read(&mut client, ReadMode::Leader).await;
        assert!(matches!(outcome, Response::Refused(Refusal::Unavailable(_))), "{outcome:?}");
    });
}

#[test]
fn a_node_that_is_behind_is_left_for_another() {
    World::run(async {
        let behind = || refused(Refusal::Behind { applied: 5, token: 9 });
        let nodes = Nodes::default();
        nodes.start("n1", move |_| behind());
        nodes.start("n2", in_turn([cells(9), behind()]));
        let mut client = nodes.client(&["n1", "n2"]);
        assert_eq!(read(&mut client, ReadMode::Follower).await, outcome_of(cells(9)));
        assert_eq!(read(&mut client, ReadMode::Follower).await, outcome_of(behind()));
        assert_eq!(nodes.asked()[..4], ["n1 read 0", "n2 read 0", "n2 read 9", "n1 read 9"]);
    });
}

#[test]
fn the_token_is_the_highest_index_of_all_and_goes_along() {
    World::run(async {
        let nodes = Nodes::default();
        nodes.start("n1", in_turn([done(9), cells(5), HangUp]));
        nodes.start("n2", |_| cells(12));
        let mut client = nodes.client(&["n1", "n2"]);
        assert_eq!(client.token(), Token::default());
        put(&mut client).await;
        read(&mut client, ReadMode::Follower).await;
        read(&mut client, ReadMode::Follower).await;
        read(&mut client, ReadMode::Follower).await;
        let asked = ["n1 open", "n1 4.1", "n1 read 9", "n1 read 9", "n2 read 9", "n2 read 12"];
        assert_eq!(nodes.asked(), asked);
    });
}

#[test]
fn without_the_safeguard_the_token_stays_behind() {
    let safeguards = Safeguards { token_survives_failover: false, ..Safeguards::default() };
    World::run(async {
        let nodes = Nodes::default();
        nodes.start("n1", in_turn([cells(5), HangUp]));
        nodes.start("n2", |_| cells(3));
        let mut client = nodes.client_with(&["n1", "n2"], safeguards);
        read(&mut client, ReadMode::Follower).await;
        assert!(!nodes.was_told("<token-dropped>"));
        read(&mut client, ReadMode::Follower).await;
        assert!(nodes.was_told("<token-dropped>"));
        assert_eq!(nodes.asked(), ["n1 read 0", "n1 read 5", "n2 read 0"]);
    });
    World::run(async {
        let nodes = Nodes::default();
        nodes.start("n1", in_turn([cells(5), HangUp, cells(5)]));
        let mut client = nodes.client_with(&["n1"], safeguards);
        read(&mut client, ReadMode::Follower).await;
        read(&mut client, ReadMode::Follower).await;
        assert_eq!(nodes.asked(), ["n1 read 0", "n1 read 5", "n1 read 5"]);
    });
}

#[test]
fn a_node_that_is_named_is_asked_once_and_changes_nothing() {
    World::run(async {
        let nodes = Nodes::default();
        nodes.start("n1", |_| cells(5));
        nodes.start("n2", |_| refused(not_leader(Some(0), 1)));
        let mut client = nodes.client(&["n1", "n2"]);
        let keys = || vec!["k".to_owned()];
        let answer = client.read(keys(), ReadMode::Leader, SECOND, Some(1)).await;
        assert_eq!(answer, Answer { node: 1, outcome: Response::Refused(not_leader(Some(0), 1)) });
        read(&mut client, ReadMode::Follower).await;
        assert_eq!(nodes.asked(), ["n2 read 0", "n1 read 0"]);
        let nobody = client.read(keys(), ReadMode::Any, SECOND, Some(7)).await;
        assert!(matches!(nobody, Answer { node: 7, outcome: Response::Refused(Refusal::Unavailable(_)) }));
    });
}

#[test]
fn cells_of_other_keys_are_no_answer() {
    World::run(async {
        let nodes = Nodes::default();
        nodes.start("n1", in_turn([cells(5), cells(6)]));
        let mut client = nodes.client(&["n1"]);
        let keys = vec!["j".to_owned(), "k".to_owned()];
        let answer = client.read(keys, ReadMode::Leader, SECOND, Some(0)).await;
        assert!(matches!(answer.outcome, Response::Refused(Refusal::Unavailable(_))), "{answer:?}");
    });
}

#[test]
fn wanders_now_and_then_but_never_with_a_write() {
    World::run(async {
        let nodes = Nodes::default();
        for name in ["n1", "n2"] {
            nodes.start(name, |ask| if matches!(ask, Ask::Write { .. }) { done(9) } else { cells(9) });
        }
        let mut client = nodes.client(&["n1", "n2"]);
        client.options.wander_one_in = 4;
        for _ in 0..40 {
            read(&mut client, ReadMode::Follower).await;
        }
        let changes = nodes.asked.borrow().windows(2).filter(|pair| pair[0].0 != pair[1].0).count();
        assert!((5..=20).contains(&changes), "{changes} changes");
        nodes.asked.borrow_mut().clear();
        for _ in 0..40 {
            put(&mut client).await;
            read(&mut client, ReadMode::Leader).await;
        }
        assert!(nodes.asked.borrow().iter().all(|(name, _)| *name == "n1"));
    });
}
