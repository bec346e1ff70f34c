//! The models against the definition of linearizability, and what they claim against what they do.

mod laws;
mod pairs;
