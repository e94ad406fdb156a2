//! Plugins: which there are, what the host lends them, and the threads they run on.

mod artifacts;
mod back_off;
mod budget;
mod exporters;
mod host;
#[cfg(target_os = "linux")]
pub mod isolation;
pub mod loader;
mod registry;

pub use artifacts::{ArtifactError, Artifacts, SharedWriter};
pub(crate) use back_off::BackOff;
pub(crate) use budget::Budget;
pub use exporters::{ExporterFailure, Exporters};
pub use host::InstanceHost;
pub use registry::{Entry, Origin, Registry, RegistryError};
