//! The moves: ways to make a scenario simpler, in the order in which they are made.
//!
//! Those that make runs cheap come first. A move proposes; whether what it proposes is smaller, and still fails, the
//! search decides.

mod faults;
mod gaps;
mod invocations;
mod load;
mod names;
mod settings;
mod time;
mod written_out;

use super::Search;

/// One way to make a scenario simpler.
#[derive(Clone, Copy)]
pub struct Move {
    /// Its name, for progress displays.
    pub name: &'static str,
    /// Makes attempts, until it knows no more.
    pub make: fn(&mut Search<'_>),
}

/// All moves.
pub const ALL: &[Move] = &[
    Move { name: "write out", make: written_out::write_out },
    Move { name: "less time", make: time::less },
    Move { name: "less load", make: load::less },
    Move { name: "invocations that matter", make: invocations::that_matter },
    Move { name: "fewer faults", make: faults::fewer },
    Move { name: "fewer invocations", make: invocations::fewer },
    Move { name: "lower bounds", make: settings::lower_bounds },
    Move { name: "shorter faults", make: faults::shorter },
    Move { name: "closed gaps", make: gaps::close },
    Move { name: "fewer nodes", make: settings::fewer_nodes },
    Move { name: "one level", make: settings::one_level },
    Move { name: "default settings", make: settings::defaults },
    Move { name: "fewer clients", make: names::fewer_clients },
    Move { name: "fewer keys", make: names::fewer_keys },
];
