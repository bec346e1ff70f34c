//! Linearizability: the special cases that need no search.

#[cfg_attr(not(test), expect(dead_code, reason = "the models pick the special cases once they are wired in"))]
pub(crate) mod special;
