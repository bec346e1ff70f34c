//! What is said of histories of every shape.

use perjury_histories::Value;
use serde_json::json;

use crate::checker::linearizability::Linearizability;
use crate::checker::{Checker, Context};
use crate::testing::history;

fn explanation_from(initial: Value, text: &str) -> String {
    let verdict = Linearizability.check(&history(text), &Context { initial, ..Context::default() });
    let [anomaly] = verdict.anomalies() else { panic!("{text}: {verdict:?}") };
    anomaly.explanation.clone()
}

/// Asserts that the explanation begins so.
#[track_caller]
fn says(text: &str, headline: &str) {
    let explanation = explanation_from(Value::Null, text);
    assert!(explanation.starts_with(&format!("{headline}; ")), "{text}: {explanation}");
}

#[test]
fn tells_of_registers() {
    says("0:write(_,1) 1:read()=5", "process 1 read 5 at event 3, although nobody had written 5");
    says(
        "0:write(_,5) 0:write(_,7) 1:read()=5",
        "process 1 read 5 at event 5, although the write of 7 by process 0 had completed at event 3 and nothing \
         wrote 5 after it",
    );
    says(
        "0:write(_,5) 2:write(_,5)? 0:write(_,7) 2:ok 1:read()=7 1:read()=5",
        "process 1 read 5 at event 9, although the write of 7 by process 0 had completed at event 4",
    );
    let explanation = explanation_from(json!(5), "0:cas(_,[5,7]) 1:read()=5");
    let headline = "process 1 read 5 at event 3, although the cas to 7 by process 0 had completed at event 1 and \
                    nothing wrote 5 after it; no order";
    assert!(explanation.starts_with(headline), "{explanation}");
}

#[test]
fn tells_of_queues() {
    says("0:enqueue(_,1) 1:dequeue()=5", "process 1 dequeued 5 at event 3, although nobody had enqueued 5");
    says(
        "0:enqueue(_,5) 1:dequeue()=null",
        "process 1 dequeued nothing at event 3, although 5 was still in it, enqueued by process 0 at event 1",
    );
    says(
        "0:enqueue(_,5) 0:enqueue(_,7) 1:dequeue()=7",
        "process 1 dequeued 7 at event 5, although 5, enqueued before it, was still in it (enqueued by process 0 at \
         event 1)",
    );
    says(
        "0:enqueue(_,5) 1:dequeue()=5 2:dequeue()=5",
        "process 2 dequeued 5 at event 5, although process 1 had dequeued it, too, at event 3",
    );
}

#[test]
fn tells_of_stacks_and_priority_queues() {
    says(
        "0:push(_,5) 0:push(_,7) 1:pop()=5",
        "process 1 popped 5 at event 5, although 7, pushed after it, was still in it (pushed by process 0 at event 3)",
    );
    says(
        "0:insert(_,7) 0:insert(_,5) 1:poll()=5",
        "process 1 polled 5 at event 5, although 7, which is larger, was still in it (inserted by process 0 at event \
         1)",
    );
}

#[test]
fn tells_of_sets() {
    says(
        "0:add(_,5) 1:contains(_,5)=[5,false]",
        "process 1 asked for 5 (false) at event 3, although process 0 had added 5 at event 1 and nobody removed it",
    );
    says(
        "0:add(_,5) 0:remove(_,5) 1:read()=[5]",
        "process 1 read [5] at event 5, although process 0 had removed 5 at event 3 and nobody added it after that",
    );
    says("0:add(_,5) 1:read()=[6]", "process 1 read [6] at event 3, although nobody had added 6");
    says("0:add(_,5) 1:read()=[5,5]", "process 1 read [5,5] at event 3, although a set cannot hold 5 twice");
}

#[test]
fn tells_of_counters_and_locks() {
    says("0:add(_,5) 1:read()=3", "process 1 read 3 at event 3, although it was at least 5");
    says("0:add(_,5):info 1:read()=6", "process 1 read 6 at event 3, although it was at most 5");
    says(
        "0:acquire() 1:acquire()",
        "process 1 acquired the lock at event 3, although process 0 had acquired it at event 1 and nobody had \
         released it",
    );
    says("1:release()", "process 1 released the lock at event 1, although nobody had acquired it");
    says(
        "0:acquire()? 1:acquire()? 0:ok 1:ok",
        "process 1 acquired the lock at event 3, although in all 2 had acquired it by then, and nobody had released \
         it",
    );
    says(
        "0:acquire()? 1:acquire()? 2:acquire()? 3:release():info 0:ok 1:ok 2:ok",
        "process 2 acquired the lock at event 7, although in all 3 had acquired it by then, and at most 1 had \
         released it",
    );
}

#[test]
fn tells_of_lists() {
    says("1:read()=[5] 0:append(_,5)", "process 1 read [5] at event 1, although nobody had appended 5");
    says(
        "0:append(_,5) 0:append(_,6) 1:read()=[6,5]",
        "process 1 read [6,5] at event 5, although process 0 had appended 5 at event 1, and 6 was not begun before event 2",
    );
    says(
        "1:read()? 0:append(_,5) 0:append(_,6) 1:ok=[6]",
        "process 1 read [6] at event 5, although process 0 had appended 5 at event 2, and 6 was not begun before event 3",
    );
    says("0:append(_,5) 1:read()=[6]", "process 1 read [6] at event 3, although nobody had appended 6");
    says(
        "0:append(_,5) 1:read()=[5,5]",
        "process 1 read [5,5] at event 3, although 5 was appended only once",
    );
    says(
        "0:append(_,5) 1:read()=null",
        "process 1 read nothing at event 3, although process 0 had appended 5 at event 1",
    );
    says(
        "0:append(_,5)? 1:read()=[5] 2:read()=[]",
        "process 2 read [] at event 4, although process 1 had already read 5 at event 2",
    );
    says(
        "0:append(_,5)? 2:append(_,6)? 0:ok 2:ok 1:read()=[5,6] 3:read()=[6,5]",
        "process 3 read [6,5] at event 7, although process 1 read [5,6], and neither is a beginning of the other",
    );
}

#[test]
fn lists_the_operations_and_the_states_that_remained() {
    let text = r#"0:put(_,"a") 0:append(_,"b")? 1:append(_,"c")? 2:get()="acbd" 0:ok 1:ok"#;
    let expected = "no order explains these 4 operations: process 0 put \"a\" from event 0 to event 1; process 0 \
                    appended \"b\" from event 2 to event 6; process 1 appended \"c\" from event 3 to event 7; process \
                    2 got \"acbd\" from event 4 to event 5; just before event 5 the search could go on from \"a\" only";
    assert_eq!(explanation_from(Value::Null, text), expected);
}

#[test]
fn tells_that_what_is_not_listed_makes_no_difference() {
    let text = "0:add(_,5) 2:add(_,-7):info 1:read()=6";
    let explanation = explanation_from(Value::Null, text);
    let (headline, tail) = (
        "process 1 read 6 at event 5, although it was at most 5; no order explains these 2 operations: ",
        "whether one more of unknown outcome happened makes no difference",
    );
    assert!(explanation.starts_with(headline) && explanation.ends_with(tail), "{explanation}");
}

#[test]
fn lists_only_the_last_of_very_many_operations() {
    let adds = "0:increment() ".repeat(30);
    let explanation = explanation_from(Value::Null, &format!("{adds} 1:read()=7"));
    assert!(
        explanation.contains("these 31 operations: (11 earlier ones); process 0 incremented it"),
        "{explanation}"
    );
}
