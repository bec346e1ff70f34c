//! An operation that can never change any state takes effect as soon as it matches.
//!
//! ```text
//! state 1   ├─ read 1 ─┤        now: it can only be in the way later
//!           ├──── write 2 ────┤
//! ```
//!
//! Proof. Take an order in which such an operation `r`, open now and possible in the present state, comes
//! later, and move it here. It is possible here, and changes nothing, so each other operation meets the state
//! it met before. Real time allows it: `r` was invoked before now, and everything that returned before that
//! has taken effect by now, so nothing moves before what it must follow. So whatever order goes on from
//! here without `r` goes on from here with `r` done (Wing and Gong 1993 try each operation that can be next;
//! here one such try is enough; Horn and Kroening 2015, section 4, treat reads of a set alike).
//!
//! It must hold in every state, not only in the present one. A write of the value already there changes
//! nothing now, but might be wanted later: state 1, write 1 open, write 2 returns, read 1 returns is valid,
//! and having written 1 at once there would be nothing left to read. Such a write is no more than
//! [optional](super::optional), and that only once a plain write has been placed.

use super::super::mask::Mask;
use super::super::open::Open;
use super::super::states::States;
use crate::model::Model;

/// For each state, which open pure operations are possible in it; forgotten whenever others are open.
pub struct Matches<const N: usize> {
    /// By state: what is known, and when it was found out.
    known: Vec<(u32, Mask<N>)>,
    now: u32,
}

impl<const N: usize> Matches<N> {
    /// Nothing is known.
    pub(in super::super) fn new() -> Matches<N> {
        Matches { known: Vec::new(), now: 1 }
    }

    /// Other pure operations are open than before.
    pub(in super::super) fn forget(&mut self) {
        self.now += 1;
    }

    /// The open pure operations that are possible in this state.
    #[inline]
    pub(in super::super) fn of<M: Model>(
        &mut self,
        state: u32,
        open: &Open<N>,
        states: &mut States<'_, M>,
    ) -> Mask<N> {
        match self.known.get(state as usize) {
            Some((at, mask)) if *at == self.now => *mask,
            _ => self.find(state, open, states),
        }
    }

    fn find<M: Model>(&mut self, state: u32, open: &Open<N>, states: &mut States<'_, M>) -> Mask<N> {
        let mut mask = Mask::EMPTY;
        for slot in open.pure.iter() {
            if states.next(state, open.call(slot)).is_possible() {
                mask = mask | Mask::of(slot);
            }
        }
        if self.known.len() <= state as usize {
            self.known.resize(state as usize + 1, (0, Mask::EMPTY));
        }
        self.known[state as usize] = (self.now, mask);
        mask
    }
}
