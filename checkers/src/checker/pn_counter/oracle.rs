//! Agreement with the definition, on every history of four operations.

use perjury_histories::{Fate, History, Kind, Operation, notation};

use super::PnCounter;
use crate::checker::{Checker, Context};
use crate::numbers::integer;
use crate::small_histories::{Shape, every_history};

/// Every final read is the sum of all adds before it and of some subset of those that may have happened.
fn is_explained(history: &History) -> bool {
    let operations: Vec<Operation<'_>> = history.operations().collect();
    operations.iter().filter(|read| read.is_final()).all(|read| {
        let possible = operations.iter().filter(|add| {
            add.function() == "add" && add.fate() != Fate::Fail && Some(add.invoked_at()) < read.returned_at()
        });
        let possible: Vec<&Operation<'_>> = possible.collect();
        (0..1_u32 << possible.len()).any(|subset| {
            let chosen = |place: usize| subset & (1 << place) != 0;
            let sure =
                possible.iter().map(|add| add.returned_at().is_some_and(|end| end < read.invoked_at()));
            let keeps_sure = sure.enumerate().all(|(place, sure)| !sure || chosen(place));
            let amounts = possible.iter().map(|add| integer(add.argument()).expect("a number"));
            let sum: i128 = amounts.enumerate().filter(|(place, _)| chosen(*place)).map(|(_, add)| add).sum();
            keeps_sure && read.result().and_then(integer) == Some(sum)
        })
    })
}

#[test]
fn agrees_with_the_definition() {
    let add = |amount: i64, kind| Shape::of("add", amount, kind);
    let mut shapes =
        [-2, 0, 1, 3].map(|total: i64| Shape { is_final: true, ..Shape::giving("read", total) }).to_vec();
    shapes.extend([
        add(1, Kind::Ok),
        add(3, Kind::Ok),
        add(-2, Kind::Info),
        add(3, Kind::Info),
        add(1, Kind::Fail),
    ]);
    let mut invalid = 0;
    every_history(&shapes, 4, |history| {
        let verdict = PnCounter.check(history, &Context::default());
        let expected = is_explained(history);
        invalid += usize::from(!expected);
        assert_eq!(verdict.is_invalid(), !expected, "{}: {verdict:?}", notation::print(history));
    });
    assert!(invalid > 1000, "{invalid}");
}
