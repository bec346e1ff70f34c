//! Total queue: what goes in comes out, once, and nothing else.
//!
//! ```text
//! process 0  ├─ enqueue 1 ─┤ ok   ├─ enqueue 2 ─┤ ok
//! process 1       ├─ dequeue ─┤ ok, 1                  ├─ drain ─┤ ok, []        2 is lost
//! ```
//!
//! In which order elements come out does not matter. A dequeue takes one element, or finds the queue empty and
//! returns null; a drain takes all that there are, and returns them in an array.
//!
//! - Unexpected: an element came out, and nobody had tried to enqueue it, or every try certainly failed.
//! - Duplicated: it came out more often than it had gone in at most. A queue that promises no more than delivery
//!   at least once does that, and is not this queue.
//! - Lost: its enqueue was ok before the queue was found empty (by a drain, or a dequeue of null, that began
//!   later), and it never came out. A dequeue of unknown outcome may have taken one element, and a drain of
//!   unknown outcome any number: as many may be missing. What is missing from a queue that nobody found empty
//!   may still be in it: then the verdict is unknown.
//! - Recovered: it came out although its enqueue was not ok; that is right, and counted only.
//!
//! Elements may be equal. So each one that came out is matched with an enqueue of the same element that began
//! before it was out; and the verdict is that of the best matching. Each key is a queue of its own.

use perjury_histories::History;
use serde::Serialize;

use super::{Checker, Context, decide};
use crate::findings::Findings;
use crate::verdict::Verdict;

mod explain;
mod ledger;
#[cfg(test)]
mod oracle;

use ledger::{Balance, Ledger};

/// See the [module](self).
pub struct TotalQueue;

impl Checker for TotalQueue {
    fn name(&self) -> &'static str {
        "total-queue"
    }

    fn about(&self) -> &'static str {
        "Every element that was enqueued comes out of the drained queue, once, and no other."
    }

    fn check(&self, history: &History, context: &Context) -> Verdict {
        decide(history, context, || {
            let ledger = Ledger::of(history)?;
            let balance = ledger.balance();
            let mut findings = Findings::default();
            findings.extend(balance.strangers.iter().map(|taken| explain::stranger(*taken)));
            findings.extend(explain::lost(&ledger, &balance));
            Ok(findings.or(otherwise(&ledger, &balance)))
        })
    }
}

/// The verdict when nothing is wrong.
fn otherwise(ledger: &Ledger<'_>, balance: &Balance) -> Verdict {
    if ledger.takes() == 0 && ledger.times_empty() == 0 {
        return Verdict::Unknown("nothing was taken out of the queue".to_owned());
    }
    match balance.unexplained {
        0 => Verdict::Valid(None),
        number => {
            let elements = if number == 1 { "1 element".to_owned() } else { format!("{number} elements") };
            Verdict::Unknown(format!(
                "{elements} whose enqueue was ok never came out, and nothing shows that the queue was emptied \
                 after that"
            ))
        }
    }
}

/// How many elements there were, and what became of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Measures {
    /// Enqueues, whatever became of them.
    pub attempted: usize,
    /// Enqueues that were ok.
    pub acknowledged: usize,
    /// Elements that came out, and had gone in.
    pub delivered: usize,
    /// Elements that came out although nobody had put them in.
    pub unexpected: usize,
    /// Elements that came out once more than they had gone in.
    pub duplicated: usize,
    /// Elements that never came out of the emptied queue, those that dequeues of unknown outcome may have taken
    /// included.
    pub lost: usize,
    /// Elements that may still be in the queue.
    pub left: usize,
    /// Elements that came out although their enqueue was not ok.
    pub recovered: usize,
}

/// How many elements there were, and what became of them; or why the history has no queue.
pub fn measure(history: &History, _: &Context) -> Result<Measures, String> {
    let ledger = Ledger::of(history)?;
    let balance = ledger.balance();
    let unexpected = balance.strangers.iter().filter(|taken| taken.is_unexpected).count();
    Ok(Measures {
        attempted: ledger.attempted,
        acknowledged: ledger.acknowledged,
        delivered: ledger.takes() - balance.strangers.len(),
        unexpected,
        duplicated: balance.strangers.len() - unexpected,
        lost: balance.lost.len(),
        left: balance.left,
        recovered: ledger.recovered(&balance),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::*;
    use crate::verdict::AnomalyKind;

    const LOST: AnomalyKind = AnomalyKind::LostElement;

    #[test]
    fn rejects_element_that_never_comes_out() {
        accepts(&TotalQueue, "0:enqueue(_,1) 0:enqueue(_,2) 1:dequeue()=1 1:drain()=[2]");
        let why =
            rejects(&TotalQueue, "0:enqueue(_,1) 0:enqueue(_,2) 1:dequeue()=1 1:drain()=[]", LOST, &[2, 6]);
        assert_eq!(
            why,
            "process 0 enqueued 2 at event 3, and it never came out, although process 1 found the queue empty from \
             event 6 to event 7"
        );
    }

    #[test]
    fn takes_a_dequeue_of_null_for_an_empty_queue() {
        accepts(&TotalQueue, "0:enqueue(_,1) 1:dequeue()=1 1:dequeue()=null");
        rejects(&TotalQueue, "0:enqueue(_,1) 1:dequeue()=null", LOST, &[0, 2]);
        accepts(&TotalQueue, "1:dequeue()? 0:enqueue(_,1) 1:ok=null 1:dequeue()=1");
    }

    #[test]
    fn is_unsure_of_what_may_still_be_there() {
        let why = is_unsure(&TotalQueue, "0:enqueue(_,1) 0:enqueue(_,2) 1:dequeue()=1");
        assert!(why.starts_with("1 element whose"), "{why}");
        is_unsure(&TotalQueue, "0:enqueue(_,1) 1:drain()=[1] 0:enqueue(_,2)");
        is_unsure(&TotalQueue, "0:enqueue(_,1)? 1:drain()? 0:ok 1:ok=[]");
        accepts(&TotalQueue, "0:enqueue(_,1) 1:dequeue()=1");
    }

    #[test]
    fn rejects_element_that_nobody_enqueued() {
        let kind = AnomalyKind::UnexpectedElement;
        let why = rejects(&TotalQueue, "0:enqueue(_,1) 1:drain()=[1,2]", kind, &[2]);
        assert_eq!(why, "process 1 took 2 out of the queue at event 3, but nobody had tried to enqueue it");
        rejects(&TotalQueue, "1:dequeue()=1 0:enqueue(_,1) 1:dequeue()=1", kind, &[0]);
        accepts(&TotalQueue, "1:dequeue()? 0:enqueue(_,1)? 1:ok=1 0:ok");
        let why = rejects(&TotalQueue, "0:enqueue(_,1):fail 1:dequeue()=1", kind, &[0, 2]);
        assert!(why.ends_with("but process 0 failed to enqueue 1 at event 1"), "{why}");
    }

    #[test]
    fn rejects_element_that_comes_out_twice() {
        accepts(&TotalQueue, "0:enqueue(_,1) 0:enqueue(_,1) 1:dequeue()=1 1:dequeue()=1");
        let text = "0:enqueue(_,1) 1:dequeue()=1 2:dequeue()=1";
        let why = rejects(&TotalQueue, text, AnomalyKind::DuplicatedElement, &[0, 2, 4]);
        assert_eq!(
            why,
            "process 2 took 1 out of the queue at event 5, but it had come out before as often as it may have \
             gone in"
        );
        rejects(&TotalQueue, "0:enqueue(_,1) 1:drain()=[1,1]", AnomalyKind::DuplicatedElement, &[0, 2]);
    }

    #[test]
    fn accepts_element_recovered_from_an_unknown_enqueue() {
        accepts(&TotalQueue, "0:enqueue(_,1):info 1:drain()=[1]");
        accepts(&TotalQueue, "0:enqueue(_,1):info 1:drain()=[]");
    }

    #[test]
    fn forgives_what_a_dequeue_of_unknown_outcome_may_have_taken() {
        accepts(&TotalQueue, "0:enqueue(_,1) 1:dequeue():info 2:drain()=[]");
        let text = "0:enqueue(_,1) 0:enqueue(_,2) 1:dequeue():info 2:drain()=[]";
        let why = rejects(&TotalQueue, text, LOST, &[0, 2, 6]);
        assert!(why.contains("at most 1 of these"), "{why}");
        accepts(&TotalQueue, "0:enqueue(_,1) 0:enqueue(_,2) 1:drain():info 2:drain()=[]");
    }

    #[test]
    fn keeps_keys_apart() {
        accepts(&TotalQueue, "0:enqueue(x,1) 0:enqueue(y,2) 1:drain(x)=[1] 1:drain(y)=[2]");
        let text = "0:enqueue(x,1) 0:enqueue(y,2) 1:drain(x)=[1] 1:drain(y)=[]";
        rejects(&TotalQueue, text, LOST, &[2, 6]);
    }

    #[test]
    fn is_unsure_of_what_is_no_queue() {
        assert!(is_unsure(&TotalQueue, "0:enqueue(_,1)").contains("nothing was taken"));
        assert!(is_unsure(&TotalQueue, "0:enqueue(_,1) 0:push(_,1)").starts_with("event 2"));
        assert!(is_unsure(&TotalQueue, "0:enqueue(_,1) 0:drain()=1").starts_with("event 2"));
    }

    #[test]
    fn measures_what_became_of_the_elements() {
        let history = history(
            "0:enqueue(_,1) 0:enqueue(_,2) 0:enqueue(_,3):info 0:enqueue(_,4):fail 1:dequeue()=1 1:dequeue()=1
             1:drain()=[3,9]",
        );
        let measures = measure(&history, &Context::default()).expect("a queue");
        let expected = Measures {
            attempted: 4,
            acknowledged: 2,
            delivered: 2,
            unexpected: 1,
            duplicated: 1,
            lost: 1,
            left: 0,
            recovered: 1,
        };
        assert_eq!(measures, expected);
    }
}
