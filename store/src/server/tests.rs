use std::time::Duration;

use tokio::task::JoinHandle;

use super::*;
use crate::Safeguards;
use crate::client::{Client, ClientOptions};
use crate::fake::World;
use crate::quorum::config::Config;
use crate::quorum::message::{Level, Response};

mod shell;
mod tables;

const SECOND: Duration = Duration::from_secs(1);

fn options(safeguards: Safeguards) -> ServerOptions<Config> {
    let config = Config {
        replication: 1,
        read_quorum: 1,
        write_quorum: 1,
        safeguards,
        ..Config::new(0, vec!["n1".to_owned()])
    };
    ServerOptions::new(config, "n1".to_owned(), vec!["n1".to_owned()])
}

/// Starts a cluster of one node, and waits until it listens.
async fn start(world: &World, safeguards: Safeguards) -> JoinHandle<Result<(), Error>> {
    let node = tokio::task::spawn_local(serve(options(safeguards), world.env(0)));
    while !world.told.borrow().iter().any(|told| told.contains("listening")) {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    node
}

fn client(world: &World) -> Client {
    Client::new(world.env(7), ClientOptions::new(vec![("n1".to_owned(), "n1".to_owned())]))
}

async fn put(client: &mut Client, key: &str) -> Response {
    client.put(key, b"v".to_vec(), Level::Quorum, SECOND).await.outcome
}

async fn get(client: &mut Client, key: &str) -> Response {
    client.get(key, Level::Quorum, SECOND).await.outcome
}

#[test]
fn writes_that_come_together_share_a_sync() {
    World::run(async {
        let world = World::default();
        let _node = start(&world, Safeguards::default()).await;
        put(&mut client(&world), "first").await;
        let before = world.disk.syncs.get();
        let mut writers = JoinSet::new();
        for n in 0..50 {
            let mut client = client(&world);
            writers.spawn_local(async move { put(&mut client, &format!("key{n}")).await });
        }
        for outcome in writers.join_all().await {
            assert!(matches!(outcome, Response::Written { .. }), "{outcome:?}");
        }
        let syncs = world.disk.syncs.get() - before;
        assert!((1..=2).contains(&syncs), "{syncs} syncs for 50 writes");
    });
}

#[test]
fn an_acknowledged_write_is_found_after_a_restart() {
    World::run(async {
        let world = World::default();
        let node = start(&world, Safeguards::default()).await;
        let written = put(&mut client(&world), "k").await;
        node.abort();
        let _ = node.await;
        world.told.borrow_mut().clear();
        let _node = start(&world, Safeguards::default()).await;
        let Response::Value { version: Some(version), .. } = get(&mut client(&world), "k").await else {
            panic!("the write is lost");
        };
        assert_eq!(written, Response::Written { version });
    });
}

#[test]
fn without_the_safeguard_a_write_is_acknowledged_before_it_is_durable() {
    World::run(async {
        let world = World::default();
        let safeguards = Safeguards { sync_before_acknowledge: false, ..Safeguards::default() };
        let _node = start(&world, safeguards).await;
        let mut client = client(&world);
        put(&mut client, "first").await;
        tokio::time::sleep(Duration::from_millis(100)).await;
        let before = world.disk.syncs.get();
        for n in 0..20 {
            let outcome = put(&mut client, &format!("key{n}")).await;
            assert!(matches!(outcome, Response::Written { .. }), "{outcome:?}");
        }
        assert_eq!(world.disk.syncs.get(), before);
        tokio::time::sleep(SECOND).await;
        assert_eq!(world.disk.syncs.get(), before + 1);
    });
}

#[test]
fn a_failed_sync_ends_the_node() {
    World::run(async {
        let world = World::default();
        let node = start(&world, Safeguards::default()).await;
        world.disk.is_failing.set(true);
        let outcome = put(&mut client(&world), "k").await;
        assert!(matches!(outcome, Response::Unknown(_)), "{outcome:?}");
        let error = node.await.unwrap().unwrap_err();
        assert!(error.to_string().contains("bad sector"), "{error}");
    });
}

#[test]
fn a_full_disk_refuses_writes_and_the_node_goes_on() {
    World::run(async {
        let world = World::default();
        let _node = start(&world, Safeguards::default()).await;
        let mut client = client(&world);
        put(&mut client, "k").await;
        world.disk.is_full.set(true);
        let outcome = put(&mut client, "k").await;
        assert!(matches!(outcome, Response::Refused(_) | Response::Unknown(_)), "{outcome:?}");
        assert!(matches!(get(&mut client, "k").await, Response::Value { version: Some(_), .. }));
        world.disk.is_full.set(false);
        assert!(matches!(put(&mut client, "k").await, Response::Written { .. }));
    });
}

#[test]
fn a_connection_beyond_the_maximum_is_closed() {
    World::run(async {
        let world = World::default();
        let few = ServerOptions { connections_max: 2, ..options(Safeguards::default()) };
        let _node = tokio::task::spawn_local(serve(few, world.env(0)));
        tokio::time::sleep(SECOND).await;
        let [one, two, three] = &mut [client(&world), client(&world), client(&world)];
        assert!(matches!(put(one, "k").await, Response::Written { .. }));
        assert!(matches!(put(two, "k").await, Response::Written { .. }));
        assert!(matches!(put(three, "k").await, Response::Unknown(_)));
        assert!(matches!(put(one, "k").await, Response::Written { .. }));
        assert!(world.told.borrow().iter().any(|told| told.contains("too many connections")));
    });
}

#[test]
fn a_silent_client_loses_its_connection_and_not_its_session() {
    World::run(async {
        let world = World::default();
        let _node = start(&world, Safeguards::default()).await;
        let mut client = client(&world);
        put(&mut client, "k").await;
        tokio::time::sleep(Duration::from_secs(90)).await;
        assert!(world.told.borrow().iter().any(|told| told.contains("nothing was heard")));
        assert!(matches!(get(&mut client, "k").await, Response::Value { version: Some(_), .. }));
    });
}

#[test]
fn a_call_delivered_twice_is_done_once() {
    World::run(async {
        let world = World::default();
        let _node = start(&world, Safeguards::default()).await;
        let mut client = client(&world);
        let at_once_and_later = [Duration::ZERO, Duration::from_millis(50)].map(crate::env::Delivery::after);
        world.fates.borrow_mut().push_back(at_once_and_later.into_iter().collect());
        let written = put(&mut client, "k").await;
        tokio::time::sleep(SECOND).await;
        let Response::Value { version: Some(version), .. } = get(&mut client, "k").await else {
            panic!("the write is lost");
        };
        assert_eq!(written, Response::Written { version });
    });
}

#[test]
fn a_wrong_configuration_says_what_is_wrong() {
    World::run(async {
        let problem_of =
            async |options| serve(options, World::default().env(0)).await.unwrap_err().to_string();
        let fine = options(Safeguards::default());
        let none = ServerOptions { addresses: Vec::new(), ..fine.clone() };
        assert!(problem_of(none).await.contains("0 addresses for 1 nodes"));
        let mut unsorted = fine.clone();
        unsorted.config.nodes = vec!["n2".to_owned(), "n1".to_owned()];
        assert!(problem_of(unsorted).await.contains("must be sorted"));
        let mut large = fine;
        large.config.replication = 2;
        assert!(problem_of(large).await.contains("replication 2"));
    });
}
