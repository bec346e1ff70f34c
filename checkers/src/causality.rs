//! Causal order: what an operation may have depended on, and the bad patterns that no causally consistent
//! store shows (Bouajjani, Enea, Guerraoui, Hamza, "On verifying causal consistency", POPL 2017).
//!
//! ```text
//! session 0   write x = 1 ──► write x = 2
//!                                  └──────────► read x = 2 ──► read x = 1      session 1
//! ```
//!
//! Causal order (co) is session order and reads-from, and what follows from the two. Above, 1 comes before 2,
//! and 2 before the read that returned 1 nevertheless: `WriteCORead`. The definitions ask for orders that
//! exist; in a differentiated history, where each value is written once, they hold if and only if none of
//! these patterns occurs (tables 2 and 3 of the paper):
//!
//! ```text
//! pattern          what is wrong                                                        CC  CM  CCv
//! CyclicCO         causal order has a cycle                                             x   x   x
//! ThinAirRead      a value was read that nobody wrote                                   x   x   x
//! WriteCOInitRead  the initial value was read after a write of the key, in co           x   x   x
//! WriteCORead      a value was read after a later write of the key, in co               x   x   x
//! WriteHBInitRead  the same as with co, in what one session can make of the order           x
//! CyclicHB         one session cannot have seen the writes in any order                     x
//! CyclicCF         the sessions cannot have seen the writes in one common order                 x
//! ```
//!
//! Only operations that certainly happened count (see [`Differentiated`]). For each read the last write of
//! its key in each session is enough, which vector clocks give (as in Møldrup and Pavlogiannis, "AWDIT",
//! PLDI 2025): the patterns of causal consistency take time in proportion to operations times sessions.

use perjury_histories::History;

use crate::checker::{Context, Undecided};
use crate::differentiated::{Differentiated, Source};
use crate::findings::Findings;
use crate::verdict::{AnomalyKind, Verdict};

mod clocks;
mod explain;
#[cfg(test)]
mod oracle;
mod overtakes;
pub(crate) mod saturation;

use clocks::Clocks;
pub(crate) use explain::Explainer;
use saturation::{Budget, Contradiction, Ground};

/// Which of the three notions of causal consistency is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Variant {
    /// Each read is explained by an order of its own past (CC).
    Causal,
    /// All reads of a session are explained by one order (CM).
    Memory,
    /// All reads of all sessions are explained by one order of the writes (CCv).
    Convergence,
}

/// Judges the history by this notion of causal consistency.
pub(crate) fn judge(history: &History, context: &Context, variant: Variant) -> Result<Verdict, Undecided> {
    let history = Differentiated::of(history, &context.initial)?;
    let explainer = Explainer::new(&history);
    let mut findings = Findings::default();
    findings.extend_with(thin_air(&history), |read| explainer.thin_air(read));
    let mut ground = match Ground::of(&history) {
        Ok(ground) => ground,
        Err(cycle) => {
            findings.extend(cycle.map(|cycle| explainer.cycle(AnomalyKind::CyclicCo, cycle)));
            findings.stop();
            return Ok(findings.or_valid());
        }
    };
    let overtakes = || ground.writers.overtakes(&ground.clocks, 0..history.len() as u32);
    let stale = overtakes().filter(|overtake| overtake.is_stale(&ground.clocks));
    findings.extend_with(stale, |overtake| explainer.stale(&overtake, &ground.relation));
    let verdict = findings.or_valid();
    if verdict.is_invalid() {
        return Ok(verdict);
    }
    // One is enough: what follows from the first contradiction is no further one.
    let mut findings = Findings::default();
    findings.stop();
    match variant {
        Variant::Causal => {}
        Variant::Convergence => {
            let found = ground.conflicts(overtakes());
            findings.extend(found.map(|found| explainer.contradiction(AnomalyKind::CyclicCf, &found)));
        }
        Variant::Memory => {
            let found = no_order_of_a_session(&mut ground, context)?;
            findings.extend(found.map(|found| explainer.contradiction(AnomalyKind::CyclicHb, &found)));
        }
    }
    Ok(findings.or_valid())
}

/// The operations that read a value that nobody wrote.
fn thin_air(history: &Differentiated<'_>) -> impl Iterator<Item = u32> {
    let is_thin = |node: u32| history.reads(node).iter().any(|read| read.source == Source::Nobody);
    (0..history.len() as u32).filter(move |&node| is_thin(node))
}

/// Why some session cannot have seen the writes in any order. Where all sessions together can, which is
/// found out first, each of them can.
fn no_order_of_a_session(
    ground: &mut Ground<'_, '_>,
    context: &Context,
) -> Result<Option<Contradiction>, Undecided> {
    let everybody: Vec<u32> = (0..ground.history.len() as u32).collect();
    let mut budget = Budget::of(context);
    if ground.clash(&everybody, &mut budget)?.is_none() {
        return Ok(None);
    }
    for reads in saturation::observers(ground.history) {
        if let Some(clash) = ground.clash(&reads, &mut budget)? {
            return Ok(ground.explain(clash));
        }
    }
    Ok(None)
}
