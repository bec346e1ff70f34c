//! The search for an order: Wing and Gong 1993, with the memory of Lowe 2017.
//!
//! ```text
//! a ├──── write 1 ────┤                 at first a and b can be next: none returned before they began
//! b    ├─ read 0 ─┤                     b sees the state: it is next, without another try
//! c                     ├─ read 1 ─┤    c can be next only after a and b
//! ```
//!
//! A configuration is the set of operations that have taken effect, and the value there now. An operation
//! can be next if none that is still to come returned before it was invoked. The search takes one that can
//! be next and goes on; where nothing can, it goes back and takes another; a configuration met before is
//! not tried again. Four rules keep it short, and lose no order:
//!
//! 1. A read that can be next and returns the present value is next. In any order of the rest it can be
//!    moved to the front: it changes nothing, and nothing needs to be before it.
//! 2. When nothing to come observes the present value, a write whose own value nothing to come observes is
//!    next, if it can be. In any order of the rest, what comes first and what follows that write must both
//!    be blind writes (or nothing, or that write itself), for everything else would observe one of the two
//!    values; so the write can be moved to the front, and every other operation still meets its value.
//! 3. The present value is not replaced while an operation that must happen needs it, and nothing to come
//!    writes it again.
//! 4. An operation of unknown fate is not taken when nothing to come observes its value. It would be followed
//!    by a blind write or by nothing, and the order without it is as good.

use rustc_hash::FxHashSet;

use super::problem::{INITIAL, Op, Problem, Step};

/// How a search ended.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Outcome {
    /// In this order (places in [`Problem::ops`]) every operation explains itself.
    Order(Vec<usize>),
    /// There is no such order.
    Impossible,
    /// More configurations than allowed.
    GaveUp,
}

/// Searches for an order, with at most so many configurations, which it counts down.
pub(super) fn search(problem: &Problem, configurations: &mut u64) -> Outcome {
    let mut search = Search::new(problem);
    let mut seen = FxHashSet::default();
    let mut choices: Vec<Choice> = Vec::new();
    loop {
        search.take_forced();
        if search.required == 0 {
            return Outcome::Order(search.taken.iter().map(|taken| taken.op).collect());
        }
        if seen.insert(search.configuration()) {
            if *configurations == 0 {
                return Outcome::GaveUp;
            }
            *configurations -= 1;
            choices.push(Choice { taken: search.taken.len(), ops: search.candidates() });
        }
        let next = loop {
            let Some(choice) = choices.last_mut() else {
                return Outcome::Impossible;
            };
            search.go_back(choice.taken);
            match choice.ops.pop() {
                Some(op) => break op,
                None => choices.pop(),
            };
        };
        search.take(next);
    }
}

/// A place to come back to: how much had been taken there, and what is left to try, the next one last.
struct Choice {
    taken: usize,
    ops: Vec<usize>,
}

/// An operation that has taken effect, and what is needed to undo that.
struct Taken {
    op: usize,
    before: usize,
    last_taken: usize,
}

/// The configuration, and what follows from it.
struct Search<'p> {
    ops: &'p [Op],
    /// The beginnings and ends of what is to come, in real-time order.
    timeline: Timeline,
    value: usize,
    taken: Vec<Taken>,
    /// One above the highest place of an operation that has been taken.
    last_taken: usize,
    /// How many must still happen.
    required: usize,
    /// Of each value: how many to come that must happen observe it; that may happen; how many write it.
    needed: Vec<usize>,
    wanted: Vec<usize>,
    writers: Vec<usize>,
}

impl Search<'_> {
    fn new(problem: &Problem) -> Search<'_> {
        let mut search = Search {
            ops: &problem.ops,
            timeline: Timeline::of(&problem.ops),
            value: INITIAL,
            taken: Vec::new(),
            last_taken: 0,
            required: problem.ops.iter().filter(|op| op.returned_at.is_some()).count(),
            needed: vec![0; problem.values],
            wanted: vec![0; problem.values],
            writers: vec![0; problem.values],
        };
        for op in &problem.ops {
            search.count(op, |count| *count += 1);
        }
        search
    }

    /// Counts an operation in or out.
    fn count(&mut self, op: &Op, change: fn(&mut usize)) {
        if let Some(value) = op.act.observes() {
            change(if op.returned_at.is_some() { &mut self.needed[value] } else { &mut self.wanted[value] });
        }
        if let Some(value) = op.act.writes() {
            change(&mut self.writers[value]);
        }
    }

    fn is_observed(&self, value: usize) -> bool {
        self.needed[value] + self.wanted[value] > 0
    }

    /// Rules 1 and 2, as long as they apply.
    fn take_forced(&mut self) {
        loop {
            let forced = self.timeline.available().find(|&op| self.is_forced(op));
            let Some(op) = forced else { return };
            self.take(op);
        }
    }

    fn is_forced(&self, op: usize) -> bool {
        let Op { act, returned_at, .. } = self.ops[op];
        match act {
            Step::Read(value) => value == self.value,
            Step::Write(value) => {
                returned_at.is_some() && !self.is_observed(self.value) && !self.is_observed(value)
            }
            Step::Cas(..) => false,
        }
    }

    /// What may be tried next, the most urgent last.
    fn candidates(&self) -> Vec<usize> {
        let available = self.timeline.available();
        let mut candidates: Vec<usize> = available.filter(|&op| self.is_candidate(op)).collect();
        candidates.sort_by_key(|&op| std::cmp::Reverse(self.ops[op].returned_at.unwrap_or(usize::MAX)));
        candidates
    }

    fn is_candidate(&self, op: usize) -> bool {
        let Op { act, returned_at, .. } = self.ops[op];
        let Some(written) = act.writes() else {
            return false;
        };
        if act.observes().is_some_and(|value| value != self.value) {
            return false;
        }
        if returned_at.is_none() && !self.is_observed(written) {
            return false;
        }
        let is_own = usize::from(act.observes().is_some() && returned_at.is_some());
        let is_needed = self.needed[self.value] > is_own && self.writers[self.value] == 0;
        written == self.value || !is_needed
    }

    fn take(&mut self, op: usize) {
        self.taken.push(Taken { op, before: self.value, last_taken: self.last_taken });
        self.timeline.remove(op);
        let taken = self.ops[op];
        self.count(&taken, |count| *count -= 1);
        self.required -= usize::from(taken.returned_at.is_some());
        self.last_taken = self.last_taken.max(op + 1);
        self.value = taken.act.writes().unwrap_or(self.value);
    }

    /// Undoes what was taken, until so many are left.
    fn go_back(&mut self, length: usize) {
        while self.taken.len() > length
            && let Some(Taken { op, before, last_taken }) = self.taken.pop()
        {
            self.timeline.restore(op);
            let taken = self.ops[op];
            self.count(&taken, |count| *count += 1);
            self.required += usize::from(taken.returned_at.is_some());
            self.last_taken = last_taken;
            self.value = before;
        }
    }

    /// The configuration in few words: the value, how far the taken operations reach, and what was left out
    /// until there. (32 bits suffice: four thousand million operations do not fit into memory.)
    fn configuration(&self) -> Box<[u32]> {
        let left_out = self.timeline.to_come().take_while(|&op| op < self.last_taken);
        let words = [self.value, self.last_taken].into_iter().chain(left_out);
        words.map(|word| word as u32).collect()
    }
}

/// The beginnings and ends of operations in real-time order, as a doubly linked list: what is removed is
/// restored in the opposite order.
///
/// - Operation `n` begins at entry `2 n` and ends at `2 n + 1`; one that may never happen has no end.
struct Timeline {
    next: Vec<usize>,
    previous: Vec<usize>,
    has_end: Vec<bool>,
}

impl Timeline {
    fn of(ops: &[Op]) -> Timeline {
        let begins = ops.iter().enumerate().map(|(op, Op { invoked_at, .. })| (*invoked_at, 2 * op));
        let ends = ops
            .iter()
            .enumerate()
            .filter_map(|(op, Op { returned_at, .. })| Some(((*returned_at)?, 2 * op + 1)));
        // An operation may end where it begins; then its beginning comes first.
        let mut entries: Vec<(usize, usize)> = begins.chain(ends).collect();
        entries.sort_unstable_by_key(|&(position, entry)| (position, entry % 2, entry));
        let head = 2 * ops.len();
        let mut timeline = Timeline {
            next: vec![head; head + 1],
            previous: vec![head; head + 1],
            has_end: ops.iter().map(|op| op.returned_at.is_some()).collect(),
        };
        for (_, entry) in entries {
            let last = timeline.previous[head];
            (timeline.next[last], timeline.previous[entry]) = (entry, last);
            (timeline.next[entry], timeline.previous[head]) = (head, entry);
        }
        timeline
    }

    fn entries(&self) -> impl Iterator<Item = usize> {
        let head = self.next.len() - 1;
        std::iter::successors(Some(self.next[head]), |&entry| Some(self.next[entry]))
            .take_while(move |&entry| entry != head)
    }

    /// What can be next: begun before anything else to come ended.
    fn available(&self) -> impl Iterator<Item = usize> {
        self.entries().take_while(|entry| entry % 2 == 0).map(|entry| entry / 2)
    }

    /// All that is to come, in the order of the invocations.
    fn to_come(&self) -> impl Iterator<Item = usize> {
        self.entries().filter(|entry| entry % 2 == 0).map(|entry| entry / 2)
    }

    fn remove(&mut self, op: usize) {
        self.unlink(2 * op);
        if self.has_end[op] {
            self.unlink(2 * op + 1);
        }
    }

    fn restore(&mut self, op: usize) {
        if self.has_end[op] {
            self.link(2 * op + 1);
        }
        self.link(2 * op);
    }

    fn unlink(&mut self, entry: usize) {
        let (next, previous) = (self.next[entry], self.previous[entry]);
        (self.next[previous], self.previous[next]) = (next, previous);
    }

    fn link(&mut self, entry: usize) {
        let (next, previous) = (self.next[entry], self.previous[entry]);
        (self.next[previous], self.previous[next]) = (entry, entry);
    }
}
