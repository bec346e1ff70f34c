//! Any sequence of writes, flushes, compactions, restarts and power losses, beside a map in memory.

use proptest::prelude::*;

use super::*;

#[derive(Clone, Debug)]
enum Op {
    Append {
        key: u64,
        bytes: usize,
    },
    Sync,
    Flush,
    Compact,
    /// What is under way goes on a little.
    Step,
    PowerLoss(u64),
    Kill,
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        8 => (0..12_u64, 0..2500_usize).prop_map(|(key, bytes)| Op::Append { key, bytes }),
        4 => Just(Op::Sync),
        2 => Just(Op::Flush),
        1 => Just(Op::Compact),
        6 => Just(Op::Step),
        1 => any::<u64>().prop_map(Op::PowerLoss),
        1 => Just(Op::Kill),
    ]
}

/// What is known of each key.
#[derive(Default)]
struct Model {
    /// Durable, and to be read.
    held: BTreeMap<String, Entry>,
    /// In the log, and perhaps not durable.
    appended: Vec<Record>,
}

impl Model {
    fn synced(&mut self) {
        for Record { key, entry } in self.appended.drain(..) {
            self.held.insert(key, entry);
        }
    }

    /// A restart may find some of what was appended and not synced, and nothing else that is new.
    fn restarted(&mut self, found: BTreeMap<String, Entry>) {
        for (key, entry) in &found {
            let held = self.held.get(key).map(|held| held.version);
            let record = Record { key: key.clone(), entry: entry.clone() };
            let is_known = self.held.get(key) == Some(entry) || self.appended.contains(&record);
            assert!(is_known && held <= Some(entry.version), "{key}: {held:?}, found {:?}", entry.version);
        }
        assert!(self.held.keys().all(|key| found.contains_key(key)), "{:?}", found.keys());
        *self = Model { held: found, ..Model::default() };
    }
}

fn run(ops: &[Op]) {
    let mut store = Store::open(&MemoryDisk::default());
    let mut model = Model::default();
    for (number, op) in (1..).zip(ops) {
        match op {
            Op::Append { key, bytes } => {
                let mut record = large(*key, number);
                record.entry.value = (bytes % 7 > 0).then(|| vec![number as u8; *bytes]);
                store.append(&record).unwrap();
                model.appended.push(record);
            }
            Op::Sync => {
                store.sync().unwrap();
                model.synced();
            }
            Op::Flush => store.begin_flush(),
            Op::Compact => store.begin_compaction(),
            Op::Step => store.step().unwrap(),
            Op::PowerLoss(seed) => {
                store = store.restarted(Keep::Some(*seed));
                model.restarted(store.all());
            }
            Op::Kill => {
                store = store.restarted(Keep::Everything);
                model.restarted(store.all());
            }
        }
        assert!(!store.damaged, "no byte was flipped");
        assert_eq!(store.all(), model.held, "after {number} operations");
        assert!(model.held.iter().all(|(key, entry)| store.get(key).as_ref() == Some(entry)));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn holds_what_a_map_would(ops in prop::collection::vec(op(), 1..80)) {
        run(&ops);
    }
}
