//! The write-ahead log of a node: what it has acknowledged, it still knows after a power loss.
//!
//! A data directory holds one `meta` file (whose directory it is, and how often the node was
//! started) and the log, in segments:
//!
//! ```text
//! meta              family quorum, node n1, incarnation 3
//! log-0000000001    header, record, record, …   full: never written again
//! log-0000000002    header, record, …           active: appends go here
//! ```
//!
//! A family whose entries stand for themselves can move them on to sorted [`tables`], which then stand for the
//! beginning of the log.
//!
//! Where a [`snapshot`] has taken the place of the beginning, segments begin with its number:
//!
//! ```text
//! snapshot-0000000007    header, what segments 1 to 6 came to
//! log-0000000007         header, what has to stay beside it, record, …
//! ```
//!
//! # What may be found at start
//!
//! A power loss in the middle of a write leaves a *torn tail*: bytes that no sync had covered, so
//! nobody was promised anything about them. They are cut. A bad record that *had* been synced is
//! *corruption*: cutting there would silently drop records that this replica has acknowledged, and
//! the others count on its word (Alagappan et al., "Protocol-Aware Recovery for Consensus-Based
//! Storage", FAST 2018). It is reported, every good record before and after it is replayed, and the
//! replica must catch up from the others before it answers for what it holds. Where a record means
//! something only together with all before it, as in a replicated log, what follows the first bad one
//! is worth nothing: there the log is cut at the gap, and `meta` remembers the damage.
//!
//! Checksums alone cannot tell the two apart. Therefore each frame carries the position up to which
//! the log was durable when the frame was appended:
//!
//! ```text
//! offset  25        70        115       160
//!         | A       | B       | C       | D        nothing follows
//! synced    25        25        115       115
//!
//! B bad:  C says that bytes up to 115 were durable, so B was whole once: corruption
//! D cut short by the end of the file: nothing says that D was ever durable: torn
//! D whole, checksum wrong, last bytes not zero: torn or flipped, who knows: taken for corruption,
//!         which costs a catch-up at worst
//! ```
//!
//! Bytes that never arrived are missing at the end of the file, or read as zeros. See
//! [`frame`] for the layout and [`plan`] for the decision.
//!
//! # Durable or not
//!
//! [`Log::append`](log::Log::append) reaches the operating system, [`Log::sync`](log::Log::sync) the
//! disk: the content of every segment in order, and then the directory when a segment is new.

pub mod base;
pub mod error;
pub mod frame;
pub mod identity;
pub mod log;
pub mod meta;
pub mod plan;
pub mod repair;
pub mod replace;
pub mod replay;
pub mod save;
pub mod segment;
pub mod snapshot;
pub mod tables;

#[cfg(test)]
mod test_disk;
#[cfg(test)]
mod tests;

pub use error::Error;
pub use log::{Log, Options, Surroundings};
pub use replay::Replayed;
