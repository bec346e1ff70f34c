//! What the search need not try, each with its proof.
//!
//! Each of them can be switched off alone: what is left must give the same verdicts, only more slowly. That
//! is how they are tested.

pub mod deadline;
pub mod dominance;
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
    /// See [`dominance`].
    pub dominance: bool,
    /// See [`unseen`].
    pub unseen: bool,
    /// Whether a search that settles for few operations of unknown outcome, and one that has them without
    /// number, go before the complete one. See [`search`](super::search).
    pub rehearsal: bool,
}

impl Prunings {
    /// All of them: what every verdict is made with.
    pub const ALL: Prunings = Prunings {
        pure: true,
        deadline: true,
        optional: true,
        dominance: true,
        unseen: true,
        rehearsal: true,
    };

    /// None of them: the plain search, for tests.
    pub const NONE: Prunings = Prunings {
        pure: false,
        deadline: false,
        optional: false,
        dominance: false,
        unseen: false,
        rehearsal: false,
    };
}
