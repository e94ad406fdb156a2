//! Plugins: which there are, what the host lends them, and the threads they run on.

mod artifacts;
mod exporters;
mod host;
mod registry;

pub use artifacts::{ArtifactError, Artifacts, SharedWriter};
pub use exporters::{ExporterFailure, Exporters};
pub use host::InstanceHost;
pub use registry::{Entry, Origin, Registry, RegistryError};
