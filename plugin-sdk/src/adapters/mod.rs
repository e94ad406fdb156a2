//! Wraps authors' traits into the boundary's objects: decodes, catches panics, encodes. Used by
//! [`export_plugin!`](crate::export_plugin).

mod collector;
mod exporter;
mod factory;
mod guard;
mod parser;
mod report_exporter;
mod shared_report;

pub use collector::{Poll, Stream, Targets};
pub use exporter::Export;
pub use factory::{Role, factory};
pub(crate) use guard::{Guarded, guard, quiet_guarded_panics};
pub use parser::Parse;
pub use report_exporter::Rendered;
pub(crate) use shared_report::Offered;
