//! 2-atomicity: some order keeps real time and lets every read return the last write or the one before it.
//!
//! ```text
//! write 1 ├─┤   write 2 ├─┤   read 1 ├─┤              2-atomic: one write lies between
//! write 1 ├─┤   write 2 ├─┤   write 3 ├─┤   read 1 ├─┤    not
//! ```
//!
//! The algorithm LBT (Golab, Hurwitz, Li, "On the k-atomicity-verification problem", ICDCS 2013, section 3)
//! puts the writes in order from the last to the first. What may be last: a write that ended before no other
//! one began. Say it is w. Every value that was read after w had certainly been written must stand right
//! before w: with two such values w was wrong; with one there is no choice, and so on; with none the rest is
//! independent of what was put, and no choice so far need be reconsidered, because an order of the whole
//! gives one of the rest by leaving the others out. A choice that turns out wrong takes back only what it
//! forced; the choices are tried in turn with ever longer patience, so that none of them costs more than
//! twice what the right one does.

use crate::checker::staleness::register::Place;

/// A value: when it was written, and when its last read began.
#[derive(Clone, Copy, Debug)]
pub(super) struct Item {
    pub begin: Place,
    pub first_end: Place,
    pub last_read_begin: Place,
}

/// Whether these values have such an order; if not, those that show it.
pub(super) fn verify(items: &[Item]) -> Result<(), Vec<usize>> {
    let mut rest = Rest::of(items);
    while let Some(last_begin) = rest.by_begin.first() {
        let mut choices = rest.choices();
        let mut shown = vec![last_begin];
        let mut patience = 1;
        loop {
            let mut is_put = false;
            choices.retain(|&choice| {
                let outcome =
                    if is_put { Outcome::Unfinished } else { rest.put(choice, patience, &mut shown) };
                is_put |= outcome == Outcome::Put;
                outcome != Outcome::Wrong
            });
            if is_put {
                break;
            }
            if choices.is_empty() {
                shown.sort_unstable();
                shown.dedup();
                return Err(shown);
            }
            patience *= 2;
        }
    }
    Ok(())
}

/// What became of a choice.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Put,
    Wrong,
    Unfinished,
}

/// What has yet to be put in order.
struct Rest<'i> {
    items: &'i [Item],
    by_begin: List,
    by_end: List,
    by_read: List,
}

impl<'i> Rest<'i> {
    fn of(items: &'i [Item]) -> Rest<'i> {
        let by = |key: fn(&Item) -> Place| List::descending(items.len(), |item| key(&items[item]));
        Rest {
            items,
            by_begin: by(|item| item.begin),
            by_end: by(|item| item.first_end),
            by_read: by(|item| item.last_read_begin),
        }
    }

    /// What may be last.
    fn choices(&self) -> Vec<usize> {
        let last_begin = self.by_begin.first().map(|item| self.items[item].begin);
        let ends_too_early = |item: &usize| Some(self.items[*item].first_end) < last_begin;
        self.by_end.iter().take_while(|item| !ends_too_early(item)).collect()
    }

    /// Puts this one last, and whatever that forces before it, at most so many. If it is wrong or not finished
    /// everything is as before. Adds to what shows that it is wrong.
    fn put(&mut self, choice: usize, patience: usize, shown: &mut Vec<usize>) -> Outcome {
        let mut put = Vec::new();
        let mut next = Some(choice);
        let outcome = loop {
            let Some(item) = next else { break Outcome::Put };
            let end = self.items[item].first_end;
            if let Some(later) = self.by_begin.first().filter(|&later| self.items[later].begin > end) {
                shown.extend([item, later]);
                break Outcome::Wrong;
            }
            if put.len() == patience {
                break Outcome::Unfinished;
            }
            self.remove(item);
            put.push(item);
            let mut forced = self.by_read.iter().take_while(|&other| self.items[other].last_read_begin > end);
            next = forced.next();
            if let Some(second) = forced.next() {
                shown.extend(next.into_iter().chain([second]));
                break Outcome::Wrong;
            }
        };
        if outcome == Outcome::Wrong {
            shown.extend(&put);
        }
        if outcome != Outcome::Put {
            put.into_iter().rev().for_each(|item| self.restore(item));
        }
        outcome
    }

    fn remove(&mut self, item: usize) {
        for list in [&mut self.by_begin, &mut self.by_end, &mut self.by_read] {
            list.remove(item);
        }
    }

    /// Undoes the last removal that was not undone, which was of this one.
    fn restore(&mut self, item: usize) {
        for list in [&mut self.by_begin, &mut self.by_end, &mut self.by_read] {
            list.restore(item);
        }
    }
}

/// Items in descending order, linked both ways, so that what is removed can be put back in reverse.
struct List {
    next: Vec<usize>,
    previous: Vec<usize>,
}

impl List {
    fn descending(items: usize, key: impl Fn(usize) -> Place) -> List {
        let mut order: Vec<usize> = (0..items).collect();
        order.sort_by_key(|&item| std::cmp::Reverse(key(item)));
        let mut list = List { next: vec![items; items + 1], previous: vec![items; items + 1] };
        let mut last = items;
        for item in order.into_iter().chain([items]) {
            (list.next[last], list.previous[item]) = (item, last);
            last = item;
        }
        list
    }

    /// The end of the list, which links it to a ring.
    fn end(&self) -> usize {
        self.next.len() - 1
    }

    fn first(&self) -> Option<usize> {
        self.iter().next()
    }

    fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        std::iter::successors(Some(self.next[self.end()]), |&item| Some(self.next[item]))
            .take_while(|&item| item != self.end())
    }

    fn remove(&mut self, item: usize) {
        let (next, previous) = (self.next[item], self.previous[item]);
        (self.next[previous], self.previous[next]) = (next, previous);
    }

    fn restore(&mut self, item: usize) {
        let (next, previous) = (self.next[item], self.previous[item]);
        (self.next[previous], self.previous[next]) = (item, item);
    }
}

/// The fewest of these that still have no such order: one after the other is left out, if the rest has none.
pub(super) fn minimize(items: &[Item], mut shown: Vec<usize>) -> Vec<usize> {
    /// Of more than these it is left at what was shown.
    const SHOWN_MAX: usize = 400;
    let mut place = shown.len();
    while let Some(next) = place.checked_sub(1).filter(|_| shown.len() <= SHOWN_MAX) {
        place = next;
        let rest: Vec<Item> =
            shown.iter().filter(|&&item| item != shown[place]).map(|&item| items[item]).collect();
        if verify(&rest).is_err() {
            shown.remove(place);
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Random;

    /// Whether the rest can be put behind these, by trying every order.
    fn has_order(items: &[Item], order: &mut Vec<usize>) -> bool {
        let rest: Vec<usize> = (0..items.len()).filter(|item| !order.contains(item)).collect();
        rest.is_empty()
            || rest.iter().any(|&item| {
                let is_next = !rest.iter().any(|&other| items[other].first_end < items[item].begin);
                let reaches = |earlier: &&usize| items[item].first_end < items[**earlier].last_read_begin;
                let is_near = order.iter().rev().skip(1).find(reaches).is_none();
                order.push(item);
                let found = is_next && is_near && has_order(items, order);
                order.pop();
                found
            })
    }

    fn item(random: &mut Random, at: i64) -> Item {
        let mut below = |bound: u64| random.below(bound) as Place;
        let begin = 4 * at - below(18);
        let first_end = begin + 1 + below(16);
        Item { begin, first_end, last_read_begin: if below(3) > 0 { first_end + below(30) } else { -1 } }
    }

    #[test]
    fn agrees_with_every_order() {
        let mut of_outcome = [0; 2];
        for seed in 0..20_000 {
            let mut random = Random(seed);
            let length = 4 + random.below(4) as i64;
            let items: Vec<Item> = (0..length).map(|at| item(&mut random, at)).collect();
            let verified = verify(&items);
            assert_eq!(verified.is_ok(), has_order(&items, &mut Vec::new()), "{items:?}");
            of_outcome[usize::from(verified.is_ok())] += 1;
            if let Err(shown) = verified {
                let only = |shown: &[usize]| shown.iter().map(|&item| items[item]).collect::<Vec<_>>();
                assert!(!has_order(&only(&shown), &mut Vec::new()), "{items:?}: {shown:?} show nothing");
                let core = minimize(&items, shown);
                assert!(!has_order(&only(&core), &mut Vec::new()), "{items:?}: {core:?} show nothing");
            }
        }
        assert!(of_outcome.iter().all(|count| *count > 1_000), "{of_outcome:?}");
    }

    #[test]
    fn takes_a_long_chain_of_forced_writes() {
        // Each value is read last just after the next but one was written.
        let chain = |reach: Place| -> Vec<Item> {
            let item =
                |at: Place| Item { begin: 10 * at, first_end: 10 * at + 5, last_read_begin: 10 * at + reach };
            (0..100_000).map(item).collect()
        };
        assert!(verify(&chain(18)).is_ok());
        let shown = verify(&chain(28)).expect_err("two writes lie between");
        assert_eq!(minimize(&chain(28), shown).len(), 3);
    }
}
