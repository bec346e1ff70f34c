use super::*;
use crate::cluster::{ClusterOptions, Start};
use crate::sim::observer::Unwatched;
use std::rc::Rc;

fn cluster(nodes: usize) -> Cluster {
    let nodes = (1..=nodes).map(|n| format!("n{n}")).collect();
    let options = ClusterOptions { nodes, ..ClusterOptions::default() };
    let idle: Start = Box::new(|_, _| Box::pin(std::future::pending()));
    Cluster::new(&options, idle, Rc::new(Unwatched)).expect("valid options")
}

fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

fn remove(node: &str) -> Order {
    Order::Remove(node.to_owned())
}

fn add(node: &str) -> Order {
    Order::Add(node.to_owned())
}

#[test]
fn a_node_is_out_while_any_fault_says_so() {
    let mut cluster = cluster(5);
    let (one, other) = (cluster.new_fault(), cluster.new_fault());
    let administration = cluster.administration();
    for id in [one, other] {
        assert_eq!(cluster.remove_member(id, "n2").as_deref(), Some("n2"));
    }
    assert_eq!(administration.orders(ms(0)), [remove("n2")]);
    assert_eq!(administration.orders(ms(50)), [], "it is under way");
    administration.done(&remove("n2"), true, ms(60));
    cluster.heal(one);
    assert_eq!(administration.orders(ms(70)), []);
    cluster.heal(other);
    assert_eq!(administration.orders(ms(80)), [add("n2")]);
    administration.done(&add("n2"), true, ms(90));
    assert_eq!(administration.orders(ms(500)), []);
}

#[test]
fn what_was_not_done_is_ordered_again() {
    let mut cluster = cluster(5);
    let id = cluster.new_fault();
    cluster.remove_member(id, "n2");
    let administration = cluster.administration();
    assert_eq!(administration.orders(ms(0)), [remove("n2")]);
    administration.done(&remove("n2"), false, ms(10));
    assert_eq!(administration.orders(ms(100)), [], "not at once");
    assert_eq!(administration.orders(ms(110)), [remove("n2")]);
    administration.done(&remove("n2"), false, ms(120));
    // Nobody knows whether it is out: it is added in any case.
    cluster.heal(id);
    assert_eq!(administration.orders(ms(300)), [add("n2")]);
    administration.done(&add("n2"), false, ms(310));
    assert_eq!(administration.orders(ms(420)), [add("n2")]);
}

#[test]
fn a_minority_leaves_at_most() {
    let mut five = cluster(5);
    let removed: Vec<Option<String>> = ["n4", "n2", "n5"]
        .iter()
        .map(|node| {
            let id = five.new_fault();
            five.remove_member(id, node)
        })
        .collect();
    assert_eq!(removed.iter().flatten().collect::<Vec<_>>(), ["n4", "n2", "n2"]);
    let mut two = cluster(2);
    let id = two.new_fault();
    assert_eq!(two.remove_member(id, "n1"), None);
}

#[test]
fn a_node_that_is_not_back_yet_counts_as_out() {
    let mut cluster = cluster(3);
    let id = cluster.new_fault();
    cluster.remove_member(id, "n1");
    let administration = cluster.administration();
    administration.orders(ms(0));
    administration.done(&remove("n1"), true, ms(10));
    cluster.heal(id);
    let next = cluster.new_fault();
    assert_eq!(cluster.remove_member(next, "n2").as_deref(), Some("n1"));
}

#[test]
fn leadership_goes_on_until_it_is_healed() {
    let mut cluster = cluster(3);
    let id = cluster.new_fault();
    let nodes = vec!["n1".to_owned(), "n3".to_owned()];
    cluster.hand_on_leadership(id, &nodes, (ms(100), ms(200)), Rng::new(1));
    let administration = cluster.administration();
    let orders: Vec<Order> = (0..2000).step_by(10).flat_map(|at| administration.orders(ms(at))).collect();
    assert!((10..=20).contains(&orders.len()), "{orders:?}");
    assert!(orders.iter().all(|order| matches!(order, Order::Lead(node) if nodes.contains(node))));
    cluster.heal(id);
    assert_eq!(administration.orders(ms(9000)), []);
}

#[test]
fn members_rotate_until_it_is_healed_and_a_minority_is_out_at_most() {
    let mut cluster = cluster(5);
    let id = cluster.new_fault();
    let nodes = ["n1", "n2", "n3", "n5"].map(str::to_owned);
    cluster.rotate_members(id, &nodes, (ms(100), ms(200)), Rng::new(1));
    let administration = cluster.administration();
    let (mut out, mut most, mut ever) = (BTreeSet::new(), 0, BTreeSet::new());
    let mut under_way = Vec::new();
    for at in (0..9_000).step_by(10) {
        if at == 8_000 {
            cluster.heal(id);
        }
        // Each order takes longer than the same nodes are to be out.
        for order in administration.orders(ms(at)) {
            if let Order::Remove(node) = &order {
                out.insert(node.clone());
            }
            under_way.push((at + 300, order));
        }
        for (_, order) in under_way.extract_if(.., |(due, _)| *due <= at) {
            if let Order::Add(node) = &order {
                out.remove(node);
            }
            administration.done(&order, true, ms(at));
        }
        most = most.max(out.len());
        ever.extend(out.iter().cloned());
    }
    assert_eq!((most, out.len()), (2, 0));
    assert_eq!(Vec::from_iter(ever), nodes);
}
