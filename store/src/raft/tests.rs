//! The protocol under schedules that are random, and under some that are not.

mod clients;
mod judge;
mod random;
mod run;
mod safeguards;
mod schedule;
mod script;
mod settings;
mod shrink;
mod sweep;
