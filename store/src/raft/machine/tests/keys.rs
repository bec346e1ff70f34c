//! Registers, lists, counters, pages and limits.

use super::*;
use crate::raft::request::Cell::Counter;

#[test]
fn a_register_keeps_its_last_value_and_its_version() {
    let mut feed = Feed::new();
    assert_eq!(feed.get("k"), None);
    assert_eq!(feed.change(put("k", "a")), done(1));
    assert_eq!(feed.change(put("k", "b")), done(2));
    feed.change(put("j", "c"));
    assert_eq!(feed.get("k"), Some(Versioned { cell: register("b"), version: 2 }));
}

#[test]
fn a_deleted_key_holds_nothing_since_that_version() {
    let mut feed = Feed::new();
    feed.change(put("k", "a"));
    assert_eq!(feed.change(delete("k")), done(2));
    assert_eq!(feed.get("k"), Some(Versioned { cell: None, version: 2 }));
    assert_eq!(feed.change(delete("never")), done(3));
    assert_eq!(feed.get("never"), Some(Versioned { cell: None, version: 3 }));
}

#[test]
fn compare_and_set_wants_the_expected_value() {
    let mut feed = Feed::new();
    unmet(feed.change(compare_and_set("k", Some("a"), "b")));
    assert_eq!(feed.get("k"), None);
    assert_eq!(feed.change(compare_and_set("k", None, "a")), done(2));
    unmet(feed.change(compare_and_set("k", None, "b")));
    assert_eq!(feed.change(compare_and_set("k", Some("a"), "b")), done(4));
    unmet(feed.change(compare_and_set("k", Some("a"), "c")));
    assert_eq!(feed.get("k"), Some(Versioned { cell: register("b"), version: 4 }));
    feed.change(delete("k"));
    assert_eq!(feed.change(compare_and_set("k", None, "a")), done(7));
}

#[test]
fn a_list_grows_at_its_end() {
    let mut feed = Feed::new();
    feed.change(append("l", "a"));
    feed.change(append("l", "b"));
    assert_eq!(feed.change(append("l", "a")), done(3));
    assert_eq!(feed.get("l"), Some(Versioned { cell: list(&["a", "b", "a"]), version: 3 }));
}

#[test]
fn a_counter_adds_up_and_never_overflows() {
    let mut feed = Feed::new();
    feed.change(add("c", 5));
    feed.change(add("c", -7));
    assert_eq!(feed.get("c"), Some(Versioned { cell: Some(Counter(-2)), version: 2 }));
    unmet(feed.change(add("c", i64::MIN)));
    feed.change(add("c", i64::MAX));
    assert_eq!(unmet(feed.change(add("c", 3))), format!("c holds {}: adding 3 would overflow", i64::MAX - 2));
    assert_eq!(feed.held("c"), Some(Counter(i64::MAX - 2)));
}

#[test]
fn a_key_keeps_its_kind_until_it_is_deleted() {
    let mut feed = Feed::new();
    feed.change(put("register", "v"));
    feed.change(append("list", "a"));
    feed.change(add("counter", 1));
    feed.change(lock("lock", 9));
    feed.change(put_fenced("guarded", "v", 1));
    let before = feed.machine.clone();
    let kinds = ["register", "list", "counter", "lock", "guarded"];
    let operations = |key| {
        let register =
            vec![put(key, "w"), compare_and_set(key, None, "w"), compare_and_set(key, Some("v"), "w")];
        [
            register,
            vec![append(key, "b")],
            vec![add(key, 1)],
            vec![lock(key, 9), unlock(key, 4)],
            vec![put_fenced(key, "w", 9)],
        ]
    };
    for (mine, key) in kinds.iter().enumerate() {
        for (other, operations) in operations(key).into_iter().enumerate().filter(|(other, _)| *other != mine)
        {
            for operation in operations {
                let why = unmet(feed.change(operation));
                assert!(why.starts_with(&format!("{key} is a ")), "{key} as a {}: {why}", kinds[other]);
            }
        }
    }
    assert_eq!(feed.machine, before);
    feed.change(delete("list"));
    assert_eq!(feed.change(add("list", 1)), done(feed.index));
}

#[test]
fn a_list_stays_small_enough_for_an_answer() {
    let mut feed = Feed::new();
    let long = "x".repeat(1 << 20);
    assert_eq!(feed.change(append("l", &long)), done(1));
    assert_eq!(unmet(feed.change(append("l", &long))), "the list l would grow beyond 2097152 bytes");
    assert_eq!(feed.get("l").map(|versioned| versioned.version), Some(1));
    assert_eq!(feed.change(append("l", &long[..1 << 19])), done(3));
}

#[test]
fn pages_hold_every_key_once_in_order() {
    let mut feed = Feed::new();
    for n in 0..50 {
        feed.change(put(&format!("k{n:02}"), &"x".repeat(n << 10)));
    }
    feed.change(delete("k07"));
    let (mut all, mut pages, mut after) = (Vec::new(), 0, None);
    loop {
        let Response::Page { cells, more } = feed.machine.page(after.as_deref()) else {
            panic!("a page was asked for")
        };
        after = cells.last().map(|(key, _)| key.clone());
        all.extend(cells);
        pages += 1;
        if !more {
            break;
        }
    }
    assert_eq!(pages, 3);
    let keys: Vec<String> = all.iter().map(|(key, _)| key.clone()).collect();
    assert_eq!(keys, (0..50).map(|n| format!("k{n:02}")).collect::<Vec<_>>());
    assert!(all.iter().all(|(key, versioned)| feed.get(key).as_ref() == Some(versioned)));
}

#[test]
fn a_cell_larger_than_a_page_is_a_page() {
    let mut feed = Feed::new();
    feed.change(put("a", &"x".repeat(1 << 20)));
    feed.change(put("b", "v"));
    for (after, page) in [(None, ("a", true)), (Some("a"), ("b", false)), (Some("b"), ("", false))] {
        let Response::Page { cells, more } = feed.machine.page(after) else { panic!("a page was asked for") };
        let keys: String = cells.into_iter().map(|(key, _)| key).collect();
        assert_eq!((keys.as_str(), more), page);
    }
}

#[test]
fn what_would_not_fit_is_a_problem() {
    let (long, large) = ("k".repeat(1025), "v".repeat((1 << 20) + 1));
    let step = |key: &str, value: &str| Step::Put { key: key.into(), value: value.into() };
    let good = [
        put(&long[1..], &large[1..]),
        compare_and_set("k", Some(&large[1..]), &large[1..]),
        transact(vec![step("k", "v"); 128]),
        lock("k", 1),
    ];
    for operation in good {
        assert_eq!(problem(&operation), None);
    }
    let bad = [
        put(&long, ""),
        delete(&long),
        lock(&long, 1),
        put("k", &large),
        append("k", &large),
        compare_and_set("k", Some(&large), ""),
        compare_and_set("k", None, &large),
        put_fenced("k", &large, 1),
        lock("k", 0),
        transact(vec![step("k", "v"); 129]),
        transact(vec![step("k", &large[1..]); 4]),
        transact(vec![Step::Read { key: long.clone() }]),
        transact(vec![Step::Add { key: long.clone(), amount: 1, floor: None }]),
        transact(vec![step("k", &large)]),
    ];
    for operation in bad {
        assert!(problem(&operation).is_some(), "{}", &format!("{operation:?}")[..40]);
    }
}

#[test]
fn a_read_that_no_frame_takes_is_a_problem() {
    let mut feed = Feed::new();
    for key in ["a", "b", "c"] {
        feed.change(put(key, &"v".repeat(1 << 20)));
    }
    let keys = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    assert_eq!(feed.machine.read_problem(&keys(&["a", "b", "none"])), None);
    assert!(feed.machine.read_problem(&keys(&["a", "b", "c"])).is_some());
    assert!(feed.machine.read_problem(&keys(&["a", "a", "a"])).is_some());
    assert_eq!(keys_problem(&keys(&["a", "none"])), None);
    assert!(keys_problem(&vec!["none".to_owned(); 1025]).is_some());
    assert!(keys_problem(&keys(&[&"k".repeat(1025)])).is_some());
}
