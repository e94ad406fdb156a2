//! The list of faults that `aiperf` must weather, and what must come of each.
//!
//! `docs/weather.md` shows the list to people. The black-box tests run what is quick of it,
//! `aiperf-weather` all.

mod case;
mod cases;
mod check;
mod error;
mod proxy;
mod run;
mod table;

pub use case::{Act, Case, Expect, Files, Group, Peer, ProxyFault};
pub use cases::all;
pub use error::Error;
pub use run::{Ended, Outcome, run};
pub use table::table;
