//! For programs that run plugins; plugin authors do not need it.
//!
//! Everything a plugin gives back is checked here, and nothing of the boundary's types shows: a
//! host implements [`HostServices`] and [`SinkServices`] and drives the handles.

mod boundary;
mod c;
mod handles;
mod library;
mod nobody;
mod objects;
mod services;

pub use crate::abi::Column;
pub use c::{C_REVISION, C_ROOT_SYMBOL, C_SDK};
pub use handles::{CollectorHandle, ExporterHandle, Factory, ParserHandle, builtin_factories};
pub use library::{LayoutFit, Library, OpenError, ROOT_SYMBOL, open_library};
pub use nobody::Nobody;
pub use objects::{CollectorObject, FactoryObject, ParserObject};
pub use services::{FileServices, HostServices, HttpRequest, SinkServices};

/// Keeps panics in built-in plugins off standard error: they come back as errors, which say the
/// same. Libraries do so by themselves.
pub fn quiet_plugin_panics() {
    crate::adapters::quiet_guarded_panics();
}

/// Wraps services into the object that crosses; for hosts that open plugins without a [`Factory`].
#[cfg(feature = "testing")]
pub(crate) fn host_object(services: std::sync::Arc<dyn HostServices>) -> crate::abi::HostBox {
    services::HostAdapter::boxed(services)
}
