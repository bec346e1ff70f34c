//! The state of each link against the set of faults in force, whatever the order in which they begin and heal.

use proptest::prelude::*;
use proptest::sample::Index;
use turmoil::net::UdpSocket;

use super::*;

const NODES: usize = 4;
const PORT: u16 = 7000;
/// Longer than a message is under way, and than a machine needs to start.
const SETTLED: Duration = Duration::from_millis(60);

/// From one node to another.
type Way = (String, String);

/// What nodes that talk to each other all the time have seen.
#[derive(Default)]
struct Seen {
    /// Ways on which datagrams arrived.
    arrived: RefCell<BTreeSet<Way>>,
    /// How late the seam has frames; none: lost.
    late: RefCell<BTreeMap<Way, Option<Duration>>>,
}

async fn talk(name: String, all: Vec<String>, env: Env, seen: Rc<Seen>) -> anyhow::Result<()> {
    let socket = Rc::new(UdpSocket::bind(("0.0.0.0", PORT)).await?);
    let (hearing, to, heard) = (socket.clone(), name.clone(), seen.clone());
    tokio::task::spawn_local(async move {
        while let Ok((_, from)) = hearing.recv_from(&mut [0]).await {
            let from = turmoil::reverse_lookup(from.ip()).unwrap_or_default();
            heard.arrived.borrow_mut().insert((from, to.clone()));
        }
    });
    loop {
        for other in all.iter().filter(|other| **other != name) {
            let deliveries = env.network.deliveries(&format!("{other}:{PORT}"));
            let late = deliveries.first().map(|delivery| delivery.delay);
            seen.late.borrow_mut().insert((name.clone(), other.clone()), late);
            socket.send_to(&[0], (other.as_str(), PORT)).await?;
        }
        env.clock.sleep(Duration::from_millis(5)).await;
    }
}

/// Something that a link suffers from, by the numbers of nodes.
#[derive(Clone, Debug)]
enum Trouble {
    OneWay(usize, usize),
    Halves(BTreeSet<usize>),
    Slow(usize, usize, u64),
    Deaf(usize),
    PowerLoss(usize),
}

impl Trouble {
    fn begin(&self, cluster: &mut Cluster) -> FaultId {
        let id = cluster.new_fault();
        let name = |node: usize| cluster.nodes()[node].clone();
        match self {
            Trouble::OneWay(from, to) => cluster.block(id, &name(*from), &name(*to)),
            Trouble::Halves(side) => {
                let (side, rest): (Vec<usize>, Vec<usize>) = (0..NODES).partition(|node| side.contains(node));
                let [side, rest] = [side, rest].map(|half| half.into_iter().map(name).collect::<Vec<_>>());
                cluster.block_between(id, &side, &rest);
            }
            Trouble::Slow(from, to, ms) => {
                let ways = [(name(*from), name(*to))].into();
                let effect = MessageEffect::SlowLink(Duration::from_millis(*ms));
                cluster.disturb(id, MessageFault { ways, chance: 1.0, effect });
            }
            Trouble::Deaf(node) => cluster.deafen(id, &name(*node)),
            Trouble::PowerLoss(node) => cluster.power_loss(id, &name(*node)),
        }
        id
    }

    fn cuts(&self, from: usize, to: usize) -> bool {
        match self {
            Trouble::OneWay(a, b) => (*a, *b) == (from, to),
            Trouble::Halves(side) => side.contains(&from) != side.contains(&to),
            Trouble::PowerLoss(node) => [from, to].contains(node),
            Trouble::Slow(..) | Trouble::Deaf(_) => false,
        }
    }

    /// How late a frame is; none: lost.
    fn late(&self, from: usize, to: usize) -> Option<Duration> {
        match self {
            Trouble::Deaf(node) if *node == to => None,
            Trouble::Slow(a, b, ms) if (*a, *b) == (from, to) => Some(Duration::from_millis(*ms)),
            _ => Some(Duration::ZERO),
        }
    }

    fn is_down(&self, node: usize) -> bool {
        matches!(self, Trouble::PowerLoss(down) if *down == node)
    }
}

fn trouble() -> impl Strategy<Value = Trouble> {
    let node = || 0..NODES;
    let pair = || (node(), 1..NODES).prop_map(|(from, step)| (from, (from + step) % NODES));
    prop_oneof![
        pair().prop_map(|(from, to)| Trouble::OneWay(from, to)),
        proptest::collection::btree_set(node(), 1..NODES).prop_map(Trouble::Halves),
        (pair(), 50..800u64).prop_map(|((from, to), ms)| Trouble::Slow(from, to, ms)),
        node().prop_map(Trouble::Deaf),
        node().prop_map(Trouble::PowerLoss),
    ]
}

/// What the links do now, looked at from inside, against what the set says.
fn check(cluster: &mut Cluster, seen: &Seen, in_force: &[(FaultId, Trouble)]) -> Result<(), TestCaseError> {
    run(cluster, SETTLED);
    seen.arrived.borrow_mut().clear();
    run(cluster, SETTLED);
    let troubles = || in_force.iter().map(|(_, trouble)| trouble);
    for (from, to) in (0..NODES).flat_map(|from| (0..NODES).map(move |to| (from, to))).filter(|(a, b)| a != b)
    {
        let way = (cluster.nodes()[from].clone(), cluster.nodes()[to].clone());
        let is_cut = troubles().any(|trouble| trouble.cuts(from, to));
        prop_assert_eq!(seen.arrived.borrow().contains(&way), !is_cut, "{:?} under {:?}", way, in_force);
        if !troubles().any(|trouble| trouble.is_down(from)) {
            let late = troubles().map(|trouble| trouble.late(from, to)).sum::<Option<Duration>>();
            prop_assert_eq!(seen.late.borrow()[&way], late, "{:?} under {:?}", way, in_force);
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn every_link_is_as_the_faults_in_force_leave_it(
        steps in proptest::collection::vec((trouble(), proptest::option::of(any::<Index>())), 1..16),
        rest in proptest::collection::vec(any::<Index>(), 16),
    ) {
        let seen = Rc::new(Seen::default());
        let (all, shared) = (options(NODES).nodes, seen.clone());
        let start: Start = Box::new(move |name, env| Box::pin(talk(name.to_owned(), all.clone(), env, shared.clone())));
        let mut cluster = Cluster::new(&options(NODES), start, Rc::new(Log::default())).expect("valid options");
        let mut in_force: Vec<(FaultId, Trouble)> = Vec::new();
        check(&mut cluster, &seen, &in_force)?;
        for (trouble, healed) in steps {
            match healed.filter(|_| !in_force.is_empty()) {
                Some(healed) => {
                    let (id, _) = in_force.swap_remove(healed.index(in_force.len()));
                    cluster.heal(id);
                }
                None => in_force.push((trouble.begin(&mut cluster), trouble)),
            }
            check(&mut cluster, &seen, &in_force)?;
        }
        for healed in rest {
            if !in_force.is_empty() {
                let (id, _) = in_force.swap_remove(healed.index(in_force.len()));
                cluster.heal(id);
                check(&mut cluster, &seen, &in_force)?;
            }
        }
    }
}
