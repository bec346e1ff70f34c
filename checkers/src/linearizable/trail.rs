//! How each configuration came about: a forest of choices, cut back to what living configurations need.
//!
//! ```text
//! ● ─ ● ─ ● ─ ● ┬ ● ─ ●      two living configurations: what both came by is settled and leaves the trail,
//!               └ ● ─ ● ─ ●  branches that no living configuration came by are forgotten
//! ```
//!
//! Configurations that live at the same time came by the same choices but for the last few, so the trail
//! stays short however long the history is.

/// One thing that happened, in one configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Step {
    /// What took effect.
    pub what: What,
    /// The state it left behind.
    pub state: u32,
    /// The position of the return at which it was placed.
    pub at: u32,
}

/// What took effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// The operation at this place of the problem.
    Op(u32),
    /// Any operation of this class of unknown outcome.
    Class(u32),
}

/// The steps of living configurations that are not settled.
pub(super) struct Trail {
    /// Before the step itself comes the place of the one before it. The first entry is the root: everything
    /// settled.
    nodes: Vec<(u32, Step)>,
    /// From so many entries on it is time to cut back.
    long: usize,
}

/// The place of the root.
pub(super) const ROOT: u32 = 0;

const LONG_MIN: usize = 1 << 16;

impl Trail {
    pub fn new() -> Trail {
        let root = Step { what: What::Op(0), state: 0, at: 0 };
        Trail { nodes: vec![(ROOT, root)], long: LONG_MIN }
    }

    /// The place of the step that is pushed next.
    pub fn next_place(&self) -> u32 {
        self.nodes.len() as u32
    }

    /// Adds a step.
    pub fn push(&mut self, before: u32, step: Step) {
        self.nodes.push((before, step));
    }

    pub fn is_long(&self) -> bool {
        self.nodes.len() >= self.long
    }

    /// Cuts back to what these places need, which it updates; hands out what is settled, in order.
    pub fn cut_back(&mut self, tips: &mut [&mut u32], mut settle: impl FnMut(Step)) {
        let mut children = vec![0_u32; self.nodes.len()];
        for tip in &*tips {
            // A tip is a place where branches part, as it were: nothing behind it is common to all.
            children[**tip as usize] += 2;
        }
        for place in (1..self.nodes.len()).rev() {
            if children[place] > 0 {
                children[self.nodes[place].0 as usize] += 1;
            }
        }
        let mut places = vec![ROOT; self.nodes.len()];
        let mut kept = 1;
        let mut is_settled = children[ROOT as usize] == 1;
        for place in 1..self.nodes.len() {
            if children[place] == 0 {
                continue;
            }
            let (before, step) = self.nodes[place];
            if is_settled {
                // The root had one child, and this is the first living entry after it.
                settle(step);
                is_settled = children[place] == 1;
                continue;
            }
            self.nodes[kept] = (places[before as usize], step);
            places[place] = kept as u32;
            kept += 1;
        }
        self.nodes.truncate(kept);
        self.long = LONG_MIN.max(2 * kept);
        for tip in tips {
            **tip = places[**tip as usize];
        }
    }

    /// The states that the steps left behind.
    pub fn states(&mut self) -> impl Iterator<Item = &mut u32> {
        self.nodes[1..].iter_mut().map(|(_, step)| &mut step.state)
    }

    /// The steps that lead to this place from the root.
    pub fn to(&self, mut place: u32) -> Vec<Step> {
        let mut steps = Vec::new();
        while place != ROOT {
            let (before, step) = self.nodes[place as usize];
            steps.push(step);
            place = before;
        }
        steps.reverse();
        steps
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(op: u32) -> Step {
        Step { what: What::Op(op), state: op, at: op }
    }

    fn push(trail: &mut Trail, before: u32, op: u32) -> u32 {
        trail.push(before, step(op));
        trail.next_place() - 1
    }

    fn ops(steps: &[Step]) -> Vec<u32> {
        steps.iter().map(|step| step.state).collect()
    }

    #[test]
    fn settles_what_all_have_in_common_and_forgets_dead_branches() {
        let mut trail = Trail::new();
        let one = push(&mut trail, ROOT, 1);
        let two = push(&mut trail, one, 2);
        push(&mut trail, one, 3);
        let mut left = push(&mut trail, two, 4);
        let fork = push(&mut trail, two, 5);
        let mut right = push(&mut trail, fork, 6);
        let mut settled = Vec::new();
        trail.cut_back(&mut [&mut left, &mut right], |step| settled.push(step));
        assert_eq!(ops(&settled), [1, 2]);
        assert_eq!((ops(&trail.to(left)), ops(&trail.to(right))), (vec![4], vec![5, 6]));
        assert_eq!(trail.nodes.len(), 4);
    }

    #[test]
    fn settles_no_further_than_a_living_place() {
        let mut trail = Trail::new();
        let mut short = push(&mut trail, ROOT, 1);
        let mut long = push(&mut trail, short, 2);
        let mut settled = Vec::new();
        trail.cut_back(&mut [&mut short, &mut long], |step| settled.push(step));
        assert_eq!(ops(&settled), [1]);
        assert_eq!((ops(&trail.to(short)), ops(&trail.to(long))), (vec![], vec![2]));
        let mut root = ROOT;
        trail.cut_back(&mut [&mut root, &mut long], |_| panic!("nothing is settled"));
        assert_eq!(ops(&trail.to(long)), [2]);
    }
}
