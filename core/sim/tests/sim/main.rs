//! The simulated server, seen from its clients.

#![expect(
    clippy::unwrap_used,
    reason = "a failed step of a helper fails its test"
)]

mod api;
mod apis;
mod client;
mod faults;
mod lifecycle;
mod metrics;
mod weather;
