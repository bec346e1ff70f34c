//! Which checkers fit a history, by the functions in it.

use std::collections::BTreeSet;

use perjury::workload::{self, Workload};
use perjury_checkers::linearizable::model_for;
use perjury_checkers::{Checker, checker};
use perjury_histories::History;

use super::choice::Choice;

/// Checkers that judge what replicas told of themselves, with the note that they need.
const NEED_NOTES: &[(&str, &str)] = &[
    ("convergence", "dump"),
    ("durability", "dump"),
    ("replica-durability", "acknowledge"),
    ("progress", "healed"),
];
/// Checkers that compare versions. Without any, linearizability says all that they could say of a key.
const NEED_VERSIONS: &[&str] = &[
    "read-your-writes",
    "monotonic-reads",
    "monotonic-writes",
    "writes-follow-reads",
    "monotonic-writes-across-keys",
    "writes-follow-reads-across-keys",
];

/// The checkers of the workload that has just these functions, and of those only what the history's notes
/// and versions allow to judge; else linearizability, where a model has the functions.
pub fn choose(history: &History) -> Choice {
    let functions: BTreeSet<&str> = history.operations().map(|operation| operation.function()).collect();
    let list = functions.iter().copied().collect::<Vec<_>>().join(", ");
    if functions.contains("txn") {
        let why = "no checker yet for transactions (function txn)".to_owned();
        return Choice { checkers: Vec::new(), why };
    }
    let checkers = match workload(&functions) {
        Some(workload) => of_workload(history, workload),
        None if model_for(history).is_ok() => {
            ["stats", "linearizability"].map(checker::named).into_iter().flatten().collect()
        }
        None => {
            let why = format!(
                "no checker fits the functions {list}; choose with --checker, see: perjury list checkers"
            );
            return Choice { checkers: Vec::new(), why };
        }
    };
    Choice { checkers, why: format!("they fit the functions {list}") }
}

fn of_workload(history: &History, workload: &dyn Workload) -> Vec<&'static dyn Checker> {
    let notes: BTreeSet<&str> = history.notes().map(|event| event.function).collect();
    let has_versions = history.events().any(|event| event.version.is_some());
    let fits = |name: &str| {
        let judges_it = workload.checkers().contains(&name) || workload.checkers_of_all().contains(&name);
        judges_it
            && NEED_NOTES.iter().all(|&(needy, note)| needy != name || notes.contains(note))
            && (has_versions || !NEED_VERSIONS.contains(&name))
    };
    checker::ALL.iter().copied().filter(|checker| fits(checker.name())).collect()
}

/// The workload that makes histories with these functions.
fn workload(functions: &BTreeSet<&str>) -> Option<&'static dyn Workload> {
    let name = match functions {
        _ if functions.is_empty() => return None,
        _ if functions.is_subset(&BTreeSet::from(["read", "write"])) => "register",
        _ if functions.is_subset(&BTreeSet::from(["read", "write", "cas"])) => "cas-register",
        _ if functions.is_subset(&BTreeSet::from(["read", "add"])) => "set",
        _ => return None,
    };
    workload::named(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use perjury_histories::notation;

    fn names(text: &str) -> Vec<&'static str> {
        let history = notation::parse(text).expect("a history");
        choose(&history).checkers.iter().map(|checker| checker.name()).collect()
    }

    #[test]
    fn fits_checkers_to_functions() {
        assert_eq!(names("0:write(x,1) 0:read(x)=1"), ["stats", "integrity", "linearizability"]);
        assert!(names("0:write(x,1)@3 0:read(x)=1@3").contains(&"read-your-writes"));
        assert!(names("0:add(_,1) 0:read!()=[1]").contains(&"set"));
        assert!(!names("0:add(_,1) 0:read!()=[1]").contains(&"linearizability"));
        assert_eq!(names("0:txn(_,[])"), Vec::<&str>::new());
    }

    #[test]
    fn leaves_out_what_needs_notes_that_are_not_there() {
        assert!(!names("0:write(x,1)").contains(&"convergence"));
        assert!(names("0:write(x,1) nemesis:dump(_,{})").contains(&"convergence"));
    }
}
