//! What people see on stderr: progress, findings, errors. Stdout belongs to the exporters.
//! This is the only place of the workspace that prints.

#[cfg(feature = "dashboard")]
mod dashboard;
#[cfg(not(feature = "dashboard"))]
#[path = "no_dashboard.rs"]
mod dashboard;
mod screen;
mod sweep;
mod table;
mod text;

pub(crate) use screen::Screen;
pub(crate) use sweep::{sweep_line, sweep_table};
pub(crate) use table::{table, wrap};
pub(crate) use text::{error, is_lost, lines, lose, say, stdout_line, verdict, warning};
