//! The protocol under schedules that are random, and under some that are not.

mod clients;
mod judge;
mod run;
mod schedule;
mod settings;
mod shrink;
mod sweep;
