//! Which of some amounts make each of some sums, where no amount is used twice.
//!
//! ```text
//! amounts 1, 10, 10      sums 1, 20: 1 and 10 + 10      sums 1, 9: nothing makes the second
//! ```
//!
//! Equal amounts are of one class, and all that is chosen is how many of each class go to each sum: the first of a class
//! are used first. Sum by sum, everything that may be left is kept. That takes exponential time in bad cases (it is the
//! problem of subset sums), and so the work has a bound.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

/// How often a count of a class is tried.
const WORK_MAX: u32 = 1_000_000;

/// How many different amounts there may be.
const CLASSES_MAX: usize = 256;

/// Amounts dealt out to sums.
#[derive(Debug, PartialEq)]
pub(super) struct Shares {
    /// For each sum the places of the amounts that make it.
    pub parts: Vec<Vec<usize>>,
    /// Whether there is no other way to do it.
    pub is_only: bool,
}

/// Deals out the amounts, or tells the place of the first sum for which nothing suits what the ones before it need.
/// None: it takes too much work.
pub(super) fn share(amounts: &[i128], sums: &[i128]) -> Option<Result<Shares, usize>> {
    let classes = Classes::of(amounts);
    if classes.amounts.len() > CLASSES_MAX {
        return None;
    }
    let all = classes.members.iter().map(|members| members.len() as u32).collect();
    let mut layers = vec![vec![Rest { left: all, from: 0, ways: 1 }]];
    let mut work = WORK_MAX;
    for (place, &sum) in sums.iter().enumerate() {
        let layer = classes.after(&layers[place], sum, &mut work)?;
        if layer.is_empty() {
            return Some(Err(place));
        }
        layers.push(layer);
    }
    Some(Ok(classes.shares(&layers)))
}

/// What may be left after some of the sums.
struct Rest {
    /// How many of each class.
    left: Vec<u32>,
    /// One that it comes from, of those that may be left before.
    from: usize,
    /// In how many ways it comes about.
    ways: u32,
}

/// Different amounts, with the places where each stands. The greatest come first: they leave the least choice.
struct Classes {
    amounts: Vec<i128>,
    members: Vec<Vec<usize>>,
}

impl Classes {
    fn of(amounts: &[i128]) -> Classes {
        let mut classes: BTreeMap<(Reverse<u128>, i128), Vec<usize>> = BTreeMap::new();
        // What adds nothing need not be used.
        for (place, &amount) in amounts.iter().enumerate().filter(|(_, amount)| **amount != 0) {
            classes.entry((Reverse(amount.unsigned_abs()), amount)).or_default().push(place);
        }
        let (amounts, members) = classes.into_iter().map(|((_, amount), places)| (amount, places)).unzip();
        Classes { amounts, members }
    }

    /// What may be left when this sum is made of what was left.
    fn after(&self, layer: &[Rest], sum: i128, work: &mut u32) -> Option<Vec<Rest>> {
        let mut next: Vec<Rest> = Vec::new();
        let mut places: FxHashMap<Vec<u32>, usize> = FxHashMap::default();
        for (from, Rest { left, ways, .. }) in layer.iter().enumerate() {
            for left in self.choices(left, sum, work)? {
                let place = *places.entry(left.clone()).or_insert(next.len());
                match next.get_mut(place) {
                    Some(known) => known.ways = known.ways.saturating_add(*ways),
                    None => next.push(Rest { left, from, ways: *ways }),
                }
            }
        }
        Some(next)
    }

    /// What is left in each way to make this sum.
    fn choices(&self, left: &[u32], sum: i128, work: &mut u32) -> Option<Vec<Vec<u32>>> {
        let mut bounds = vec![(0, 0); left.len() + 1];
        for class in (0..left.len()).rev() {
            let (all, (least, greatest)) = (self.amounts[class] * i128::from(left[class]), bounds[class + 1]);
            bounds[class] = (least + all.min(0), greatest + all.max(0));
        }
        let (amounts, left) = (&self.amounts[..], left.to_vec());
        let mut choices = Choices { amounts, bounds, left, found: Vec::new(), work };
        choices.go_on(0, sum)?;
        Some(choices.found)
    }

    /// The parts, from the first that is left after all sums.
    fn shares(&self, layers: &[Vec<Rest>]) -> Shares {
        let (mut parts, mut at) = (Vec::new(), 0);
        for pair in layers.windows(2).rev() {
            let after = &pair[1][at];
            let before = &pair[0][after.from];
            parts.push(self.used(&before.left, &after.left));
            at = after.from;
        }
        parts.reverse();
        let last = layers.last().map_or(&[][..], Vec::as_slice);
        let ways = last.iter().fold(0_u32, |ways, rest| ways.saturating_add(rest.ways));
        let is_alone = |part: &usize| self.members.iter().any(|members| members[..] == [*part]);
        let is_only = ways == 1 && parts.iter().flatten().all(is_alone);
        Shares { parts, is_only }
    }

    /// The places of what is left no more.
    fn used(&self, before: &[u32], after: &[u32]) -> Vec<usize> {
        let classes = self.members.iter().zip(before.iter().zip(after));
        let used = classes.flat_map(|(members, (before, after))| {
            &members[members.len() - *before as usize..members.len() - *after as usize]
        });
        used.copied().collect()
    }
}

/// Goes through all ways to make one sum.
struct Choices<'c> {
    amounts: &'c [i128],
    /// The least and the greatest sum of what is left of this class and those behind it.
    bounds: Vec<(i128, i128)>,
    left: Vec<u32>,
    found: Vec<Vec<u32>>,
    work: &'c mut u32,
}

impl Choices<'_> {
    /// Makes the sum of this class and those behind it.
    fn go_on(&mut self, class: usize, sum: i128) -> Option<()> {
        let (least, greatest) = self.bounds[class];
        if !(least..=greatest).contains(&sum) {
            return Some(());
        }
        let Some(&amount) = self.amounts.get(class) else {
            self.found.push(self.left.clone());
            return Some(());
        };
        let all = self.left[class];
        let (least, greatest) = self.bounds[class + 1];
        for count in 0..=all {
            let rest = sum - amount * i128::from(count);
            // More of it would lead still farther away.
            if (amount > 0 && rest < least) || (amount < 0 && rest > greatest) {
                break;
            }
            *self.work = self.work.checked_sub(1)?;
            self.left[class] = all - count;
            self.go_on(class + 1, rest)?;
        }
        self.left[class] = all;
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Random;

    fn parts(amounts: &[i128], sums: &[i128]) -> Result<(Vec<Vec<usize>>, bool), usize> {
        let shares = share(amounts, sums).expect("little work");
        shares.map(|Shares { parts, is_only }| (parts, is_only))
    }

    #[test]
    fn uses_no_amount_twice() {
        assert_eq!(parts(&[1, 10], &[1, 10]), Ok((vec![vec![0], vec![1]], true)));
        assert_eq!(parts(&[1, 10], &[1, 9]), Err(1));
        assert_eq!(parts(&[1, 10], &[1, 1]), Err(1));
        assert_eq!(parts(&[1, 10], &[2]), Err(0));
        assert_eq!(parts(&[1, 10], &[]), Ok((vec![], true)));
    }

    #[test]
    fn takes_the_first_of_equal_ones_first() {
        assert_eq!(parts(&[5, 1, 1], &[1, 6]), Ok((vec![vec![1], vec![0, 2]], false)));
    }

    #[test]
    fn takes_back_what_a_later_sum_needs() {
        assert_eq!(parts(&[5, 2, 3], &[5, 2]), Ok((vec![vec![0], vec![1]], true)));
        assert_eq!(parts(&[5, 2, 3], &[5, 5]).map(|(_, is_only)| is_only), Ok(false));
        assert_eq!(parts(&[-4, 4, 9, 0], &[-4, 13]), Ok((vec![vec![0], vec![2, 1]], true)));
    }

    #[test]
    fn gives_up_at_the_bound() {
        let amounts: Vec<i128> = (0..60).map(|place| (1 << 40) + (1 << (place / 2)) * 3).collect();
        assert_eq!(share(&amounts, &[30 << 40]), None);
    }

    /// Against every way to deal out four amounts.
    #[test]
    fn finds_a_way_wherever_there_is_one() {
        let (mut found, mut never) = (0, 0);
        for seed in 0..2_000 {
            let mut random = Random(seed);
            let mut number = || i128::from(random.below(7)) - 2;
            let amounts: Vec<i128> = (0..4).map(|_| number()).collect();
            let sums: Vec<i128> = (0..2).map(|_| number()).collect();
            let ways = (0..81_usize).filter(|way| {
                let owner = |place: usize| way / 3_usize.pow(place as u32) % 3;
                let sum = |part: usize| {
                    (0..4).filter(|&place| owner(place) == part).map(|place| amounts[place]).sum()
                };
                (0..2).all(|part| sums[part] == sum(part))
            });
            let ways = ways.count();
            match parts(&amounts, &sums) {
                Ok((parts, is_only)) => {
                    let sum = |part: &Vec<usize>| part.iter().map(|&place| amounts[place]).sum::<i128>();
                    assert_eq!(parts.iter().map(sum).collect::<Vec<i128>>(), sums, "{amounts:?}");
                    assert!(ways == 1 || !is_only || amounts.contains(&0), "{amounts:?} {sums:?}");
                    found += 1;
                }
                Err(_) => {
                    assert_eq!(ways, 0, "{amounts:?} {sums:?}");
                    never += 1;
                }
            }
        }
        assert!(found > 200 && never > 200, "{found}, {never}");
    }
}
