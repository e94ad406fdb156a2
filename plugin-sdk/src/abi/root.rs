//! The one symbol that a plugin library exports. It is exported by the SDK, not by the plugin, so
//! that the same plugin source also links as a built-in beside others.

use abi_stable::StableAbi;
use abi_stable::export_root_module;
use abi_stable::library::RootModule;
use abi_stable::package_version_strings;
use abi_stable::prefix_type::PrefixTypeTrait;
use abi_stable::sabi_types::VersionStrings;
use abi_stable::std_types::{RResult, RStr, RVec};

use super::{AbiError, FactoryBox};

/// Must be the same in host and plugin until the ABI is frozen. Counts up with every change.
pub const ABI_REVISION: u32 = 1;

/// Facts about a plugin library, and its plugins.
///
/// Every library has the fields up to `plugins`. A later one goes below it and reads as `None` from
/// a library that lacks it.
#[repr(C)]
#[derive(StableAbi)]
#[sabi(kind(Prefix(prefix_ref = PluginRootRef)))]
#[sabi(missing_field(option))]
pub struct PluginRoot {
    pub abi_revision: u32,
    pub sdk_version: RStr<'static>,
    pub rustc: RStr<'static>,
    /// True if a panic in the library ends the process.
    pub panic_abort: bool,
    #[sabi(last_prefix_field)]
    pub plugins: extern "C" fn() -> RResult<RVec<FactoryBox>, AbiError>,
}

impl RootModule for PluginRootRef {
    abi_stable::declare_root_module_statics! {PluginRootRef}
    const BASE_NAME: &'static str = "aiperf_plugin";
    const NAME: &'static str = "aiperf_plugin";
    const VERSION_STRINGS: VersionStrings = package_version_strings!();
}

#[export_root_module]
fn plugin_root() -> PluginRootRef {
    crate::adapters::quiet_guarded_panics();
    PluginRoot {
        abi_revision: ABI_REVISION,
        sdk_version: RStr::from_str(env!("CARGO_PKG_VERSION")),
        rustc: RStr::from_str(env!("AIPERF_RUSTC_VERSION")),
        panic_abort: cfg!(panic = "abort"),
        plugins,
    }
    .leak_into_prefix()
}

extern "C" fn plugins() -> RResult<RVec<FactoryBox>, AbiError> {
    crate::adapters::guard(|| Ok(crate::registry::factories().collect()))
}
