//! Which plugins a library (or the binary itself) has.

use crate::abi::FactoryBox;

/// One plugin, submitted by [`export_plugin!`](crate::export_plugin).
#[derive(Clone, Copy)]
pub struct Registration(fn() -> FactoryBox);

impl std::fmt::Debug for Registration {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Registration")
    }
}

impl Registration {
    /// Used by [`export_plugin!`](crate::export_plugin).
    #[doc(hidden)]
    pub const fn new(factory: fn() -> FactoryBox) -> Self {
        Self(factory)
    }
}

inventory::collect!(Registration);

/// Factories of all plugins linked into this library, each library its own.
pub(crate) fn factories() -> impl Iterator<Item = FactoryBox> {
    inventory::iter::<Registration>
        .into_iter()
        .map(|registration| (registration.0)())
}

/// Declares a plugin: `export_plugin!(KIND Type)`.
///
/// `KIND` is one of `targets_collector`, `poll_collector`, `stream_collector`, `parser`,
/// `exporter`, `report_exporter`. The same line makes a built-in (linked as `rlib`) or the plugin of a dynamic library
/// (`cdylib`); a library may declare several.
#[macro_export]
macro_rules! export_plugin {
    (targets_collector $plugin:ty) => { $crate::export_plugin!(@ $plugin, Targets); };
    (poll_collector $plugin:ty) => { $crate::export_plugin!(@ $plugin, Poll); };
    (stream_collector $plugin:ty) => { $crate::export_plugin!(@ $plugin, Stream); };
    (parser $plugin:ty) => { $crate::export_plugin!(@ $plugin, Parse); };
    (exporter $plugin:ty) => { $crate::export_plugin!(@ $plugin, Export); };
    (report_exporter $plugin:ty) => {
        $crate::export_plugin!(@ $crate::adapters::Rendered<$plugin>, Export);
    };
    (@ $plugin:ty, $role:ident) => {
        $crate::__private::inventory::submit! {
            $crate::registry::Registration::new(
                $crate::adapters::factory::<$plugin, $crate::adapters::$role>
            )
        }
    };
}
