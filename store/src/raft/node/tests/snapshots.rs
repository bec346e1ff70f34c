use super::Few;

#[test]
fn restarts_from_a_snapshot() {
    let mut few = Few::with(3, |config| (config.snapshot_every, config.snapshot_keeps) = (100, 10));
    let leader = few.elect();
    few.write(leader, 450);
    few.run(200);
    for node in 0..3 {
        let before = few.nodes[node].applied;
        let machine = few.nodes[node].machine.clone();
        assert!(few.nodes[node].log.start().index >= 390);
        few.restart(node as u16);
        assert!(few.nodes[node].applied.index >= 400);
        few.run(1500);
        assert!(few.nodes[node].applied >= before);
        assert_eq!(few.nodes[node].machine, machine);
    }
}

#[test]
fn sends_a_snapshot_in_parts_to_one_that_lacks_what_is_gone() {
    let mut few = Few::with(3, |config| {
        (config.snapshot_every, config.snapshot_keeps, config.chunk_bytes) = (100, 10, 7);
    });
    let leader = few.elect();
    let late = (leader + 1) % 3;
    few.cut = vec![late];
    few.write(leader, 450);
    few.cut.clear();
    few.run(1000);
    assert!(few.has_reached("snapshot-installed"));
    let (late, leader) = (&few.nodes[usize::from(late)], &few.nodes[usize::from(leader)]);
    assert_eq!(late.applied, leader.applied);
    assert_eq!(late.machine, leader.machine);
}
