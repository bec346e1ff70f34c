//! What was put into a bank: for sure, and perhaps.
//!
//! ```text
//! process 0  ├─ deposit 10 ─┤ info  ├─ deposit 10 ─┤ ok
//! process 1                                             ├─ read ─┤ 10 or 20
//! ```

use std::collections::BTreeSet;

use perjury_histories::{Fate, History, KeyId, Operation};
use rustc_hash::FxHashMap;

use super::statement::Statement;
use crate::checker::Undecided;
use crate::words;

/// How many sums are told apart. Deposits that are alike, as those of a client that tries again, have few; different
/// ones have twice as many with each.
const SUMS_MAX: usize = 4096;

/// The deposits of one bank.
pub(super) struct Deposits<'a> {
    /// The one that is ok.
    pub sure: Option<Operation<'a>>,
    /// What those of unknown outcome may have put in, of all that have begun so far: any of them, or none.
    sums: BTreeSet<i128>,
}

impl Default for Deposits<'_> {
    fn default() -> Self {
        Deposits { sure: None, sums: BTreeSet::from([0]) }
    }
}

/// The ok deposit of each bank. Errs on one of what is no balances, and where there are several.
pub(super) fn sure(history: &History) -> Result<FxHashMap<Option<KeyId>, Deposits<'_>>, Undecided> {
    let mut all: FxHashMap<Option<KeyId>, Deposits<'_>> = FxHashMap::default();
    let is_ok = |deposit: &Operation<'_>| deposit.function() == "deposit" && deposit.fate() == Fate::Ok;
    for deposit in history.operations().filter(is_ok) {
        balances(deposit)?;
        if all.entry(deposit.key_id()).or_default().sure.replace(deposit).is_some() {
            return Err(format!("event {}: this bank has been opened before", deposit.index()));
        }
    }
    Ok(all)
}

impl Deposits<'_> {
    /// Takes in one of unknown outcome, which begins. Errs if it is no balances, or one too many.
    pub fn begin(&mut self, deposit: Operation<'_>) -> Result<(), Undecided> {
        let amount = balances(deposit)?.total();
        let with: Vec<i128> = self.sums.iter().map(|sum| sum + amount).collect();
        self.sums.extend(with);
        if self.sums.len() > SUMS_MAX {
            let event = deposit.index();
            return Err(format!(
                "event {event}: this bank has too many different deposits of unknown outcome"
            ));
        }
        Ok(())
    }

    /// Whether some of unknown outcome may have put anything in.
    pub fn may_be_more(&self) -> bool {
        self.sums.len() > 1
    }

    /// Whether nothing is in the bank for sure, and something may come.
    pub fn may_be_to_come(&self) -> bool {
        self.sure.is_none() && self.may_be_more()
    }

    /// Whether those of unknown outcome may have put in just this.
    pub fn may_add(&self, amount: i128) -> bool {
        self.sums.contains(&amount)
    }

    /// Whether so much more (below zero: less) may have been put in at one time than at another. Which time is the
    /// later does not matter: a read may be of the past.
    pub fn may_change_by(&self, amount: i128) -> bool {
        self.sums.iter().any(|sum| self.sums.contains(&(sum + amount)))
    }
}

fn balances(deposit: Operation<'_>) -> Result<Statement<'_>, Undecided> {
    Statement::of(deposit.argument()).ok_or_else(|| {
        let (event, value) = (deposit.index(), words::value(deposit.argument()));
        format!("event {event}: a deposit must be an object or array of integer balances, not {value}")
    })
}
