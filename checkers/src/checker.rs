//! What every checker has in common, and the list of them all.

use perjury_histories::{History, Value};

use crate::linearizable::AnyModel;
use crate::observation;
use crate::stop::Stop;
use crate::verdict::Verdict;

pub mod acknowledged_or_dominated;
pub mod append;
pub mod availability;
pub mod bank;
pub mod bounded_loss;
pub mod causal;
pub mod causal_convergence;
pub mod causal_memory;
pub mod causal_reverse;
pub mod convergence;
pub mod counter;
pub mod deleted_stays_deleted;
pub mod durability;
pub mod fencing;
pub mod grow_only_counter;
pub mod integrity;
pub mod invariants;
pub mod linearizability;
pub mod long_fork;
pub mod membership;
pub mod monotonic_reads;
pub mod monotonic_writes;
pub mod monotonic_writes_across_keys;
pub mod pn_counter;
pub mod progress;
pub mod read_your_writes;
pub mod replica_durability;
pub mod sequential;
pub mod set;
pub mod set_full;
pub mod staleness;
pub mod stats;
pub mod strong_convergence;
pub mod total_queue;
pub mod unique_ids;
pub mod writes_follow_reads;
pub mod writes_follow_reads_across_keys;

/// All checkers, in the order in which reports show them.
pub const ALL: &[&dyn Checker] = &[
    &stats::Stats,
    &progress::Progress,
    &availability::Availability,
    &invariants::Invariants,
    &membership::Membership,
    &integrity::Integrity,
    &read_your_writes::ReadYourWrites,
    &monotonic_reads::MonotonicReads,
    &monotonic_writes::MonotonicWrites,
    &writes_follow_reads::WritesFollowReads,
    &monotonic_writes_across_keys::MonotonicWritesAcrossKeys,
    &writes_follow_reads_across_keys::WritesFollowReadsAcrossKeys,
    &linearizability::Linearizability,
    &sequential::Sequential,
    &staleness::Staleness,
    &causal::Causal,
    &causal_memory::CausalMemory,
    &causal_convergence::CausalConvergence,
    &long_fork::LongFork,
    &causal_reverse::CausalReverse,
    &convergence::Convergence,
    &durability::Durability,
    &replica_durability::ReplicaDurability,
    &deleted_stays_deleted::DeletedStaysDeleted,
    &acknowledged_or_dominated::AcknowledgedOrDominated,
    &bounded_loss::BoundedLoss,
    &set::Set,
    &set_full::SetFull,
    &append::Append,
    &total_queue::TotalQueue,
    &counter::Counter,
    &grow_only_counter::GrowOnlyCounter,
    &pn_counter::PnCounter,
    &unique_ids::UniqueIds,
    &fencing::Fencing,
    &bank::Bank,
    &strong_convergence::StrongConvergence,
];

/// The checker of this name.
pub fn named(name: &str) -> Option<&'static dyn Checker> {
    ALL.iter().copied().find(|checker| checker.name() == name)
}

/// Judges one guarantee.
///
/// A pure function of its two arguments: no clock, no randomness, no files.
///
/// - A history without a single operation of a client is unknown to every checker: it shows nothing. So is one
///   in which nothing was observed that the checker judges by: only writes, or only failures.
/// - What a checker cannot interpret makes its verdict unknown, with the event named; it never panics.
/// - Anomalies come in the order of their first event, at most
///   [`ANOMALIES_MAX`](crate::findings::ANOMALIES_MAX) of them; all are counted.
pub trait Checker: Sync {
    /// Its name on the command line: the file name in kebab-case.
    fn name(&self) -> &'static str;
    /// The guarantee it judges, in one sentence.
    fn about(&self) -> &'static str;
    /// Judges the history.
    fn check(&self, history: &History, context: &Context) -> Verdict;
}

/// What a checker may know beside the history.
#[derive(Clone, Debug, Default)]
pub struct Context {
    /// The value that every key had before the first event.
    pub initial: Value,
    /// What the objects are specified to be, for checkers that ask for it (none: the first model that has
    /// the functions of the history).
    pub model: Option<&'static dyn AnyModel>,
    /// How much work may be spent.
    pub limits: Limits,
    /// Functions that the system promised to refuse: these need no ok to show that they were tried.
    pub refused: Vec<String>,
    /// After healing, how long the replicas may take to become equal, in nanoseconds (none: any time).
    pub convergence_ns_max: Option<u64>,
    /// After healing, how long until every client must have got something done, in nanoseconds (none:
    /// any time); and while but one node is cut off one way, until any client must have.
    pub progress_ns_max: Option<u64>,
    /// Once nothing is wrong but that nodes are dead, how long until every node takes every other one for what it is,
    /// in nanoseconds (none: not declared, and not judged).
    pub detection_ns_max: Option<u64>,
    /// How many distinct home replicas must have acknowledged a write before it is answered with ok
    /// (none: not known, and not judged).
    pub acknowledgements_min: Option<usize>,
    /// How many writes of a register may come between what a read of it returns and the latest (none: any
    /// number, if [`Context::staleness_ns_max`] is declared, else zero).
    pub staleness_versions_max: Option<u64>,
    /// How stale a read may be, in nanoseconds. Of a register: for how long what it returns may have been
    /// overwritten (none: any time, if [`Context::staleness_versions_max`] is declared, else zero). Of a set:
    /// how long after an element was acknowledged it may still be missing (none: any time, as long as it is
    /// there in the end).
    pub staleness_ns_max: Option<u64>,
    /// How many acknowledged entries one fail-over may lose, where copies are asynchronous (none: not declared).
    pub loss_max: Option<u64>,
    /// The accounts of a bank (none: those of the initial value, if it is an object of balances, else those of
    /// the first read).
    pub accounts: Option<Vec<String>>,
    /// What the balances of a bank add up to (none: as the initial value, if it is an object of balances, else
    /// as the first read).
    pub total: Option<i64>,
    /// Whether the accounts of a bank may be overdrawn.
    pub may_overdraw: bool,
    /// Whether a history in which nothing was read may be valid. It has every property of which reads are the
    /// proof; but no system was seen to keep it. So this is for who asks about the history, not about a promise.
    pub may_be_unread: bool,
}

/// How much work a checker may spend before it answers unknown. Counted in steps, so that a verdict does not
/// depend on the machine; who wants a limit of time or memory raises the flag.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Configurations that a search may visit, for each object (key, or part of it) anew: so objects can be
    /// judged in parallel, and none depends on what the others needed.
    pub configurations_max: u64,
    /// Looked at every thousand configurations or so.
    pub stop: Stop,
}

impl Default for Limits {
    /// A million operations of forty busy processes fit. Most configurations are forgotten soon: how many are
    /// remembered at a time has a bound of its own.
    fn default() -> Limits {
        Limits { configurations_max: 50_000_000, stop: Stop::default() }
    }
}

/// Why a checker cannot decide; it names the event, where it is about one.
pub(crate) type Undecided = String;

/// Runs a judgement on what clients were told; what it could not decide is unknown, and so is a history in which
/// [nothing was told](crate::observation), unless the context says that it may be: nobody put the guarantee to
/// the test.
pub(crate) fn decide(
    history: &History,
    context: &Context,
    judge: impl FnOnce() -> Result<Verdict, Undecided>,
) -> Verdict {
    match decide_on_other_evidence(history, judge) {
        Verdict::Valid(witness) => match observation::why_nothing(history) {
            Some(why) if !context.may_be_unread => Verdict::Unknown(why),
            _ => Verdict::Valid(witness),
        },
        verdict => verdict,
    }
}

/// The same of a judgement that rests on something else: on notes of the nemesis, on versions of writes, on
/// what was tried. It must say itself when it has seen too little.
pub(crate) fn decide_on_other_evidence(
    history: &History,
    judge: impl FnOnce() -> Result<Verdict, Undecided>,
) -> Verdict {
    if history.operations().len() == 0 {
        return Verdict::Unknown("the history holds no operation of a client".to_owned());
    }
    judge().unwrap_or_else(Verdict::Unknown)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;
    use crate::testing::history;

    #[test]
    fn lists_every_file_under_its_name() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/checker");
        let files = std::fs::read_dir(folder).expect("the folder of the checkers");
        let files = files.map(|file| file.expect("a file").path());
        let files = files.filter(|path| path.extension().is_some_and(|extension| extension == "rs"));
        let stems = files.filter_map(|path| Some(path.file_stem()?.to_str()?.replace('_', "-")));
        let names: BTreeSet<String> = ALL.iter().map(|checker| checker.name().to_owned()).collect();
        assert_eq!(stems.collect::<BTreeSet<String>>(), names);
        assert!(names.iter().all(|name| named(name).is_some_and(|checker| checker.name() == name)));
    }

    #[test]
    fn passes_no_history_without_operations() {
        for text in ["", "nemesis:healed()"] {
            for checker in ALL {
                let verdict = checker.check(&history(text), &Context::default());
                assert!(verdict.is_unknown(), "{}: {verdict:?}", checker.name());
            }
        }
    }

    /// Each with what makes it pass: the same history with one answer.
    #[test]
    fn passes_no_history_in_which_nothing_was_read() {
        let texts = [
            ("0:write(x,1) 0:write(x,2)", "0:read(x)=2"),
            ("0:write(x,1):info 1:read(x):fail", "1:read(x)=1"),
            ("0:write(x,1)? 1:cas(x,[1,2]):fail 2:cas(x,[1,2]):info", "3:cas(x,[1,2])"),
            ("0:enqueue(_,1)", "0:dequeue()=1"),
            ("0:enqueue(_,1) 0:dequeue(_):info", "0:drain()=[]"),
            ("0:push(_,1)", "0:pop()=1"),
            ("0:add(_,1)", "0:read()=1"),
            ("0:add(_,1)", "0:read()=[1]"),
            ("0:add(_,1)", "0:contains(_,1)=[1,true]"),
            ("0:acquire()? 1:release():fail", "0:ok"),
            ("0:generate():info", "1:generate()=7"),
            (r#"0:transfer(_,{"from":1,"to":2,"amount":1})"#, "0:read()=[1,2]"),
            (r#"0:txn(_,[["write","x",1]])"#, r#"0:txn(_,[["read","x",1]])"#),
        ];
        let passes = |text: &str| {
            let history = history(text);
            let passing = |checker: &&&dyn Checker| checker.check(&history, &Context::default()).is_valid();
            let names = ALL.iter().filter(passing).map(|checker| checker.name());
            names.filter(|name| *name != "stats").collect::<Vec<&str>>()
        };
        for (text, answer) in texts {
            assert_eq!(passes(text), Vec::<&str>::new(), "{text}");
            let answered = format!("{text} {answer}");
            assert_ne!(passes(&answered), Vec::<&str>::new(), "{answered}");
        }
    }

    #[test]
    fn grants_the_property_to_what_nobody_read_when_asked_for_it() {
        let property = Context { may_be_unread: true, ..Context::default() };
        for (name, text) in [
            ("integrity", "0:write(x,1)"),
            ("linearizability", "0:enqueue(_,1) 0:dequeue():fail"),
            ("sequential", "0:write(x,1) 1:read(x):info"),
            ("counter", "0:add(_,1)"),
        ] {
            let check = |context| named(name).expect("a checker").check(&history(text), context);
            assert!(check(&property).is_valid() && check(&Context::default()).is_unknown(), "{name}: {text}");
        }
    }

    #[test]
    fn passes_what_was_read_although_some_objects_were_not() {
        let text = "0:write(x,1) 0:write(y,1) 0:read(x)=1";
        for name in ["integrity", "linearizability", "sequential", "causal", "staleness"] {
            let verdict = named(name).expect("a checker").check(&history(text), &Context::default());
            assert!(verdict.is_valid(), "{name}: {verdict:?}");
        }
    }

    #[test]
    fn is_unsure_of_hostile_histories_and_names_the_event() {
        let texts = [
            ("0:write(x,1) 0:cas(x,5)", "event 2"),
            ("0:write(x,1) 0:cas(_,[1]):info", "event 2"),
            ("0:read(x)=[[]]@1 1:read(x)=1@-5.9223372036854775807 2:pop(x)", "event 4"),
            (r#"0:write(x,1) nemesis:dump(_,{"stage":"never","entries":[]})/n1"#, "event 2"),
            (r#"0:write(x,1) nemesis:dump(_,{"stage":"converged","entries":[[{},[1],2]]})/n1"#, "event 2"),
            (r#"0:write(x,1) nemesis:dump(_,{"stage":"converged","entries":[]})"#, "event 2"),
            (r#"0:write(x,1) nemesis:placement(_,{"x":1})"#, "event 2"),
            ("0:write(x,1) nemesis:acknowledge(x)/n1", "event 2"),
            ("0:write(x,1) nemesis:corrupt()", "event 2"),
        ];
        let context = Context { acknowledgements_min: Some(1), ..Context::default() };
        for (text, event) in texts {
            // No checker panics; integrity reads operations and notes, and so it is never sure.
            let verdicts =
                ALL.iter().map(|checker| (checker.name(), checker.check(&history(text), &context)));
            for (name, verdict) in verdicts.filter(|(name, _)| *name == "integrity") {
                let Verdict::Unknown(reason) = verdict else { panic!("{name}: {text}: {verdict:?}") };
                assert!(reason.starts_with(event), "{name}: {text}: {reason}");
            }
        }
    }
}
