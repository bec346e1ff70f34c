//! What is wrong with a read of a bank, in one sentence.

use perjury_histories::Operation;

use super::statement::Statement;
use crate::verdict::{Anomaly, AnomalyKind};
use crate::words;

/// It does not hold just these accounts.
pub(super) fn wrong_n(
    read: Operation<'_>,
    statement: &Statement<'_>,
    (accounts, witness): &(Vec<String>, Option<Operation<'_>>),
) -> Anomaly {
    let (missing, unknown) = statement.differences(accounts);
    let say = |what: &str, names: &[String]| match names {
        [] => None,
        [name] => Some(format!("{what} the account {name}")),
        [name, others @ ..] => Some(format!("{what} the account {name} and {} more", others.len())),
    };
    let what = [say("lacks", &missing), say("holds", &unknown)];
    let what = what.into_iter().flatten().collect::<Vec<String>>().join(" and ");
    let explanation = format!(
        "the read of {} at {} {what}, although there are {} accounts{}",
        words::who(read),
        moment(read),
        accounts.len(),
        according_to(*witness)
    );
    anomaly(AnomalyKind::WrongN, read, *witness, explanation)
}

/// It adds up to this total instead of that, nor do deposits of unknown outcome explain it, if there are any.
pub(super) fn wrong_total(
    read: Operation<'_>,
    total: i128,
    (expected, witness): (i128, Option<Operation<'_>>),
    may_be_more: bool,
) -> Anomaly {
    let rest = match witness {
        Some(_) if may_be_more => ", and deposits of unknown outcome do not add up to the rest",
        _ => "",
    };
    let explanation = format!(
        "the read of {} at {} adds up to {total}, although there is {expected} in the bank{}{rest}",
        words::who(read),
        moment(read),
        according_to(witness)
    );
    anomaly(AnomalyKind::WrongTotal, read, witness, explanation)
}

/// This account has less than nothing.
pub(super) fn negative(read: Operation<'_>, account: &str, balance: i128) -> Anomaly {
    let (who, at) = (words::who(read), moment(read));
    let explanation = format!("{who} read a balance of {balance} on the account {account} at {at}");
    anomaly(AnomalyKind::NegativeBalance, read, None, explanation)
}

fn according_to(witness: Option<Operation<'_>>) -> String {
    let say = |witness: Operation<'_>| {
        let what = if witness.function() == "deposit" { "deposit" } else { "first read" };
        format!(" according to the {what}, at {}", moment(witness))
    };
    witness.map(say).unwrap_or_default()
}

fn moment(read: Operation<'_>) -> String {
    words::moment(read.completion().unwrap_or(read.invocation()))
}

fn anomaly(
    kind: AnomalyKind,
    read: Operation<'_>,
    witness: Option<Operation<'_>>,
    explanation: String,
) -> Anomaly {
    let shown = witness.into_iter().chain([read]).map(|read| read.index());
    Anomaly::new(kind, read.key(), shown, explanation)
}
