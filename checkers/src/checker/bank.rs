//! Bank: transfers move money between accounts, and every read of all balances adds up to the same total.
//!
//! ```text
//! process 0  ├─ read ─┤ ok, {a: 5, b: 5}
//! process 1       ├─ transfer 3 from a to b ─┤ ok
//! process 2              ├─ read ─┤ ok, {a: 2, b: 5}        a total of 7, not 10: it saw half of the transfer
//! ```
//!
//! A read returns the balances of all accounts, as an object of account and balance or as an array. It must hold
//! just the accounts that there are (else wrong-n), none of them overdrawn unless that is allowed, and add up to
//! the total (else wrong-total). Accounts and total come from the context, or from an initial value that is
//! such an object or array, or from a `deposit` that is ok, which says with what the bank opens, or else from the
//! first read that returned: then a wrong total shows as two reads that differ. Reads that began before the
//! deposit had returned are not judged. Each key is a bank of its own.
//!
//! A deposit of unknown outcome may take effect at any time once it has begun, or never, and adds to what is there:
//! a client that tries again may so have put in twice as much. A total that some of those begun so far explain is
//! right; and where no deposit is sure, a read without any balance was of a bank that was not yet open.
//!
//! That the transfers explain the balances is not judged: this is cheap evidence against snapshot isolation, not
//! all there is.

use perjury_histories::{Fate, History, KeyId, Operation, Value};
use rustc_hash::FxHashMap;
use serde::Serialize;

use super::{Checker, Context, Undecided, decide};
use crate::findings::Findings;
use crate::sweep::Sweep;
use crate::verdict::{Anomaly, Verdict};

mod deposits;
mod explain;
mod statement;

use deposits::Deposits;
use statement::Statement;

/// See the [module](self).
pub struct Bank;

impl Checker for Bank {
    fn name(&self) -> &'static str {
        "bank"
    }

    fn about(&self) -> &'static str {
        "Every read of all accounts adds up to the same total, and none is overdrawn."
    }

    fn check(&self, history: &History, context: &Context) -> Verdict {
        decide(history, context, || {
            let mut findings = Findings::default();
            let measures = judge(history, context, |anomaly| findings.push(anomaly))?;
            let unread = Verdict::Unknown("no read of a bank is ok".to_owned());
            Ok(findings.or(if measures.reads > 0 { Verdict::Valid(None) } else { unread }))
        })
    }
}

/// How many reads there were, and what was wrong with them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Measures {
    /// Reads that were ok.
    pub reads: usize,
    /// Those that did not hold just the accounts that there are.
    pub wrong_n: usize,
    /// Those that did, and did not add up to the total.
    pub wrong_total: usize,
    /// Those in which an account was overdrawn.
    pub negative: usize,
    /// The least and the greatest total that was read.
    pub totals: Option<(i128, i128)>,
}

impl Measures {
    /// Counts a read that adds up to this.
    fn count(&mut self, total: i128) {
        self.reads += 1;
        let (least, greatest) = self.totals.unwrap_or((total, total));
        self.totals = Some((least.min(total), greatest.max(total)));
    }
}

/// How many reads there were, and what was wrong with them; or why the history has no bank.
pub fn measure(history: &History, context: &Context) -> Result<Measures, String> {
    judge(history, context, |_| {})
}

/// What every read of one bank must show; of each, the deposit or first read where nothing but that says so.
struct Expected<'a> {
    accounts: (Vec<String>, Option<Operation<'a>>),
    total: (i128, Option<Operation<'a>>),
}

impl Expected<'_> {
    /// Whether a read may add up to this, with what these deposits may have put in. A declared total includes it.
    fn allows(&self, total: i128, deposits: &Deposits<'_>) -> bool {
        let (expected, witness) = self.total;
        let more = total - expected;
        match witness {
            None => more == 0,
            Some(witness) if witness.function() == "deposit" => deposits.may_add(more),
            Some(_) => deposits.may_change_by(more),
        }
    }
}

/// Visits what is wrong.
fn judge(
    history: &History,
    context: &Context,
    mut visit: impl FnMut(Anomaly),
) -> Result<Measures, Undecided> {
    let opening = Statement::of(&context.initial);
    let mut measures = Measures::default();
    let mut deposits = deposits::sure(history)?;
    let mut banks: FxHashMap<Option<KeyId>, Expected<'_>> = FxHashMap::default();
    for step in Sweep::of(history).steps() {
        let operation = step.operation;
        match operation.function() {
            "deposit" if operation.fate() == Fate::Unknown => {
                deposits.entry(operation.key_id()).or_default().begin(operation)?;
                continue;
            }
            "transfer" | "deposit" => continue,
            "read" if operation.fate() == Fate::Ok && step.is_end => {}
            "read" => continue,
            _ if operation.fate() == Fate::Fail => continue,
            other => {
                return Err(format!("event {}: {other} is no operation on a bank", operation.index()));
            }
        }
        let deposits = deposits.entry(operation.key_id()).or_default();
        if deposits.sure.is_some_and(|deposit| deposit.returned_at() > Some(operation.invoked_at())) {
            continue;
        }
        let statement = balances(operation)?;
        if opening.is_none() && deposits.may_be_to_come() && statement.is_blank() {
            continue;
        }
        let expected = banks
            .entry(operation.key_id())
            .or_insert_with(|| expected(context, opening.as_ref(), deposits.sure, operation));
        let total = statement.total();
        measures.count(total);
        if !statement.is_of(&expected.accounts.0) {
            measures.wrong_n += 1;
            visit(explain::wrong_n(operation, &statement, &expected.accounts));
        } else if !expected.allows(total, deposits) {
            measures.wrong_total += 1;
            visit(explain::wrong_total(operation, total, expected.total, deposits.may_be_more()));
        }
        if let Some((account, balance)) = statement.overdrawn().filter(|_| !context.may_overdraw) {
            measures.negative += 1;
            visit(explain::negative(operation, account, balance));
        }
    }
    Ok(measures)
}

/// What this read, which is ok, returned.
fn balances(read: Operation<'_>) -> Result<Statement<'_>, Undecided> {
    Statement::of(read.result().unwrap_or(&Value::Null)).ok_or_else(|| {
        let event = read.index();
        format!("event {event}: the read of a bank must return an object or array of integer balances")
    })
}

/// What the reads of a bank must show, of which this read is the first that is judged.
fn expected<'a>(
    context: &Context,
    opening: Option<&Statement<'_>>,
    deposit: Option<Operation<'a>>,
    first: Operation<'a>,
) -> Expected<'a> {
    let shown = deposit.map_or(first.result(), |deposit| Some(deposit.argument()));
    let shown = shown.and_then(Statement::of);
    let nothing = Statement::default();
    let source = opening.or(shown.as_ref()).unwrap_or(&nothing);
    let witness = opening.is_none().then_some(deposit.unwrap_or(first));
    let mut accounts = match &context.accounts {
        Some(accounts) => (accounts.clone(), None),
        None => (source.accounts(), witness),
    };
    accounts.0.sort_unstable();
    let total = context.total.map(|total| (total.into(), None));
    Expected { accounts, total: total.unwrap_or_else(|| (source.total(), witness)) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::*;
    use crate::verdict::AnomalyKind;

    const TRANSFER: &str = r#"0:transfer(_,{"from":"a","to":"b","amount":3}) "#;

    #[test]
    fn rejects_read_of_half_a_transfer() {
        accepts(&Bank, &format!(r#"1:read()={{"a":5,"b":5}} {TRANSFER} 2:read()={{"a":2,"b":8}}"#));
        let text = format!(r#"1:read()={{"a":5,"b":5}} {TRANSFER} 2:read()={{"a":2,"b":5}}"#);
        let why = rejects(&Bank, &text, AnomalyKind::WrongTotal, &[0, 4]);
        assert_eq!(
            why,
            "the read of process 2 at event 5 adds up to 7, although there is 10 in the bank according to the \
             first read, at event 1"
        );
    }

    #[test]
    fn takes_the_read_that_returned_first_for_the_first() {
        let text = r#"1:read()? 2:read()={"a":5,"b":5} 1:ok={"a":2,"b":5}"#;
        let why = rejects(&Bank, text, AnomalyKind::WrongTotal, &[0, 1]);
        assert!(why.contains("adds up to 7, although there is 10"), "{why}");
    }

    #[test]
    fn rejects_missing_and_unknown_accounts() {
        let why = rejects(&Bank, r#"1:read()=[5,5] 1:read()=[10]"#, AnomalyKind::WrongN, &[0, 2]);
        assert!(why.contains("lacks the account 1, although there are 2 accounts"), "{why}");
        let why = rejects(&Bank, r#"1:read()=[5,5] 1:read()=[5,5,0,0]"#, AnomalyKind::WrongN, &[0, 2]);
        assert!(why.contains("holds the account 2 and 1 more"), "{why}");
        rejects(&Bank, r#"1:read()=[5,5,0] 1:read()=[5,5,null]"#, AnomalyKind::WrongN, &[0, 2]);
        accepts(&Bank, r#"1:read()=[5,5] 1:read()=[10,0]"#);
    }

    #[test]
    fn rejects_overdrawn_account_unless_it_may_be() {
        let text = "1:read()=[5,5] 1:read()=[11,-1]";
        let why = rejects(&Bank, text, AnomalyKind::NegativeBalance, &[2]);
        assert_eq!(why, "process 1 read a balance of -1 on the account 1 at event 3");
        accepts_in(&Context { may_overdraw: true, ..Context::default() }, &Bank, text);
    }

    #[test]
    fn takes_accounts_and_total_from_the_context() {
        let opening = Context { initial: json!({"a": 5, "b": 5}), ..Context::default() };
        accepts_in(&opening, &Bank, r#"1:read()={"a":4,"b":6}"#);
        rejects_in(&opening, &Bank, r#"1:read()={"a":4,"b":5}"#, AnomalyKind::WrongTotal, &[0]);
        let total = Context { total: Some(10), ..Context::default() };
        accepts_in(&total, &Bank, "1:read()=[4,6]");
        rejects_in(&total, &Bank, "1:read()=[4,6] 1:read()=[4,5]", AnomalyKind::WrongTotal, &[2]);
        let accounts = Context { accounts: Some(vec!["1".to_owned(), "0".to_owned()]), ..total };
        accepts_in(&accounts, &Bank, "1:read()=[4,6]");
        rejects_in(&accounts, &Bank, "1:read()=[4,6] 1:read()=[4,5,1]", AnomalyKind::WrongN, &[2]);
    }

    #[test]
    fn takes_accounts_and_total_from_a_deposit() {
        let text = |read| format!(r#"0:deposit(_,{{"a":5,"b":5}}) 1:read()={read}"#);
        accepts(&Bank, &text(r#"{"a":4,"b":6}"#));
        let why = rejects(&Bank, &text(r#"{"a":4,"b":5}"#), AnomalyKind::WrongTotal, &[0, 2]);
        assert!(why.ends_with("there is 10 in the bank according to the deposit, at event 1"), "{why}");
        rejects(&Bank, &text(r#"{"a":10}"#), AnomalyKind::WrongN, &[0, 2]);
        accepts(&Bank, "0:deposit(_,[5,5]) 1:read()=[4,6]");
        let ten = Context { total: Some(9), ..Context::default() };
        accepts_in(&ten, &Bank, &text(r#"{"a":4,"b":5}"#));
    }

    #[test]
    fn judges_no_read_that_began_before_the_deposit_was_over() {
        let text = |read| format!("1:read()? 2:read()=[] 0:deposit(_,[5,5]) 1:ok=[5] 3:read()={read}");
        accepts(&Bank, &text("[5,5]"));
        rejects(&Bank, &text("[5,4]"), AnomalyKind::WrongTotal, &[3, 6]);
        is_unsure(&Bank, "1:read()=[] 0:deposit(_,[5,5])");
    }

    #[test]
    fn overlooks_deposits_that_may_have_failed() {
        accepts(&Bank, "0:deposit(_,[5,5]):info 0:deposit(_,[5,5]) 1:read()=[4,6]");
        accepts(&Bank, "0:deposit(_,[5,5]):info 1:read()=[3,3]");
        accepts(&Bank, "0:deposit(_,[5,5]) 0:deposit(_,[5,5]):fail 1:read()=[4,6]");
        assert!(is_unsure(&Bank, "0:deposit(_,[5]) 0:deposit(_,[5]) 1:read()=[5]").starts_with("event 2"));
        assert!(is_unsure(&Bank, "0:deposit(_,5) 1:read()=[5]").starts_with("event 0"));
    }

    #[test]
    fn accepts_deposits_of_unknown_outcome_that_took_effect() {
        let text = |reads: &str| format!("0:deposit(_,[5,5]):info 0:deposit(_,[5,5]) {reads}");
        accepts(&Bank, &text("1:read()=[10,10]"));
        // It may be on its way until then.
        accepts(&Bank, &text("1:read()=[4,6] 1:read()=[10,10]"));
        let why = rejects(&Bank, &text("1:read()=[8,7]"), AnomalyKind::WrongTotal, &[2, 4]);
        assert_eq!(
            why,
            "the read of process 1 at event 5 adds up to 15, although there is 10 in the bank according to the deposit, \
             at event 3, and deposits of unknown outcome do not add up to the rest"
        );
        rejects(&Bank, &text("1:read()=[15,15]"), AnomalyKind::WrongTotal, &[2, 4]);
        accepts(&Bank, &format!("0:deposit(_,[1,1]):info {}", text("1:read()=[11,11]")));
    }

    #[test]
    fn rejects_the_effect_of_a_deposit_that_nobody_had_begun() {
        let text = |before, after| format!("{before} 0:deposit(_,[5,5]) 1:read()=[10,10] {after}");
        accepts(&Bank, &text("2:deposit(_,[5,5])?", ""));
        rejects(&Bank, &text("", "2:deposit(_,[5,5])?"), AnomalyKind::WrongTotal, &[0, 2]);
        let of_keys = "0:deposit(y,[5,5]):info 0:deposit(x,[5,5]) 1:read(x)=[10,10]";
        rejects(&Bank, of_keys, AnomalyKind::WrongTotal, &[2, 4]);
    }

    #[test]
    fn accepts_deposits_of_unknown_outcome_before_and_after_the_first_read() {
        let text = |reads: &str| format!("0:deposit(_,[5,5]):info {reads}");
        accepts(&Bank, &text("1:read()=[1,1] 1:read()=[6,6]"));
        accepts(&Bank, &text("1:read()=[null,null] 1:read()=[5,5]"));
        rejects(&Bank, &text("1:read()=[1,1] 1:read()=[5,6]"), AnomalyKind::WrongTotal, &[2, 4]);
        rejects(&Bank, "1:read()=[null,null]", AnomalyKind::WrongN, &[0]);
    }

    #[test]
    fn is_unsure_of_too_many_different_deposits() {
        let text: String = (0..13).map(|bit| format!("0:deposit(_,[{}]):info ", 1 << bit)).collect();
        let why = is_unsure(&Bank, &format!("{text} 1:read()=[1]"));
        assert!(why.contains("too many different deposits of unknown outcome"), "{why}");
        let alike = "0:deposit(_,[1]):info ".repeat(100);
        accepts(&Bank, &format!("{alike} 0:deposit(_,[1]) 1:read()=[101]"));
    }

    #[test]
    fn keeps_keys_apart() {
        accepts(&Bank, "1:read(x)=[5,5] 1:read(y)=[1,1] 1:read(x)=[6,4]");
        rejects(&Bank, "1:read(x)=[5,5] 1:read(y)=[1,1] 1:read(y)=[6,4]", AnomalyKind::WrongTotal, &[2, 4]);
    }

    #[test]
    fn is_unsure_of_what_is_no_bank() {
        is_unsure(&Bank, TRANSFER);
        assert!(is_unsure(&Bank, "1:read()=7").starts_with("event 0"));
        assert!(is_unsure(&Bank, r#"1:read()={"a":"rich"}"#).starts_with("event 0"));
        assert!(is_unsure(&Bank, "1:read()=[1] 1:rob()").starts_with("event 2"));
    }

    #[test]
    fn measures_what_was_wrong() {
        let history = history("1:read()=[5,5] 1:read()=[11,-1] 1:read()=[7,7] 1:read()=[7]");
        let measures = measure(&history, &Context::default()).expect("a bank");
        let expected = Measures { reads: 4, wrong_n: 1, wrong_total: 1, negative: 1, totals: Some((7, 14)) };
        assert_eq!(measures, expected);
    }
}
