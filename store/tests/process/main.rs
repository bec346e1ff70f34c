//! Real processes on loopback: the program as its operator meets it.

mod bad_input;
mod cluster;
mod command_line;
mod durability;
mod failover;
mod modes;
mod setup;
