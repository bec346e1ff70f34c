//! The least time by which reads may be late, so that the register is atomic: delta-atomicity (Golab, Li,
//! Shah, "Analyzing consistency properties for fun and profit", PODC 2011).
//!
//! ```text
//! write 1  ├──┤                                        write 2 ended at 30 ms, and the read of 1 began
//! write 2        ├──┤ 30 ms                            at 80 ms: were it to begin 50 ms earlier, it
//! read 1                         80 ms ├──┤            might still precede write 2. Delta is 50 ms
//! ```
//!
//! A history is atomic for delta when it is linearizable after the begin of every read is moved back by delta.
//! With unique values that is a question of pairs: two clusters conflict when something of each ended before
//! something of the other began, for then neither value can be current before the other (Gibbons and Korach
//! 1997, theorem 4.2: two forward zones overlap, or a forward one contains a backward one). Moving reads back
//! only takes conflicts away, so the least delta is found by halving, in nanoseconds.

use crate::access::Access;
use crate::checker::staleness::register::{BEFORE, NEVER, Place, Register};

/// A moment: its time, and for equal times its place.
type Moment = (i64, Place);

/// The moments of a register's clusters.
pub(super) struct Zones {
    /// Per cluster: first end, begin of the write, begin of the last read.
    zones: Vec<(Moment, Moment, Option<Moment>)>,
    /// The clusters by first end.
    order: Vec<usize>,
    has_times: bool,
}

/// Two clusters neither of which can come before the other.
pub(super) type Conflict = (usize, usize);

impl Zones {
    /// Those of this register; with times if all of them are known, and never decrease.
    pub fn of(register: &Register<'_>) -> Zones {
        let mut zones = Zones::at(register, true);
        zones.has_times = zones.are_times_ordered();
        if !zones.has_times {
            zones = Zones::at(register, false);
        }
        zones
    }

    fn at(register: &Register<'_>, has_times: bool) -> Zones {
        const UNKNOWN: i64 = i64::MIN + 1;
        let time = |time: Option<u64>| match has_times {
            true => time.and_then(|time| i64::try_from(time).ok()).unwrap_or(UNKNOWN),
            false => 0,
        };
        let began = |access: Option<&Access<'_>>, place: Place| match access {
            Some(access) => (time(access.operation.invocation().time), place),
            None => (i64::MIN, BEFORE),
        };
        let ended = |access: Option<&Access<'_>>, place: Place| match access {
            Some(_) if place == NEVER => (i64::MAX, NEVER),
            Some(access) => (time(access.operation.completion().and_then(|event| event.time)), place),
            None => (i64::MIN, BEFORE),
        };
        let zones = register.clusters.iter().map(|cluster| {
            let first_end = ended(cluster.first_ended.filter(|_| cluster.write.is_some()), cluster.first_end);
            let last_read = cluster.last_read.map(|read| began(Some(read), cluster.last_read_begin));
            (first_end, began(cluster.write, cluster.begin), last_read)
        });
        let zones: Vec<(Moment, Moment, Option<Moment>)> = zones.collect();
        let mut order: Vec<usize> = (0..zones.len()).collect();
        order.sort_unstable_by_key(|&cluster| zones[cluster].0);
        Zones { zones, order, has_times: false }
    }

    /// Whether all times are known, and go up with the places.
    fn are_times_ordered(&self) -> bool {
        let moments = self.zones.iter().flat_map(|(end, write, read)| [Some(*end), Some(*write), *read]);
        let mut moments: Vec<Moment> = moments.flatten().filter(|(_, place)| *place != BEFORE).collect();
        moments.sort_unstable_by_key(|(_, place)| *place);
        moments.iter().all(|(time, _)| *time >= 0) && moments.is_sorted_by_key(|(time, _)| *time)
    }

    /// The last begin of a cluster, with reads moved back.
    fn last_begin(&self, cluster: usize, delta: i64) -> Moment {
        let (_, write, read) = self.zones[cluster];
        let read = read.map(|(time, place)| if delta == 0 { (time, place) } else { (time - delta, BEFORE) });
        read.map_or(write, |read| read.max(write))
    }

    /// Two clusters that conflict although reads are moved back by so many nanoseconds.
    pub fn conflict(&self, delta: u64) -> Option<Conflict> {
        let delta = i64::try_from(delta).unwrap_or(i64::MAX / 2);
        let mut forward: Vec<usize> = Vec::new();
        let is_forward = |cluster: usize| self.zones[cluster].0 < self.last_begin(cluster, delta);
        for &cluster in self.order.iter().filter(|cluster| is_forward(**cluster)) {
            if let Some(&last) = forward.last()
                && self.zones[cluster].0 < self.last_begin(last, delta)
            {
                return Some((last, cluster));
            }
            forward.push(cluster);
        }
        self.order.iter().filter(|cluster| !is_forward(**cluster)).find_map(|&inner| {
            let begin = self.last_begin(inner, delta);
            let outer = forward.partition_point(|&outer| self.zones[outer].0 < begin).checked_sub(1)?;
            let outer = forward[outer];
            (self.zones[inner].0 < self.last_begin(outer, delta)).then_some((outer, inner))
        })
    }

    /// The least delta, in nanoseconds; none if it is not zero and times are missing.
    pub fn delta(&self) -> Option<u64> {
        if self.conflict(0).is_none() {
            return Some(0);
        }
        if !self.has_times {
            return None;
        }
        let reads = self.zones.iter().filter_map(|(_, _, read)| *read);
        let latest = reads.map(|(time, _)| time).max().unwrap_or(0);
        // With every read moved back to the beginning, nothing conflicts.
        let (mut too_small, mut enough) = (0, u64::try_from(latest).unwrap_or(0) + 1);
        while enough - too_small > 1 {
            let middle = too_small + (enough - too_small) / 2;
            match self.conflict(middle) {
                Some(_) => too_small = middle,
                None => enough = middle,
            }
        }
        Some(enough)
    }

    /// Whether times are known.
    pub fn has_times(&self) -> bool {
        self.has_times
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Random;

    /// The conflict of two clusters, by its definition.
    fn conflicts(zones: &Zones, one: usize, other: usize, delta: i64) -> bool {
        let is_before = |one: usize, other: usize| zones.zones[one].0 < zones.last_begin(other, delta);
        is_before(one, other) && is_before(other, one)
    }

    #[test]
    fn finds_a_conflict_where_any_pair_has_one() {
        let mut found = [0; 2];
        for seed in 0..20_000 {
            let mut random = Random(seed);
            let mut places: Vec<Place> = (0..40).collect();
            let mut moment = |from: usize| {
                let place = places.remove(from + random.below((places.len() - from).min(9) as u64) as usize);
                (place * place, place)
            };
            let mut cluster = |number: usize| {
                let begin = moment(number);
                let end = moment((number + 2).min(10));
                let (begin, end) = (begin.min(end), begin.max(end));
                (end, begin, (!number.is_multiple_of(3)).then(|| moment(number * 2)))
            };
            let zones: Vec<_> = (0..8).map(&mut cluster).collect();
            let mut order: Vec<usize> = (0..zones.len()).collect();
            order.sort_unstable_by_key(|&cluster| zones[cluster].0);
            let zones = Zones { zones, order, has_times: true };
            for delta in [0, 1, 50, 300] {
                let is_pair =
                    |pair: usize| pair / 8 != pair % 8 && conflicts(&zones, pair / 8, pair % 8, delta);
                let conflict = zones.conflict(delta as u64);
                assert_eq!(conflict.is_some(), (0..64).any(is_pair), "{seed}, {delta}");
                assert!(conflict.is_none_or(|(one, other)| conflicts(&zones, one, other, delta)));
                found[usize::from(conflict.is_some())] += 1;
            }
        }
        assert!(found.iter().all(|count| *count > 1_000), "{found:?}");
    }
}
