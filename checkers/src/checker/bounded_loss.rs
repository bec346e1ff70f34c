//! Bounded loss: where copies are asynchronous, a fail-over loses some of what was acknowledged, but not more.
//!
//! ```text
//! process 0  ├ add 1 ┤ ok  ├ add 2 ┤ ok  ├ add 3 ┤ ok
//! nemesis    n1 leads term 1                              n1 is cut off; n2 leads term 2
//! process 1                                                                   ├─ final read ─┤ ok, [1]
//!                                                                    2 are lost: with a bound of 1, too many
//! ```
//!
//! The active node answers before its standby has a copy, and stops to do so once that lacks as many entries as one
//! fail-over may lose ([`Context::loss_max`]). So of the elements that were added or appended, with ok, before the final
//! read of their set or list began, at most so many may be missing from it for each fail-over. A fail-over is each
//! term whose leader is not that of the term before: a node that is elected again right after itself has all that it
//! acknowledged, and loses nothing. Where nobody noted who leads, one is assumed.
//!
//! A cache that writes behind is lost with what the store does not have. When it starts again it says how many writes
//! these are at most, which must be within the bound. Of what a node acknowledged, as many may be missing as its starts
//! together have said.

mod allowance;

use perjury_histories::{Fate, History, KeyId, Operation, Value};
use rustc_hash::{FxHashMap, FxHashSet};
use serde::Serialize;

use super::{Checker, Context, Undecided, decide};
use crate::final_reads::is_of_store;
use crate::findings::Findings;
use crate::notes;
use crate::verdict::{Anomaly, AnomalyKind, Verdict};
use crate::words;
use allowance::Allowance;
pub use allowance::Chances;

/// See the [module](self).
pub struct BoundedLoss;

impl Checker for BoundedLoss {
    fn name(&self) -> &'static str {
        "bounded-loss"
    }

    fn about(&self) -> &'static str {
        "No more acknowledged elements are lost than the fail-overs may lose."
    }

    fn check(&self, history: &History, context: &Context) -> Verdict {
        decide(history, context, || judge(history, context))
    }
}

/// What was acknowledged, and what became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Measures {
    /// Elements that were acknowledged before the final read of their set or list.
    pub acknowledged: u64,
    /// Those that it lacks.
    pub lost: u64,
    /// How many it may lack.
    pub most: u64,
    /// When they may have been lost.
    pub chances: Chances,
}

/// What was acknowledged, and what became of it, where so many may be lost at once; or why the history has no sets or
/// lists with final reads.
pub fn measure(history: &History, loss_max: u64) -> Result<Measures, String> {
    let Loss { acknowledged, lost, .. } = Loss::of(history)?;
    let Allowance { most, chances, .. } = Allowance::of_all(&notes::all(history)?, loss_max);
    Ok(Measures { acknowledged, lost: lost.len() as u64, most, chances })
}

fn judge(history: &History, context: &Context) -> Result<Verdict, Undecided> {
    let loss = Loss::of(history)?;
    let Some(loss_max) = context.loss_max else {
        return Err("it is not declared how many entries a fail-over may lose".to_owned());
    };
    let notes = notes::all(history)?;
    let of_nodes = Allowance::of_nodes(&notes, loss_max);
    let mut found: Vec<Anomaly> =
        of_nodes.iter().filter_map(|allowance| beyond(&loss, allowance, loss_max)).collect();
    if found.is_empty() {
        found.extend(beyond(&loss, &Allowance::of_all(&notes, loss_max), loss_max));
    }
    let mut findings = Findings::default();
    findings.extend(found);
    let unshown = "no element was acknowledged before a final read".to_owned();
    Ok(findings.or(if loss.acknowledged > 0 { Verdict::Valid(None) } else { Verdict::Unknown(unshown) }))
}

/// What was acknowledged, and lost.
#[derive(Default)]
struct Loss<'a> {
    acknowledged: u64,
    /// What is missing, with the final read that lacks it, in the order of the invocations.
    lost: Vec<(Operation<'a>, Operation<'a>)>,
}

/// The last final read of a set or list, and what it holds.
struct Final<'a> {
    read: Operation<'a>,
    elements: FxHashSet<&'a Value>,
}

impl<'a> Loss<'a> {
    fn of(history: &'a History) -> Result<Loss<'a>, Undecided> {
        let finals = finals(history)?;
        let mut loss = Loss::default();
        for add in history.operations().filter(|add| matches!(add.function(), "add" | "append")) {
            // A read without a key is of all elements, whatever keys they are under.
            let Some(last) = finals.get(&add.key_id()).or_else(|| finals.get(&None)) else { continue };
            if add.fate() == Fate::Ok && add.returned_at() < Some(last.read.invoked_at()) {
                loss.acknowledged += 1;
                if !last.elements.contains(add.argument()) {
                    loss.lost.push((add, last.read));
                }
            }
        }
        Ok(loss)
    }
}

/// The last final read of the store by key.
fn finals<'a>(history: &'a History) -> Result<FxHashMap<Option<KeyId>, Final<'a>>, Undecided> {
    let mut last: FxHashMap<Option<KeyId>, Operation<'_>> = FxHashMap::default();
    for read in history.operations().filter(|read| read.function() == "read" && is_of_store(read)) {
        last.insert(read.key_id(), read);
    }
    let with_elements = |(key, read): (Option<KeyId>, Operation<'a>)| {
        let elements = match read.result() {
            None | Some(Value::Null) => FxHashSet::default(),
            Some(Value::Array(elements)) => elements.iter().collect(),
            Some(_) => {
                return Err(format!(
                    "event {}: the final read of elements must return an array",
                    read.index()
                ));
            }
        };
        Ok((key, Final { read, elements }))
    };
    last.into_iter().map(with_elements).collect()
}

/// Where more is lost than is allowed: one more than that, the first ones, with the reads that lack them.
fn beyond(loss: &Loss<'_>, allowance: &Allowance<'_>, loss_max: u64) -> Option<Anomaly> {
    const NAMED_MAX: usize = 8;
    let Allowance { node, most, chances } = allowance;
    let is_of_node = |add: &Operation<'_>| {
        node.is_none_or(|node| add.completion().is_some_and(|event| event.node == Some(node)))
    };
    let lost: Vec<_> = loss.lost.iter().filter(|(add, _)| is_of_node(add)).collect();
    if lost.len() as u64 <= *most {
        return None;
    }
    let shown = lost.iter().take(usize::try_from(*most).unwrap_or(usize::MAX).saturating_add(1));
    let named: Vec<String> =
        lost.iter().take(NAMED_MAX).map(|(add, _)| words::value(add.argument())).collect();
    let more = if lost.len() > NAMED_MAX { ", …" } else { "" };
    let whose = node.map_or(String::new(), |node| format!("of those that {node} acknowledged, "));
    let ground = match chances {
        Chances::FailOvers(_) => format!("{chances} of {loss_max}"),
        Chances::Starts(_) => format!("{chances} of caches said so"),
    };
    let explanation = format!(
        "{whose}{} of {} acknowledged elements are not in the final reads ({}{more}), although at most {most} may be \
         lost ({ground}); the first: {}",
        lost.len(),
        loss.acknowledged,
        named.join(", "),
        words::deed(lost[0].0)
    );
    let indices = shown.flat_map(|(add, read)| [add.index(), read.index()]);
    Some(Anomaly::new(AnomalyKind::LossBeyondBound, None, indices, explanation))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::*;

    use AnomalyKind::LossBeyondBound;

    fn at_most(loss_max: u64) -> Context {
        Context { loss_max: Some(loss_max), ..Context::default() }
    }

    /// Notes of who leads: of each term, the number of the node.
    fn led(terms: &[(u64, u64)]) -> String {
        let note = |(term, node): &(u64, u64)| format!(r#" nemesis:leader(_,{{"term":{term}}})/n{node}"#);
        terms.iter().map(note).collect()
    }

    #[test]
    fn rejects_loss_beyond_the_bound() {
        let text = "0:add(_,1) 0:add(_,2) 0:add(_,3) 1:read!()=[1]";
        accepts_in(&at_most(2), &BoundedLoss, text);
        let why = rejects_in(&at_most(1), &BoundedLoss, text, LossBeyondBound, &[2, 4, 6]);
        assert_eq!(
            why,
            "2 of 3 acknowledged elements are not in the final reads (2, 3), although at most 1 may be lost (1 \
             fail-over of 1); the first: process 0 added 2 at event 3"
        );
    }

    #[test]
    fn shows_one_more_than_the_bound() {
        let text = "0:add(_,1) 0:add(_,2) 0:add(_,3) 1:read!()=[]";
        rejects_in(&at_most(1), &BoundedLoss, text, LossBeyondBound, &[0, 2, 6]);
    }

    #[test]
    fn counts_the_fail_overs() {
        let text = |notes: &str| format!("0:add(_,1) 0:add(_,2) {notes} 1:read!()=[]");
        accepts_in(&at_most(1), &BoundedLoss, &text(&led(&[(1, 1), (2, 2), (3, 1)])));
        let why = |terms: &[(u64, u64)], shown: &[u64]| {
            rejects_in(&at_most(1), &BoundedLoss, &text(&led(terms)), LossBeyondBound, shown)
        };
        assert!(why(&[(1, 1), (2, 2)], &[0, 2, 6]).contains("(1 fail-over of 1)"));
        why(&[(1, 1), (2, 2), (2, 2)], &[0, 2, 7]);
        assert!(why(&[(1, 1)], &[0, 5]).contains("at most 0 may be lost (0 fail-overs of 1)"));
        let strike = r#"nemesis:leader(_,{"fault":"kill-leader","state":"start"})"#;
        rejects_in(&at_most(1), &BoundedLoss, &text(strike), LossBeyondBound, &[0, 2, 5]);
    }

    #[test]
    fn each_node_answers_for_what_it_acknowledged() {
        let text = |said: &str| format!("0:add(_,1)/n2 0:add(_,2)/n2 {said} 1:read!()=[]");
        let said = |node: &str, most: u64| format!(r#"nemesis:lost(_,{{"writes_max":{most}}})/{node}"#);
        let enough = |node| text(&format!("{} {}", said("n1", 0), said(node, 2)));
        accepts_in(&at_most(5), &BoundedLoss, &enough("n2"));
        let of_others = text(&format!("{} {}", said("n2", 1), said("n1", 5)));
        let why = rejects_in(&at_most(5), &BoundedLoss, &of_others, LossBeyondBound, &[0, 2, 6]);
        assert!(why.starts_with("of those that n2 acknowledged, 2 of 2"), "{why}");
    }

    /// Notes of caches that start: how much each says may be lost.
    fn said(writes_max: &[u64]) -> String {
        let note = |most: &u64| format!(r#" nemesis:lost(_,{{"writes_max":{most}}})/n1"#);
        writes_max.iter().map(note).collect()
    }

    #[test]
    fn takes_the_word_of_caches_that_start_within_the_bound() {
        let text = |said: &str| format!("0:add(_,1) 0:add(_,2) {said} 1:read!()=[]");
        accepts_in(&at_most(5), &BoundedLoss, &text(&said(&[0, 1, 1])));
        let why = |loss_max, writes_max: &[u64]| {
            let indices = &[0, 2, 4 + writes_max.len() as u64];
            rejects_in(&at_most(loss_max), &BoundedLoss, &text(&said(writes_max)), LossBeyondBound, indices)
        };
        assert!(why(5, &[0, 1]).contains("at most 1 may be lost (2 starts of caches said so)"));
        why(1, &[2]);
        rejects_in(&at_most(5), &BoundedLoss, &text(&said(&[0])), LossBeyondBound, &[0, 5]);
    }

    #[test]
    fn counts_no_election_of_the_same_leader_again() {
        let text = |terms: &[(u64, u64)]| format!("0:add(_,1) 0:add(_,2) {} 1:read!()=[]", led(terms));
        rejects_in(&at_most(1), &BoundedLoss, &text(&[(1, 1), (2, 1), (3, 1)]), LossBeyondBound, &[0, 7]);
        rejects_in(&at_most(1), &BoundedLoss, &text(&[(1, 1), (2, 2), (3, 2)]), LossBeyondBound, &[0, 2, 7]);
        // By terms, in whatever order they were noted.
        let measures = measure(&history(&text(&[(1, 1), (3, 2), (2, 1)])), 1).expect("a set");
        assert_eq!(measures.chances, Chances::FailOvers(1));
    }

    #[test]
    fn takes_no_read_of_one_node_for_one_of_the_store() {
        // In the notation a completion takes over the node of its invocation; here it names none.
        let mut events = history("0:append(x,1) 1:read!(x)=[1] 1:read!(x)/n2=[]").to_events();
        events.last_mut().expect("the read of n2").node = None;
        let history = History::new(events).expect("well formed");
        let verdict = BoundedLoss.check(&history, &at_most(0));
        assert!(verdict.is_valid(), "{verdict:?}");
    }

    #[test]
    fn counts_only_what_was_acknowledged_before_the_read() {
        accepts_in(&at_most(0), &BoundedLoss, "0:add(_,1) 0:add(_,2):info 0:add(_,3):fail 1:read!()=[1]");
        accepts_in(&at_most(0), &BoundedLoss, "0:add(_,1) 1:read!()? 0:add(_,2) 1:ok=[1]");
        let text = "0:add(_,1) 0:add(_,2) 1:read!()? 1:ok=[1]";
        rejects_in(&at_most(0), &BoundedLoss, text, LossBeyondBound, &[2, 4]);
    }

    #[test]
    fn judges_lists_by_the_last_final_read_of_each() {
        let text =
            |seen| format!("0:append(x,1) 0:append(y,2) 1:read!(x)=[1] 1:read!(y)=[] 1:read!(y)={seen}");
        accepts_in(&at_most(0), &BoundedLoss, &text("[2]"));
        rejects_in(&at_most(0), &BoundedLoss, &text("[]"), LossBeyondBound, &[2, 8]);
        accepts_in(&at_most(0), &BoundedLoss, "0:append(x,1) 1:read!(x)=[1] 1:read!(x)/n2=[]");
    }

    #[test]
    fn finds_elements_under_keys_of_their_own() {
        let text = |seen| format!("0:add(e1,1) 0:add(e2,2) 1:read!()={seen}");
        accepts_in(&at_most(0), &BoundedLoss, &text("[2,1]"));
        rejects_in(&at_most(0), &BoundedLoss, &text("[1]"), LossBeyondBound, &[2, 4]);
    }

    #[test]
    fn measures_the_loss() {
        let measures = measure(&history("0:add(_,1) 0:add(_,2) 1:read!()=[1]"), 7).expect("a set");
        let chances = Chances::FailOvers(1);
        assert_eq!(measures, Measures { acknowledged: 2, lost: 1, most: 7, chances });
    }

    #[test]
    fn is_unsure_without_bound_or_final_read() {
        let why = is_unsure(&BoundedLoss, "0:add(_,1) 1:read!()=[1]");
        assert_eq!(why, "it is not declared how many entries a fail-over may lose");
        let check = |text: &str| BoundedLoss.check(&history(text), &at_most(1));
        assert!(check("0:add(_,1) 1:read()=[1]").is_unknown());
        assert!(check("1:read!()=[]").is_unknown());
        assert!(check("0:add(x,1) 1:read!(x)=1").is_unknown());
    }
}
