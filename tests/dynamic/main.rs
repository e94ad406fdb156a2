//! Plugin libraries, loaded by the `aiperf` binary; see `tests/README.md`.

#![expect(clippy::panic, reason = "a failed check ends a test")]

mod authoring;
mod beside;
mod check;
mod config;
mod contained;
#[expect(dead_code, reason = "shared with the other black-box tests")]
#[path = "../cli/context.rs"]
mod context;
mod damaged;
mod examples;
mod in_c;
mod isolated;
mod library;
mod limits;
mod listed;
mod loading;
mod parsers;
mod processes;
mod refused;
mod secrets;
mod targets;
mod teams;
mod versions;
mod works;
