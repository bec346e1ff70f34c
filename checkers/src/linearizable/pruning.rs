//! What the search need not try, each with its proof.
//!
//! Each of them can be switched off alone: what is left must give the same verdicts, only more slowly. That
//! is how they are tested.

pub mod deadline;
pub mod dominance;
pub mod idle;
pub mod optional;
pub mod pure;
pub mod unseen;

/// Which prunings a search uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prunings {
    /// See [`pure`].
    pub pure: bool,
    /// See [`deadline`].
    pub deadline: bool,
    /// See [`optional`].
    pub optional: bool,
    /// See [`idle`]; it builds on [`optional`].
    pub idle: bool,
    /// See [`dominance`].
    pub dominance: bool,
    /// See [`unseen`].
    pub unseen: bool,
    /// Whether a search that settles for few operations of unknown outcome, and one that has them without
    /// number, go before the complete one. See [`search`](mod@super::search).
    pub rehearsal: bool,
}

impl Prunings {
    /// All of them: what every verdict is made with.
    pub const ALL: Prunings = Prunings {
        pure: true,
        deadline: true,
        optional: true,
        idle: true,
        dominance: true,
        unseen: true,
        rehearsal: true,
    };

    /// None of them: the plain search, for tests.
    pub const NONE: Prunings = Prunings {
        pure: false,
        deadline: false,
        optional: false,
        idle: false,
        dominance: false,
        unseen: false,
        rehearsal: false,
    };

    /// Each of them without the others, but for what it builds on.
    pub fn each_alone() -> impl Iterator<Item = Prunings> {
        SWITCHES.iter().map(|switch| {
            let mut prunings = Prunings::NONE;
            *switch(&mut prunings) = true;
            prunings.optional |= prunings.idle;
            prunings
        })
    }

    /// All of them without one.
    pub fn all_but_one() -> impl Iterator<Item = Prunings> {
        SWITCHES.iter().map(|switch| {
            let mut prunings = Prunings::ALL;
            *switch(&mut prunings) = false;
            prunings.idle &= prunings.optional;
            prunings
        })
    }
}

/// Each pruning's switch.
const SWITCHES: [fn(&mut Prunings) -> &mut bool; 7] = [
    |prunings| &mut prunings.pure,
    |prunings| &mut prunings.deadline,
    |prunings| &mut prunings.optional,
    |prunings| &mut prunings.idle,
    |prunings| &mut prunings.dominance,
    |prunings| &mut prunings.unseen,
    |prunings| &mut prunings.rehearsal,
];
