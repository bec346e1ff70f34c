//! Which checkers suit a history, by what is in it, and why.
//!
//! ```text
//! read, write, cas                       a register             integrity, linearizability
//!   ...with versions                                            and the session guarantees
//! add, reads of arrays                   a set                  set for one read or a final one, set-full for many
//! append, reads of arrays                a list                 append, linearizability
//! add, reads of numbers                  a counter              counter; with final reads one of the replicated
//! enqueue, dequeue, drain                a queue                total-queue
//! generate                               ids                    unique-ids
//! transfer, read                         a bank                 bank
//! acquire, write-fenced                  a lock that guards     fencing
//! txn, final reads at several nodes      replicas               strong-convergence
//! whatever else a model knows            that object            linearizability
//! notes of the nemesis                   our own store          what judges these notes; of siblings in dumps of a set,
//!                                                               acknowledged-or-dominated
//! ```
//!
//! A checker that could only say unknown is not picked: the verdict on a history is the worst of all. One row of
//! the table says for each checker when it suits; a few are only taken when they are asked for.

use perjury_histories::History;

use crate::checker::{self, Checker};
use crate::linearizable::AnyModel;
use crate::model::Shape;

mod facts;

use facts::{Facts, Object};

/// A checker that suits a history.
#[derive(Clone, Copy)]
pub struct Fit {
    /// It.
    pub checker: &'static dyn Checker,
    /// What in the history it suits.
    pub reason: &'static str,
}

/// When a checker suits: with the reason if it does.
type Rule = fn(&Facts<'_>) -> Option<&'static str>;

/// Versions tell the place of each access to a register: these of reads, of writes, of both.
const READ_VERSIONS: Rule =
    |facts| facts.is(Object::Register, "registers with versions").filter(|_| facts.has_read_versions);
const WRITE_VERSIONS: Rule =
    |facts| facts.is(Object::Register, "registers with versions").filter(|_| facts.has_write_versions);
const VERSIONS: Rule = |facts| READ_VERSIONS(facts).and(WRITE_VERSIONS(facts));

/// Each checker that is picked by itself, and when.
const RULES: &[(&str, Rule)] = &[
    ("stats", |facts| facts.has_note("nemesis", "the run announced its faults")),
    ("progress", |facts| facts.has_note("healed", "the run noted when all was healed")),
    ("invariants", |facts| {
        let broken = facts.has_note("invariant", "an invariant of the store was seen to be broken");
        facts.has_note("watched", "the store's invariants were watched").or(broken)
    }),
    ("membership", |facts| facts.has_note("view", "nodes told what they take each other for")),
    ("integrity", |facts| facts.is(Object::Register, "registers")),
    ("read-your-writes", VERSIONS),
    ("monotonic-reads", READ_VERSIONS),
    ("monotonic-writes", WRITE_VERSIONS),
    ("writes-follow-reads", VERSIONS),
    ("monotonic-writes-across-keys", VERSIONS),
    ("writes-follow-reads-across-keys", VERSIONS),
    ("linearizability", |facts| {
        let known = facts.is(Object::OfModel, "the functions of a known model");
        let list = facts.is(Object::List, "lists that are appended to and read as a whole");
        facts.is(Object::Register, "registers").or(list).or(known).filter(|_| facts.has_model)
    }),
    ("convergence", |facts| facts.has_note("dump", "replicas told what they hold")),
    ("durability", |facts| {
        let objects = [Object::Register, Object::Set, Object::Counter, Object::List];
        let reason = facts.has_note("dump", "replicas told what they hold");
        reason.filter(|_| objects.iter().any(|object| facts.object == Some(*object)))
    }),
    ("replica-durability", |facts| facts.has_note("acknowledge", "replicas told what they acknowledged")),
    ("deleted-stays-deleted", |facts| {
        let reason = facts.is(Object::Register, "registers with versions, deleted and looked at in the end");
        reason.filter(|_| facts.has_final_read_of_deleted)
    }),
    ("acknowledged-or-dominated", |facts| {
        facts.is(Object::Set, "replicas told which siblings they hold").filter(|_| facts.has_siblings)
    }),
    ("set", |facts| {
        let reason = facts.is(Object::Set, "a set, and one read or a final one");
        reason.filter(|_| facts.array_reads == 1 || facts.has_final_array)
    }),
    ("set-full", |facts| {
        let reason = facts.is(Object::Set, "a set that is read more than once");
        let unread = facts.is(Object::Set, "elements that nobody read, as of a set");
        let is_read = facts.array_reads > 1 || facts.has_object_reads;
        if is_read { reason } else { unread.filter(|_| facts.array_reads == 0) }
    }),
    ("append", |facts| facts.is(Object::List, "lists that are appended to and read as a whole")),
    ("total-queue", |facts| facts.is(Object::DrainedQueue, "a queue that is drained")),
    ("counter", |facts| facts.is(Object::Counter, "a counter").filter(|_| !facts.has_final_number)),
    ("grow-only-counter", |facts| {
        let reason =
            facts.is(Object::Counter, "a counter with final reads to which nothing below zero is added");
        reason.filter(|_| facts.has_final_number && !facts.has_decrements)
    }),
    ("pn-counter", |facts| {
        let reason = facts.is(Object::Counter, "a counter with final reads, up and down");
        reason.filter(|_| facts.has_final_number && facts.has_decrements)
    }),
    ("unique-ids", |facts| facts.is(Object::Ids, "ids are given out")),
    ("fencing", |facts| facts.is(Object::Guarded, "registers that are guarded by locks")),
    ("bank", |facts| facts.is(Object::Bank, "transfers between accounts")),
    ("strong-convergence", |facts| {
        facts.is(Object::Replicas, "transactions, with final reads at several nodes")
    }),
    ("long-fork", |facts| facts.is(Object::LongFork, "writes of one key, and reads of several")),
    ("causal-reverse", |facts| facts.is(Object::CausalReverse, "writes of values, and reads of all of them")),
];

/// Checkers that are only taken when they are asked for, and why.
const ON_DEMAND: &[(&str, &str)] = &[
    ("sequential", "weaker than linearizability, and only searched on small histories"),
    ("causal", "weaker than linearizability"),
    ("causal-memory", "weaker than linearizability"),
    ("causal-convergence", "weaker than linearizability"),
    ("availability", "needs to be told how long nothing may get done"),
    ("bounded-loss", "needs to be told how much may be lost"),
    ("staleness", "measures how far reads are from linearizability"),
];

/// The checkers that suit this history, in the order in which reports show them, each with the reason.
pub fn fits(history: &History) -> Vec<Fit> {
    suit(&Facts::of(history))
}

/// The same where its objects are said to be of this model: reads alone look like those of a register.
pub fn fits_of(history: &History, model: &dyn AnyModel) -> Vec<Fit> {
    let mut facts = Facts::of(history);
    if facts.object == Some(Object::Register) && model.shape() != Shape::Register {
        facts.object = Some(Object::OfModel);
    }
    suit(&facts)
}

fn suit(facts: &Facts<'_>) -> Vec<Fit> {
    let fit = |checker: &&'static dyn Checker| {
        let (_, rule) = RULES.iter().find(|(name, _)| *name == checker.name())?;
        Some(Fit { checker: *checker, reason: rule(facts)? })
    };
    checker::ALL.iter().filter_map(fit).collect()
}

/// Why no checker suits this history.
pub fn why_none(history: &History) -> String {
    let facts = Facts::of(history);
    if facts.functions.is_empty() {
        return "no operations: there is nothing to judge".to_owned();
    }
    let functions = facts.functions.into_iter().collect::<Vec<_>>().join(", ");
    format!("no checker yet that fits the functions {functions} by itself")
}

/// Why this checker is only taken when it is asked for; none: it is picked where it suits.
pub fn why_on_demand(checker: &str) -> Option<&'static str> {
    ON_DEMAND.iter().find(|(name, _)| *name == checker).map(|(_, why)| *why)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checker::Context;
    use crate::linearizable;
    use crate::testing::history;

    #[track_caller]
    fn fit(text: &str, names: &[&str]) {
        let fits = fits(&history(text));
        let found: Vec<&str> = fits.iter().map(|fit| fit.checker.name()).collect();
        assert_eq!(found, names, "{text}");
    }

    #[test]
    fn has_a_row_for_every_checker() {
        for checker in checker::ALL {
            let is_rule = RULES.iter().any(|(name, _)| *name == checker.name());
            assert_ne!(is_rule, why_on_demand(checker.name()).is_some(), "{}", checker.name());
        }
    }

    #[test]
    fn fits_registers() {
        fit("0:write(x,1) 0:read(x)=1", &["integrity", "linearizability"]);
        fit("0:read(x)=1", &["integrity", "linearizability"]);
        fit(r#"0:read()={"a":1,"b":2}"#, &["bank"]);
        fit("0:write(x,1) 0:cas(x,[1,2]) 0:delete(x) 0:read(x)=null", &["integrity", "linearizability"]);
        let deleted = |seen: &str| {
            let fits = fits(&history(&format!("0:delete(x)@3 {seen}")));
            fits.iter().any(|fit| fit.checker.name() == "deleted-stays-deleted")
        };
        assert!(deleted("1:read!(x)=null@3") && !deleted("1:read!(y)=null") && !deleted("1:read(x)=null@3"));
        let versions = fits(&history("0:write(x,1)@3 0:read(x)=1@3"));
        assert!(versions.iter().any(|fit| fit.checker.name() == "monotonic-writes-across-keys"));
        assert!(versions.iter().all(|fit| fit.checker.name() != "convergence"));
        fit("0:write(x,1) 0:read(x)=1@3", &["integrity", "monotonic-reads", "linearizability"]);
        fit("0:write(x,1)@3 0:read(x)=null", &["integrity", "monotonic-writes", "linearizability"]);
    }

    #[test]
    fn fits_notes() {
        fit(
            "0:write(x,1) nemesis:dump(_,{})",
            &["integrity", "linearizability", "convergence", "durability"],
        );
        fit(r#"nemesis:nemesis(_,{"kinds":[]}) 0:write(x,1)"#, &["stats", "integrity", "linearizability"]);
        fit(
            "nemesis:healed() nemesis:acknowledge(x)/n1@1 0:generate()=1",
            &["progress", "replica-durability", "unique-ids"],
        );
        fit("nemesis:watched(_,{}) 0:generate()=1", &["invariants", "unique-ids"]);
        fit("nemesis:view(_,{}) 0:generate()=1", &["membership", "unique-ids"]);
        fit(r#"0:transfer(_,{}) nemesis:dump(_,{})"#, &["convergence", "bank"]);
        let list = "0:append(x,1) 0:read(x)=[1] nemesis:dump(_,{})";
        fit(list, &["linearizability", "convergence", "durability", "append"]);
    }

    #[test]
    fn fits_sets() {
        fit("0:add(_,1) 0:read!()=[1]", &["set"]);
        fit("0:add(_,1) 0:read()=[1]", &["set"]);
        fit("0:add(_,1) 0:read()=[1] 0:read()=[1]", &["set-full"]);
        fit("0:add(_,1) 0:read()=[1] 0:read!()=[1]", &["set", "set-full"]);
        fit(r#"0:write-set(_,1) 0:read-set-all()={"n1":[1]}"#, &["set-full"]);
        fit("0:add(_,1) 0:contains(_,1)=[1,true]", &["linearizability"]);
        fit("0:add(_,1) 0:add(_,2)", &["set-full"]);
    }

    #[test]
    fn fits_sets_whose_replicas_hold_siblings() {
        let picked = |held: &str| {
            let dump = format!(r#"nemesis:dump(_,{{"entries":[["j",[1],[]],["s",[1],{held}]]}})"#);
            let fits = fits(&history(&format!("0:add(s,1) 0:read!(s)=[1] {dump}")));
            fits.iter().any(|fit| fit.checker.name() == "acknowledged-or-dominated")
        };
        assert!(picked("[[1],[2]]") && !picked("[1,2]") && !picked("1"));
    }

    #[test]
    fn fits_lists() {
        fit("0:append(x,1) 0:read(x)=[1]", &["linearizability", "append"]);
        fit("0:append(x,1) 0:read(x)=null", &["linearizability", "append"]);
        fit(r#"0:append(x,"a") 0:get(x)="a""#, &["linearizability"]);
        fit(r#"0:append(x,"a") 0:read(x)="a""#, &[]);
    }

    #[test]
    fn fits_locks_and_what_they_guard() {
        fit("0:acquire(l)=1 0:write-fenced(g,[1,2]) 0:read(g)=[1,2] 0:release(l,1)", &["fencing"]);
        fit("0:write-fenced(g,[1,2])", &["fencing"]);
        fit("0:acquire(l) 0:release(l)", &["linearizability"]);
    }

    #[test]
    fn picks_availability_only_on_demand() {
        let note = r#"nemesis:deaf(_,{"fault":"deaf-node","state":"start"})"#;
        fit(&format!("{note} 0:generate()=1"), &["unique-ids"]);
        assert!(why_on_demand("availability").is_some());
    }

    #[test]
    fn fits_counters() {
        fit("0:add(_,1) 0:read()=1", &["counter"]);
        fit("0:add(_,1) 0:read!()=1", &["grow-only-counter"]);
        fit("0:add(_,-1) 0:read!()=1", &["pn-counter"]);
        fit("0:add(_,1) 0:add(_,1)", &["counter"]);
    }

    #[test]
    fn fits_queues() {
        fit("0:enqueue(_,1) 0:dequeue()=1 0:drain()=[]", &["total-queue"]);
        fit("0:enqueue(_,1) 0:dequeue()=1", &["linearizability"]);
        fit("0:acquire() 0:release()", &["linearizability"]);
    }

    #[test]
    fn fits_banks_ids_and_replicas() {
        fit("0:generate()=1", &["unique-ids"]);
        fit(r#"0:transfer(_,{"from":1,"to":2,"amount":3}) 0:read()=[1]"#, &["bank"]);
        let text = |node: &str| {
            format!(
                r#"0:txn(_,[["append","x",1]])/n1 1:txn!(_,[["r","x",null]])/n1=[["r","x",[1]]]
               2:txn!(_,[["r","x",null]])/{node}=[["r","x",[1]]]"#
            )
        };
        fit(&text("n2"), &["strong-convergence"]);
        fit(&text("n1"), &[]);
    }

    #[test]
    fn fits_no_register_to_reads_of_many_values() {
        for text in
            ["0:write(_,1) 0:read()=[1]", r#"0:write(_,[["w",1,1]]) 0:read(_,[["r",1,null]])=[["r",1,1]]"#]
        {
            let fits = fits(&history(text));
            assert!(
                fits.iter().all(|fit| !matches!(fit.checker.name(), "integrity" | "linearizability")),
                "{text}"
            );
        }
    }

    #[test]
    fn fits_no_register_where_another_model_is_named() {
        let reads = history("0:read(_)=0");
        let names = |fits: Vec<Fit>| fits.iter().map(|fit| fit.checker.name()).collect::<Vec<_>>();
        assert_eq!(names(fits(&reads)), ["integrity", "linearizability"]);
        let of = |model: &str| fits_of(&reads, linearizable::named(model).expect("a model"));
        assert_eq!(names(of("register")), ["integrity", "linearizability"]);
        assert_eq!(names(of("counter")), ["linearizability"]);
    }

    #[test]
    fn says_why_none_fits() {
        assert!(why_none(&history("0:fly() 0:swim()")).contains("fly, swim"));
        assert!(why_none(&history("nemesis:healed()")).contains("no operations"));
        assert_eq!(why_on_demand("counter"), None);
    }

    /// What is picked can judge: it is sure of a small history of its kind.
    #[test]
    fn picks_only_what_can_judge() {
        for text in
            ["0:write(x,1) 0:read(x)=1", "0:add(_,1) 0:read()=1", "0:add(_,1) 0:read()=[1]", "0:generate()=1"]
        {
            for fit in fits(&history(text)) {
                let verdict = fit.checker.check(&history(text), &Context::default());
                assert!(verdict.is_valid(), "{text}: {}: {verdict:?}", fit.checker.name());
            }
        }
    }
}
