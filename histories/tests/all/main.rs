//! What the crate promises as a whole: round trips, bad input, and the histories it must read.

mod bad_input;
mod damage;
mod edn;
mod formats;
mod independent;
mod jsonl;
mod notation;
mod open;
mod own_corpus;
mod session_formats;
mod session_formats_bad;
mod shared_corpus;
mod strategies;
