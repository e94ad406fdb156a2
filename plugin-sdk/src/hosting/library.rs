//! Opens plugin libraries: from a file to the factories in it.
//!
//! Every file is asked for its own root. `RootModule::load_from_file` would keep the first one for
//! ever, as there is one static per type and process.

use std::path::Path;

use abi_stable::StableAbi;
use abi_stable::abi_stability::abi_checking::{
    CheckingGlobals, check_layout_compatibility_with_globals,
};
use abi_stable::library::{LibHeader, LibraryError, ROOT_MODULE_LOADER_NAME, lib_header_from_path};
use abi_stable::type_layout::TypeLayout;

use serde::{Deserialize, Serialize};

use super::Factory;
use super::c::{self, C_REVISION};
use crate::abi::{ABI_REVISION, PluginRootRef};
use crate::{PluginError, SDK_VERSION};

/// Name of the symbol that a plugin library exports.
pub const ROOT_SYMBOL: &str = ROOT_MODULE_LOADER_NAME;

/// A plugin library in this process. It stays until the process ends: code that was called once
/// cannot safely be taken away.
#[derive(Debug)]
pub struct Library {
    /// Version of the SDK that it was built with, or [`C_SDK`](super::C_SDK).
    pub sdk: String,
    /// Revision of the boundary, or of the C header, that it was built for.
    pub abi_revision: u32,
    /// Compiler that built it.
    pub rustc: String,
    /// How its types fit.
    pub layout: LayoutFit,
    /// True if a panic in it ends the process.
    pub panic_abort: bool,
    /// Its plugins, in no particular order.
    pub factories: Vec<Factory>,
}

/// How the types of a library fit those of this SDK.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LayoutFit {
    /// They are the same.
    Same,
    /// The library has some more at their ends, which this SDK leaves alone.
    Newer,
    /// The library has some less at their ends; defaults stand in.
    Older,
    /// It speaks the C header, which has none to check.
    Unchecked,
}

/// Why a file cannot be used as a plugin library. The texts are predicates of the file.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The system's loader refuses it.
    #[error("cannot be loaded: {0}")]
    System(String),
    /// It is a library, but does not speak this boundary.
    #[error("is not an aiperf plugin: {0}")]
    Foreign(String),
    /// The SDK's major version is another.
    #[error(
        "was built with plugin SDK {theirs}, this aiperf needs {SDK_VERSION}: build it again with that"
    )]
    Version {
        /// Its version.
        theirs: String,
    },
    /// Types on the boundary differ.
    #[error(
        "was built with a plugin SDK {theirs} whose types differ from those of {SDK_VERSION} in \
         this aiperf: build it again with that"
    )]
    Layout {
        /// Its version.
        theirs: String,
        /// What differs; many lines.
        detail: String,
    },
    /// Before the boundary is frozen, its revisions have to be the same.
    #[error(
        "was built for revision {theirs} of the plugin boundary, this aiperf needs {ABI_REVISION}: \
         build it again with plugin SDK {SDK_VERSION}"
    )]
    Revision {
        /// Its revision.
        theirs: u32,
    },
    /// It speaks another C header.
    #[error(
        "was built with revision {theirs} of aiperf_plugin.h, this aiperf needs {C_REVISION}: build \
         it again with the one that `aiperf plugins header` prints"
    )]
    Header {
        /// Its revision.
        theirs: u64,
    },
    /// It fails while it says which plugins it has.
    #[error("fails while it lists its plugins: {0}")]
    Listing(PluginError),
}

impl OpenError {
    /// Everything that is known, if it is more than one line can say.
    pub fn detail(&self) -> Option<&str> {
        match self {
            Self::Layout { detail, .. } => Some(detail),
            _ => None,
        }
    }
}

/// Loads the library at `path` and asks it for its plugins. Code of the library runs before this
/// returns: a damaged file can crash the process.
///
/// # Errors
/// If it is no plugin library for this SDK. What was loaded stays in the process.
pub fn open_library(path: &Path) -> Result<Library, OpenError> {
    if let Some(library) = c::open(path) {
        return library;
    }
    let header = lib_header_from_path(path).map_err(|error| of_system(&error))?;
    let (root, layout) = root_of(header)?;
    if root.abi_revision() != ABI_REVISION {
        return Err(OpenError::Revision {
            theirs: root.abi_revision(),
        });
    }
    let factories = root.plugins()().into_result();
    let factories = factories.map_err(|error| OpenError::Listing(error.into()))?;
    Ok(Library {
        sdk: root.sdk_version().into(),
        abi_revision: root.abi_revision(),
        rustc: root.rustc().into(),
        layout,
        panic_abort: root.panic_abort(),
        factories: factories.into_iter().map(Factory::new).collect(),
    })
}

fn root_of(header: &'static LibHeader) -> Result<(PluginRootRef, LayoutFit), OpenError> {
    let theirs = header.version_strings().version.to_string();
    if major(&theirs) != major(SDK_VERSION) {
        return Err(OpenError::Version { theirs });
    }
    let layout = header.layout();
    let layout = layout.ok_or_else(|| OpenError::Foreign("it does not describe itself".into()))?;
    let fit = check_layout(layout).map_err(|detail| OpenError::Layout { theirs, detail })?;
    #[expect(unsafe_code, reason = "abi_stable's own check refuses older plugins")]
    // SAFETY: the root was made as this type by the SDK, and `check_layout` found everything that
    // can be reached from it compatible.
    let root = unsafe { header.init_root_module_with_unchecked_layout::<PluginRootRef>() };
    let root = root.map_err(|error| OpenError::Foreign(first_line(&error)))?;
    Ok((root, fit))
}

/// Both directions: `abi_stable` accepts an implementation that is the same or newer than the
/// interface; a plugin that is older passes the other way round, and default bodies supply what it
/// lacks.
///
/// Each call has a memory of its own. With the one of the process, the answer would depend on which
/// libraries were checked before.
fn check_layout(theirs: &'static TypeLayout) -> Result<LayoutFit, String> {
    let ours = <PluginRootRef as StableAbi>::LAYOUT;
    let check = |interface, implementation| {
        let globals = CheckingGlobals::new();
        check_layout_compatibility_with_globals(interface, implementation, &globals)
    };
    match (check(ours, theirs), check(theirs, ours)) {
        (Ok(()), Ok(())) => Ok(LayoutFit::Same),
        (Ok(()), Err(_)) => Ok(LayoutFit::Newer),
        (Err(_), Ok(())) => Ok(LayoutFit::Older),
        (Err(error), Err(_)) => Err(error.to_string()),
    }
}

fn major(version: &str) -> &str {
    version.split('.').next().unwrap_or_default()
}

fn of_system(error: &LibraryError) -> OpenError {
    match error {
        LibraryError::OpenError { err, .. } => OpenError::System(first_line(err)),
        LibraryError::GetSymbolError { .. } => {
            OpenError::Foreign("it lacks the root symbol".into())
        }
        LibraryError::InvalidAbiHeader(_) => {
            OpenError::Foreign("its `abi_stable` is another than this aiperf's".into())
        }
        other => OpenError::Foreign(first_line(other)),
    }
}

fn first_line(text: &impl ToString) -> String {
    let text = text.to_string();
    let line = text.lines().map(str::trim).find(|line| !line.is_empty());
    line.unwrap_or_default().to_owned()
}
