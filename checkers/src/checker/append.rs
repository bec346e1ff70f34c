//! Lists: what is appended is there once, in one order, and stays there.
//!
//! ```text
//! process 0  ├─ append 1 ─┤ ok    ├─ append 2 ─┤ ok
//! process 1                                          ├─ read ─┤ ok, [1, 1]        1 is there twice
//! process 2                                          ├─ read ─┤ ok, [2, 1]        ...and not in the order of that read
//! process 3                                          ├─ final read ─┤ ok, [1]     2 is lost
//! ```
//!
//! Elements are unique, so that each names its append. For every list:
//!
//! - a read holds no element more often than it was appended (else *duplicated-element*: a retry took effect twice), none
//!   whose every append certainly failed (*failed-write-read*; aborted read, G1a), and none that nobody had begun to
//!   append when the read returned (*unexpected-element*);
//! - of two reads one is a beginning of the other (else *incompatible-order*): otherwise no order of the appends explains
//!   both (G0; Kingsbury and Alvaro, "Elle", VLDB 2020, section 4.2);
//! - no element is lost (*lost-element*) that is known, because its append is ok or a read has shown it. A final read that
//!   names no node must hold all that was known before it began; and a read with a version must hold all that is known at
//!   that version of the list or a lower one, whenever and wherever it was served.
//!
//! All this holds at every level, also where reads may be stale; that they are not is judged by linearizability with the
//! model `list-append`. Time is linear in what the reads hold. Elements of the initial value are known from the beginning.

use perjury_histories::History;

use super::{Checker, Context, Undecided, decide, set};
use crate::findings::Findings;
use crate::verdict::Verdict;

mod explain;
mod list;
mod lost;
#[cfg(test)]
mod oracle;

use list::List;

/// See the [module](self).
pub struct Append;

impl Checker for Append {
    fn name(&self) -> &'static str {
        "append"
    }

    fn about(&self) -> &'static str {
        "A list holds every element once, all reads agree on their order, and what was acknowledged stays."
    }

    fn check(&self, history: &History, context: &Context) -> Verdict {
        decide(history, context, || judge(history, context))
    }
}

fn judge(history: &History, context: &Context) -> Result<Verdict, Undecided> {
    let mut findings = Findings::default();
    let mut is_shown = false;
    for list in list::all(history, set::initial(context)?)? {
        is_shown |= list.reads.iter().any(|read| !read.elements.is_empty());
        judge_elements(&list, &mut findings);
        findings.extend(incompatible(&list).map(|(short, long)| explain::incompatible(&list, short, long)));
        lost::judge(&list, &mut findings);
    }
    let unread = Verdict::Unknown("no read of a list holds an element".to_owned());
    Ok(findings.or(if is_shown || context.may_be_unread { Verdict::Valid(None) } else { unread }))
}

/// What should not be there, or not so often: each element once, by the first read that shows it.
fn judge_elements(list: &List<'_>, findings: &mut Findings) {
    let mut is_reported = vec![false; list.elements.len()];
    let mut times = vec![0_usize; list.elements.len()];
    for (place, read) in list.reads.iter().enumerate() {
        for &element in &read.elements {
            times[element as usize] += 1;
        }
        for &element in &read.elements {
            let times = std::mem::take(&mut times[element as usize]);
            // It was counted where it came first.
            if times == 0 || is_reported[element as usize] {
                continue;
            }
            let possible = list.possible(element, read.ended());
            if times > possible {
                is_reported[element as usize] = true;
                findings.push(match possible {
                    0 => explain::unexpected(list, element, place),
                    _ => explain::duplicated(list, element, place, times),
                });
            }
        }
    }
}

/// The first two reads, the shortest ones, of which neither is a beginning of the other. One contradiction of a list
/// is enough: those that follow from it are many.
fn incompatible(list: &List<'_>) -> Option<(usize, usize)> {
    let mut by_length: Vec<usize> = (0..list.reads.len()).collect();
    by_length.sort_by_key(|&read| list.reads[read].elements.len());
    let is_clash = |pair: &&[usize]| !list.reads[pair[1]].elements.starts_with(&list.reads[pair[0]].elements);
    by_length.windows(2).find(is_clash).map(|pair| (pair[0], pair[1]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::*;
    use crate::verdict::AnomalyKind;

    use AnomalyKind::{
        DuplicatedElement, FailedWriteRead, IncompatibleOrder, LostElement, UnexpectedElement,
    };

    #[test]
    fn rejects_element_that_is_there_twice() {
        accepts(&Append, "0:append(x,1) 1:read(x)=[1]");
        let why = rejects(&Append, "0:append(x,1) 1:read(x)=[1,1]", DuplicatedElement, &[0, 2]);
        assert_eq!(
            why,
            "process 1 read [1,1] of key x at event 3, which holds 1 2 times, although that was appended once: process \
             0 appended 1 to key x at event 1"
        );
        rejects(&Append, "0:append(x,1) 1:read(x)=[1,1] 1:read(x)=[1,1]", DuplicatedElement, &[0, 2]);
        accepts(&Append, "0:append(x,1) 0:append(x,1) 1:read(x)=[1,1]");
        rejects(&Append, "0:append(x,1) 0:append(x,1):fail 1:read(x)=[1,1]", DuplicatedElement, &[0, 4]);
    }

    #[test]
    fn rejects_element_whose_append_failed() {
        accepts(&Append, "0:append(x,1):info 1:read(x)=[1]");
        let why = rejects(&Append, "0:append(x,1):fail 1:read(x)=[1]", FailedWriteRead, &[0, 2]);
        assert!(why.ends_with("but process 0 failed to append 1 to key x at event 1"), "{why}");
    }

    #[test]
    fn rejects_element_of_nobody_and_of_the_future() {
        accepts(&Append, "0:append(x,1)? 1:read(x)=[1]");
        let why = rejects(&Append, "1:read(x)=[1]", UnexpectedElement, &[0]);
        assert!(why.ends_with("but nobody ever appended 1"), "{why}");
        let why = rejects(&Append, "1:read(x)=[1] 0:append(x,1)", UnexpectedElement, &[0, 2]);
        assert!(why.ends_with("but process 0 began to append 1 only at event 2"), "{why}");
        rejects(&Append, "0:append(y,1) 1:read(x)=[1]", UnexpectedElement, &[2]);
    }

    #[test]
    fn rejects_two_orders() {
        let text = |seen| format!("0:append(x,1)? 1:append(x,2)? 2:read(x)=[1,2] 3:read(x)={seen}");
        accepts(&Append, &text("[1]"));
        let why = rejects(&Append, &text("[2]"), IncompatibleOrder, &[2, 4]);
        assert_eq!(
            why,
            "process 3 read [2] of key x at event 5, and process 2 read [1,2] of key x at event 3: neither is a \
             beginning of the other, they differ from element 1 on"
        );
        rejects(&Append, &text("[2,1]"), IncompatibleOrder, &[2, 4]);
        accepts(&Append, "0:append(x,1) 1:append(y,2) 2:read(x)=[1] 3:read(y)=[2]");
    }

    #[test]
    fn tells_one_contradiction_of_a_list() {
        let text =
            "0:append(x,1)? 1:append(x,2)? 2:read(x)=[1] 3:read(x)=[2] 4:read(x)=[1,2] 5:read(x)=[2,1]";
        rejects(&Append, text, IncompatibleOrder, &[2, 4]);
    }

    #[test]
    fn rejects_final_read_without_an_acknowledged_element() {
        let text = |seen| format!("0:append(x,1) 0:append(x,2) 1:read!(x)={seen}");
        accepts(&Append, &text("[1,2]"));
        let why = rejects(&Append, &text("[1]"), LostElement, &[2, 4]);
        assert_eq!(
            why,
            "process 0 appended 2 to key x at event 3, but in the final read process 1 read [1] of key x at event 5, \
             which lacks 2"
        );
        accepts(&Append, "0:append(x,1) 0:append(x,2):info 1:read!(x)=[1]");
        accepts(&Append, "0:append(x,1) 1:read!(x)? 0:append(x,2) 1:ok=[1]");
    }

    #[test]
    fn rejects_final_read_without_what_a_read_had_shown() {
        let text = |seen| format!("0:append(x,1):info 1:read(x)=[1] 2:read!(x)={seen}");
        accepts(&Append, &text("[1]"));
        let why = rejects(&Append, &text("[]"), LostElement, &[2, 4]);
        assert!(why.starts_with("process 1 read [1] of key x at event 3, but"), "{why}");
    }

    #[test]
    fn owes_nothing_to_reads_that_may_be_stale() {
        accepts(&Append, "0:append(x,1) 0:append(x,2) 1:read(x)=[1]");
        accepts(&Append, "0:append(x,1) 0:append(x,2) 1:read!(x)/n1=[1]");
        rejects(&Append, "0:append(x,1) 0:append(x,2) 1:read!(x)=[1]", LostElement, &[2, 4]);
    }

    #[test]
    fn rejects_read_at_a_version_that_should_have_the_element() {
        let text = |seen| format!("0:append(x,1)@3 0:append(x,2)@5 1:read(x)={seen}");
        accepts(&Append, &text("[1,2]@5"));
        accepts(&Append, &text("[1]@3"));
        let why = rejects(&Append, &text("[1]@5"), LostElement, &[2, 4]);
        assert!(why.ends_with("(version 5) at event 5, which lacks 2"), "{why}");
        rejects(&Append, &text("[1]@7"), LostElement, &[2, 4]);
    }

    #[test]
    fn knows_at_which_version_a_read_has_shown_an_element() {
        let text = |seen| format!("0:append(x,1):info 0:append(x,2):info 1:read(x)=[1,2]@5 1:read(x)={seen}");
        accepts(&Append, &text("[1]@3"));
        rejects(&Append, &text("[1]@5"), LostElement, &[4, 6]);
        rejects(&Append, &text("[1]@6"), LostElement, &[4, 6]);
    }

    #[test]
    fn begins_with_the_initial_value() {
        let nine = Context { initial: serde_json::json!([9]), ..Context::default() };
        accepts_in(&nine, &Append, "0:append(x,1) 1:read!(x)=[9,1]");
        rejects_in(&nine, &Append, "0:append(x,1) 1:read!(x)=[9,9,1]", DuplicatedElement, &[2]);
        let why = rejects_in(&nine, &Append, "0:append(x,1) 1:read!(x)=[1]", LostElement, &[2]);
        assert!(why.starts_with("9 was there from the beginning, but"), "{why}");
        rejects_in(&nine, &Append, "1:read!(x)=[] 1:read(x)=[9]", LostElement, &[0]);
        rejects(&Append, "0:append(x,1) 1:read!(x)=[9,1]", UnexpectedElement, &[2]);
    }

    /// Slow, and not wrong, where each read looks at all appends: that would be 450 million.
    #[test]
    fn counts_many_appends_of_one_element_soon() {
        let times = 30_000;
        let text = "0:append(x,1) 1:read(x)=[1] ".repeat(times) + "1:read(x)=[1,1]";
        accepts(&Append, &text);
    }

    /// Slow, and not wrong, where each final read looks at all elements: that would be 900 million.
    #[test]
    fn judges_many_short_final_reads_soon() {
        let many = 30_000;
        let appends: String = (0..many).map(|element| format!("0:append(x,{element}) ")).collect();
        let verdict =
            Append.check(&history(&(appends + &"1:read!(x)=[0] ".repeat(many))), &Context::default());
        assert_eq!(verdict.count().found, many as u64 - 1);
    }

    #[test]
    fn tells_each_lost_element_once_by_the_first_final_read_that_lacks_it() {
        let text = "0:append(x,1) 0:append(x,2) 1:read!(x)=[1] 0:append(x,3) 1:read!(x)=[] 1:read!(x)=[1]";
        let verdict = Append.check(&history(text), &Context::default());
        let lost = verdict.anomalies().iter().filter(|anomaly| anomaly.kind == LostElement);
        let shown: Vec<&[u64]> = lost.map(|anomaly| &anomaly.operations[..]).collect();
        assert_eq!(shown, [[0, 8], [2, 4], [6, 8]]);
    }

    #[test]
    fn is_unsure_of_what_shows_nothing() {
        is_unsure(&Append, "0:append(x,1)");
        assert_eq!(is_unsure(&Append, "0:read(x)=[] 0:append(x,1)"), "no read of a list holds an element");
        assert!(is_unsure(&Append, "0:append(x,1) 1:read(x)=1").starts_with("event 2"));
        assert!(is_unsure(&Append, "0:append(x,1) 0:write(x,1) 1:read(x)=[1]").starts_with("event 2"));
    }
}
