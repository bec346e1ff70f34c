//! What it means: pure functions from a history to a verdict.
//!
//! A [`Checker`] reads a [`History`](perjury_histories::History) and a [`Context`] and answers with
//! a [`Verdict`]; nothing else goes in, so a verdict can be recomputed years later. A verdict that is
//! invalid carries its [anomalies](Anomaly), each with the fewest events that show it; one that is unknown
//! says why; and for an object that is linearizable there is a [`Witness`].
//!
//! ```
//! use perjury_checkers::{AnomalyKind, Context, named};
//! use perjury_histories::notation;
//!
//! // Process 0 writes 1 to x, which takes effect at version 3, and then reads something older.
//! let history = notation::parse("0:write(x,1)@3 0:read(x)=null").expect("a history");
//! let checker = named("read-your-writes").expect("a checker");
//! let verdict = checker.check(&history, &Context::default());
//!
//! let anomaly = &verdict.anomalies()[0];
//! assert_eq!(anomaly.kind, AnomalyKind::ReadYourWrites);
//! assert_eq!(anomaly.operations, [0, 2]);
//! assert_eq!(
//!     anomaly.explanation,
//!     "process 0 wrote 1 to key x (version 3) at event 1; later in the same session process 0 read nothing \
//!      of key x at event 3, which is older than its own write"
//! );
//! ```
//!
//! ```text
//! verdict.rs    Verdict, Anomaly, Witness: what a checker says, and its evidence
//! checker.rs    Checker, Context and ALL: what every checker has in common, and the list of them
//! checker/      one file each
//!   stats                                 whether the run tried what it meant to try
//!   progress                              once healed, every client gets something done
//!   availability                          while only one node is cut off one way, some client does
//!   invariants                            what was seen of a replicated log from inside
//!   integrity                             nothing comes out that did not go in
//!   read_your_writes, monotonic_reads,    the four session guarantees, per key
//!   monotonic_writes, writes_follow_reads
//!   *_across_keys                         two of them, across keys
//!   linearizability                       one order in real time, for any model
//!   sequential                            one order of everything, along versions or by search
//!   staleness                             how far reads are behind, in versions and in time
//!   causal, causal_memory,                causal consistency in three strengths
//!   causal_convergence
//!   long_fork, causal_reverse             two ways to see writes in the wrong order
//!   convergence                           replicas become equal
//!   durability, replica_durability        what was acknowledged is kept: by the store, by each replica
//!   bounded_loss                          no more is lost than fail-overs may lose
//!   set, set_full                         what was added is in it: at the end, and in between
//!   append                                lists: once, in one order, and for good
//!   fencing                               a guarded register refuses older tokens
//!   total_queue, unique_ids, bank         what was put in comes out once; ids differ; totals stay
//!   counter, grow_only_counter,           reads within what the additions allow
//!   pn_counter
//!   strong_convergence                    who has seen the same answers the same
//! model.rs      Model: what an object answers when nobody else uses it; model/: one file each
//! linearizable/ one object's operations as a problem, the search for their order, and what needs no search
//! stop.rs       how a search is asked to stop
//! observation.rs  whether anything was read at all
//! counted.rs    keys that hold counters, and no registers
//! access.rs     what each operation did to the register of its key
//! fit.rs        which checkers suit a history, and why
//! sweep.rs      beginnings and ends in real-time order; numbering.rs, numbers.rs: values as numbers
//! session.rs    what each session did earlier; across.rs: what it learnt of one key by reading another
//! chained.rs    one order of chains of operations, for any model
//! threads.rs    session order as chains; relation.rs: "must come before", cycles and shortest ways
//! differentiated.rs   who wrote what was read, where each value is written once; causality.rs: causal order,
//!               its bad patterns, and what else must come before what
//! notes.rs      what the nemesis noted about the inside of the store
//! final_reads.rs  which reads at the end must show everything
//! findings.rs   from anomalies to a verdict; words.rs: operations in plain words
//! ```
//!
//! A new checker is one file in `checker/`, its two lines in `checker.rs`, and its row in `fit.rs`. A new model
//! is one file in `model/`, and its entry in the list of `linearizable`.

mod access;
mod across;
mod causality;
pub mod chained;
pub mod checker;
mod counted;
mod differentiated;
mod final_reads;
pub mod findings;
pub mod fit;
mod in_force;
pub mod linearizable;
pub mod model;
mod notes;
mod numbering;
mod numbers;
pub mod observation;
mod relation;
mod session;
#[cfg(test)]
mod small_histories;
pub mod stop;
mod sweep;
#[cfg(test)]
mod testing;
mod threads;
pub mod verdict;
mod words;

pub use checker::{ALL, Checker, Context, Limits, named};
pub use verdict::{Anomaly, AnomalyKind, Verdict, Witness};
