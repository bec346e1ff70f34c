//! A node that keeps tables.

use crate::env::Disk;
use crate::quorum::config::Mode;
use crate::quorum::ring::Ring;
use crate::storage::tables;

use super::*;

const KEYS: usize = 120;

/// Flushes after twenty keys or so, and holds few blocks in memory.
fn small() -> tables::Options {
    tables::Options { memtable_bytes_max: 8 << 10, cache_bytes_max: 16 << 10, ..tables::Options::default() }
}

async fn start_with(world: &World, tables: Option<tables::Options>) -> JoinHandle<Result<(), Error>> {
    let mut options = options(Safeguards::default());
    options.config.tables = tables;
    options.segment_bytes_max = 4 << 10;
    let node = tokio::task::spawn_local(serve(options, world.env(0)));
    tokio::time::sleep(SECOND).await;
    node
}

async fn stop(node: JoinHandle<Result<(), Error>>) {
    node.abort();
    let _ = node.await;
}

fn value(number: usize) -> Vec<u8> {
    vec![number as u8; 300]
}

/// A world whose node has written more than its memtable takes, and was stopped.
async fn filled() -> World {
    let world = World::default();
    let node = start_with(&world, Some(small())).await;
    let mut client = client(&world);
    for number in 0..KEYS {
        let written = client.put(&format!("key{number}"), value(number), Level::Quorum, SECOND).await.outcome;
        assert!(matches!(written, Response::Written { .. }), "{written:?}");
    }
    tokio::time::sleep(SECOND).await;
    stop(node).await;
    world
}

fn files(world: &World, prefix: &str) -> Vec<String> {
    world.disk.list().unwrap().into_iter().filter(|name| name.starts_with(prefix)).collect()
}

async fn read(client: &mut Client, number: usize) -> Option<Vec<u8>> {
    match get(client, &format!("key{number}")).await {
        Response::Value { value, .. } => value,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_in_tables_is_read_also_after_a_restart_and_the_log_stays_short() {
    World::run(async {
        let world = filled().await;
        assert!(
            !files(&world, "table").is_empty() && files(&world, "log").len() <= 5,
            "{:?}",
            world.disk.list()
        );
        assert!(world.told.borrow().contains(&"<tables-compacted>".to_owned()));
        let _node = start_with(&world, Some(small())).await;
        let mut client = client(&world);
        for number in 0..KEYS {
            assert_eq!(read(&mut client, number).await, Some(value(number)), "key{number}");
        }
        let dumped = client.dump(0, SECOND).await.unwrap();
        assert_eq!(dumped.len(), KEYS);
    });
}

#[test]
fn a_node_that_does_not_look_into_its_tables_does_not_start() {
    World::run(async {
        let world = filled().await;
        let error = start_with(&world, None).await.await.unwrap().unwrap_err().to_string();
        assert_eq!(error, "manifest: this directory holds tables: start the node with --storage tables");
    });
}

#[test]
fn a_node_ends_before_it_answers_from_a_corrupt_table() {
    World::run(async {
        let world = filled().await;
        let node = start_with(&world, Some(small())).await;
        for name in files(&world, "table") {
            let file = world.disk.open(&name).unwrap();
            let mut content = file.read().unwrap();
            content[1000] ^= 1;
            file.truncate(0).unwrap();
            file.append(&content).unwrap();
        }
        let mut client = client(&world);
        let mut answers = Vec::new();
        for number in 0..KEYS {
            answers.push(get(&mut client, &format!("key{number}")).await);
        }
        let nothing = Response::Value { value: None, version: None };
        assert!(!answers.contains(&nothing), "a corrupt block is no miss");
        let error = node.await.unwrap().unwrap_err().to_string();
        assert!(error.starts_with("table-00000000") && error.contains("corrupt at offset"), "{error}");
        let _node = start_with(&world, Some(small())).await;
        assert!(world.told.borrow().contains(&"<corrupt-table-reported>".to_owned()));
    });
}

/// A cluster of two, of which the first keeps tables, with one replica of each key.
async fn start_sloppy(world: &World, node: u16) -> JoinHandle<Result<(), Error>> {
    let nodes = vec!["n1".to_owned(), "n2".to_owned()];
    let mut options = options(Safeguards::default());
    options.config =
        Config { node, nodes: nodes.clone(), mode: Mode::Sloppy, tables: Some(small()), ..options.config };
    (options.listen, options.addresses) = (nodes[usize::from(node)].clone(), nodes);
    options.segment_bytes_max = 4 << 10;
    let node = tokio::task::spawn_local(serve(options, world.env(0)));
    tokio::time::sleep(SECOND).await;
    node
}

#[test]
fn hints_outlive_the_log_that_tables_stand_for() {
    World::run(async {
        let world = World::default();
        let ring = Ring::new(&["n1".to_owned(), "n2".to_owned()], 64);
        let (ours, theirs): (Vec<_>, Vec<_>) =
            (0..4 * KEYS).map(|number| format!("key{number}")).partition(|key| ring.homes(key, 1)[0] == 0);
        for start in 0..2 {
            let node = start_sloppy(&world, 0).await;
            let mut client = client(&world);
            // Hints in the first run only, and enough of its own in both to flush, and to remove the log.
            let hints = theirs.iter().take(if start == 0 { 5 } else { 0 });
            for key in hints.chain(ours.iter().skip(KEYS / 2 * start).take(KEYS / 2)) {
                let written = client.put(key, value(7), Level::Quorum, SECOND).await.outcome;
                assert!(matches!(written, Response::Written { .. }), "{written:?}");
            }
            tokio::time::sleep(SECOND).await;
            stop(node).await;
        }
        assert!(!files(&world, "log").contains(&"log-0000000001".to_owned()), "{:?}", world.disk.list());
        let (_first, other) = (start_sloppy(&world, 0).await, world.of_another_node());
        let _second = start_sloppy(&other, 1).await;
        tokio::time::sleep(SECOND).await;
        let mut client =
            Client::new(world.env(7), ClientOptions::new(vec![("n2".to_owned(), "n2".to_owned())]));
        for key in &theirs[..5] {
            let read = get(&mut client, key).await;
            assert!(matches!(read, Response::Value { value: Some(_), .. }), "{key}: {read:?}");
        }
    });
}
