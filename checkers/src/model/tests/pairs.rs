//! Pairs of small histories, one accepted and one rejected, a single detail apart.

use perjury_histories::Value;
use serde_json::json;

use super::super::oracle::is_linearizable;
use super::super::*;
use crate::linearizable::Problem;
use crate::testing::history;

fn is_valid_from(initial: &Value, model: &impl Model, text: &str) -> bool {
    let history = history(text);
    is_linearizable(model, &Problem::of(history.operations()), initial)
}

/// Asserts that the first history is linearizable, and the second is not.
#[track_caller]
fn tells_apart(model: &impl Model, good: &str, bad: &str) {
    tells_apart_from(&Value::Null, model, good, bad);
}

/// The same, from this initial value.
#[track_caller]
fn tells_apart_from(initial: &Value, model: &impl Model, good: &str, bad: &str) {
    assert!(is_valid_from(initial, model, good), "{good}");
    assert!(!is_valid_from(initial, model, bad), "{bad}");
}

#[test]
fn register_rejects_stale_read() {
    use register::Register;
    tells_apart(&Register, "0:write(_,1) 0:write(_,2) 1:read()=2", "0:write(_,1) 0:write(_,2) 1:read()=1");
    tells_apart(&Register, "0:write(_,1) 0:delete() 1:read()=null", "0:write(_,1) 0:delete() 1:read()=1");
    tells_apart_from(&json!(5), &Register, "1:read()=5", "1:read()=null");
}

#[test]
fn cas_register_rejects_cas_of_another_value() {
    use cas_register::CasRegister;
    tells_apart(
        &CasRegister,
        "0:write(_,1) 1:cas(_,[1,2]) 1:read()=2",
        "0:write(_,1) 1:cas(_,[3,2]) 1:read()=2",
    );
    tells_apart(
        &CasRegister,
        "0:write(_,1) 1:cas(_,[3,2]):fail 1:read()=1",
        "0:write(_,1) 1:cas(_,[1,2]) 1:read()=1",
    );
    // An unknown cas may have happened, but not twice.
    let text = |last| format!("0:write(_,1) 1:cas(_,[1,2]):info 0:read()=2 0:write(_,1) 0:read()={last}");
    tells_apart(&CasRegister, &text(1), &text(2));
}

#[test]
fn multi_register_rejects_torn_read() {
    use multi_register::MultiRegister;
    let text = |y| {
        format!(
            r#"0:txn(_,[["write","x",1],["write","y",1]])=[["write","x",1],["write","y",1]]
               1:txn(_,[["read","x",null],["read","y",null]])=[["read","x",1],["read","y",{y}]]"#
        )
    };
    tells_apart(&MultiRegister, &text("1"), &text("null"));
    let text = |x| format!(r#"0:txn(_,[["read","x",null]])=[["read","x",{x}]]"#);
    tells_apart_from(&json!({"x": 5}), &MultiRegister, &text(5), &text(6));
}

/// Where registers begin with values, null is a result that was not recorded.
#[test]
fn multi_register_begins_empty_or_with_values() {
    let text =
        r#"0:txn(_,[["write","x",1]])=[["write","x",1]] 1:txn(_,[["read","x",null]])=[["read","x",null]]"#;
    assert!(is_valid_from(&json!({"x": 0}), &multi_register::MultiRegister, text));
    assert!(!is_valid_from(&Value::Null, &multi_register::MultiRegister, text));
}

#[test]
fn kv_append_rejects_appends_out_of_order() {
    let text = |seen| format!(r#"0:put(_,"a") 0:append(_,"b") 1:append(_,"c") 2:get()="{seen}""#);
    tells_apart(&kv_append::KvAppend, &text("abc"), &text("acb"));
    tells_apart(&kv_append::KvAppend, r#"0:get()="" 0:get()=null"#, r#"0:get()="a""#);
}

#[test]
fn mutex_rejects_two_holders() {
    tells_apart(&mutex::Mutex, "0:acquire() 0:release() 1:acquire()", "0:acquire() 1:acquire()");
    tells_apart(&mutex::Mutex, "0:acquire() 0:release():info 1:acquire()", "0:release():info 1:release()");
}

#[test]
fn fifo_queue_rejects_overtaking() {
    let text =
        |first, second| format!("0:enqueue(_,1) 0:enqueue(_,2) 1:dequeue()={first} 1:dequeue()={second}");
    tells_apart(&fifo_queue::FifoQueue, &text("1", "2"), &text("2", "1"));
    tells_apart(
        &fifo_queue::FifoQueue,
        "0:enqueue(_,1)? 1:dequeue()=null 0:ok",
        "0:enqueue(_,1) 1:dequeue()=null",
    );
    tells_apart(
        &fifo_queue::FifoQueue,
        "0:dequeue():info 0:enqueue(_,1) 1:dequeue()=null",
        "0:dequeue():fail 0:enqueue(_,1) 1:dequeue()=null",
    );
    tells_apart_from(&json!([7, 8]), &fifo_queue::FifoQueue, "0:dequeue()=7", "0:dequeue()=8");
}

#[test]
fn unordered_queue_rejects_what_was_taken_before() {
    use unordered_queue::UnorderedQueue;
    let text =
        |first, second| format!("0:enqueue(_,1) 0:enqueue(_,2) 1:dequeue()={first} 1:dequeue()={second}");
    tells_apart(&UnorderedQueue, &text("2", "1"), &text("2", "2"));
    tells_apart(&UnorderedQueue, &text("1", "2"), &text("1", "null"));
    let text =
        |last| format!("0:enqueue(_,1) 0:enqueue(_,2) 1:dequeue():info 0:dequeue()=1 0:dequeue()={last}");
    tells_apart(&UnorderedQueue, &text("null"), &text("1"));
}

#[test]
fn stack_rejects_what_is_below() {
    let text = |first| format!("0:push(_,1) 0:push(_,2) 1:pop()={first}");
    tells_apart(&stack::Stack, &text("2"), &text("1"));
    tells_apart(&stack::Stack, "0:push(_,1) 1:len()=1 1:pop()=1 1:pop()=null", "0:push(_,1) 1:len()=2");
}

#[test]
fn priority_queue_rejects_the_smaller() {
    let text = |first| format!("0:insert(_,1) 0:insert(_,7) 0:insert(_,3) 1:poll()={first}");
    tells_apart(&priority_queue::PriorityQueue, &text("7"), &text("3"));
    tells_apart(
        &priority_queue::PriorityQueue,
        "0:insert(_,1) 0:poll()=1 0:poll()=null",
        "0:insert(_,1) 0:poll()=null",
    );
    tells_apart(
        &priority_queue::PriorityQueue,
        "0:insert(_,1) 0:insert(_,1.0) 0:poll()=1",
        "0:insert(_,1) 0:insert(_,1.5) 0:poll()=1",
    );
}

#[test]
fn set_rejects_what_was_removed() {
    let text = |last| format!("0:add(_,1) 1:remove(_,1)=[1,true] 0:contains(_,1)=[1,{last}]");
    tells_apart(&set::Set, &text("false"), &text("true"));
    tells_apart(&set::Set, "0:add(_,1) 0:add(_,2) 1:read()=[2,1]", "0:add(_,1) 0:add(_,2) 1:read()=[2,1,1]");
    tells_apart(&set::Set, "0:add(_,1) 1:add(_,1)=[1,false]", "0:add(_,1) 1:add(_,1)=[1,true]");
    tells_apart(&set::Set, "0:remove(_,1)=false 0:read()=null", "0:remove(_,1)=true");
}

#[test]
fn counter_rejects_what_nobody_counted() {
    let text = |sum| format!("0:add(_,3) 1:increment() 1:decrement(_,2) 2:read()={sum}");
    tells_apart(&counter::Counter, &text(2), &text(3));
    tells_apart(&counter::Counter, "0:add(_,3):info 2:read()=3", "0:add(_,3):info 2:read()=6");
}

#[test]
fn nondeterministic_register_rejects_what_was_not_kept() {
    let text = |all| format!("0:put-any(_,[1,2,3,4]) 1:get-any()=[1,4] 1:get-all()={all}");
    tells_apart(&nondeterministic_register::NondeterministicRegister, &text("[4,2,1]"), &text("[1,2,3]"));
}

#[test]
fn list_append_rejects_what_is_out_of_order() {
    let text = |seen| format!("0:append(_,1) 0:append(_,2) 1:append(_,3):info 2:read()={seen}");
    tells_apart(&list_append::ListAppend, &text("[1,2]"), &text("[2,1]"));
    tells_apart(&list_append::ListAppend, &text("[1,2,3]"), &text("[3,1,2]"));
    tells_apart(&list_append::ListAppend, "0:read()=null 0:append(_,1)", "0:append(_,1) 0:read()=null");
    tells_apart_from(&json!([7]), &list_append::ListAppend, "0:read()=[7]", "0:read()=[]");
}

/// Shapes that a step could not interpret are refused before.
#[test]
fn models_refuse_what_they_cannot_interpret() {
    fn refuses(model: &impl Model, function: &str, argument: Value, result: Value) -> String {
        model.check(&Call { function, argument: &argument, result: Some(&result) }).expect_err("refused")
    }
    let null = || Value::Null;
    assert_eq!(
        refuses(&register::Register, "cas", json!([1, 2]), null()),
        "cas is no operation on a register"
    );
    assert_eq!(
        refuses(&cas_register::CasRegister, "cas", json!(1), null()),
        "the value of a cas must be [old, new]"
    );
    refuses(&multi_register::MultiRegister, "txn", json!([["append", "x", 1]]), null());
    refuses(&multi_register::MultiRegister, "txn", json!([["read", "x"]]), json!([["read", "y", 1]]));
    refuses(&kv_append::KvAppend, "append", json!(1), null());
    refuses(&kv_append::KvAppend, "get", null(), json!(1));
    refuses(&list_append::ListAppend, "read", null(), json!(1));
    refuses(&list_append::ListAppend, "add", json!(1), null());
    refuses(&mutex::Mutex, "lock", null(), null());
    refuses(&fifo_queue::FifoQueue, "enqueue", null(), null());
    refuses(&unordered_queue::UnorderedQueue, "drain", null(), null());
    refuses(&stack::Stack, "len", null(), json!(-1));
    refuses(&priority_queue::PriorityQueue, "insert", json!("1"), null());
    refuses(&set::Set, "contains", json!(1), json!(1));
    refuses(&set::Set, "read", null(), json!(1));
    refuses(&counter::Counter, "add", null(), null());
    refuses(&counter::Counter, "read", null(), json!(0.5));
    refuses(
        &nondeterministic_register::NondeterministicRegister,
        "put-any",
        json!(vec![0; 0].is_empty()),
        null(),
    );
    assert!(fifo_queue::FifoQueue.initial(&json!(1)).is_err());
    assert!(priority_queue::PriorityQueue.initial(&json!(["1"])).is_err());
    assert!(mutex::Mutex.initial(&json!(1)).is_err());
    assert!(list_append::ListAppend.initial(&json!(1)).is_err());
}
