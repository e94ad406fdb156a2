//! Loads plugin libraries: from a file that a user named to entries of the one registry.
//!
//! A library is native code with all rights of the user, and a damaged one can take the process
//! along before any of its code has run. Hence the order, from what cannot hurt to what can:
//!
//! 1. `file` and `elf`: whose file it is, who may write it, its hash, and whether its headers are
//!    those of a whole shared library for this machine. Nothing of it runs.
//! 2. `probe`: a child process loads it and lists its plugins. A crash there is an error message.
//! 3. [`open_library`] in this process.
//!
//! Libraries are never unloaded: to take a new version, start again.

mod configured;
mod elf;
mod error;
mod file;
mod host_command;
mod probe;

use std::fmt;
use std::path::{Path, PathBuf};

use aiperf_plugin_sdk::hosting::{Factory, LayoutFit, open_library};
use aiperf_plugin_sdk::{Described, Descriptor};
use serde::{Deserialize, Serialize};

pub use configured::Loader;
pub use error::{LoadError, Reason};
pub use host_command::HostCommand;
#[cfg(target_os = "linux")]
pub(super) use probe::signal_of;
pub use probe::{ProbeCommand, serve_probe};

use file::CheckedFile;

/// What a library has to fulfil.
#[derive(Debug, Clone, Default)]
pub struct LoadOptions {
    /// SHA-256 that it must have, in hex.
    pub sha256: Option<String>,
    /// Refuse it if its panics end the process.
    pub require_unwind: bool,
    /// Loads it in a child process first. `None`: a crash while loading takes this process along.
    pub probe: Option<ProbeCommand>,
}

/// What is known of a library file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LibraryFacts {
    /// The file, absolute and without links.
    pub path: PathBuf,
    /// Its size in bytes.
    pub size: u64,
    /// Its SHA-256 in lower-case hex.
    pub sha256: String,
    /// Version of the SDK that it was built with; `C header` for one in C.
    pub sdk: String,
    /// Revision of the plugin boundary, or of the C header, that it was built for.
    pub abi_revision: u32,
    /// How the types on the boundary fit.
    pub layout: LayoutFit,
    /// Compiler that built it.
    pub rustc: String,
    /// True if a panic in it ends the process.
    pub panic_abort: bool,
}

impl fmt::Display for LibraryFacts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            path, sdk, rustc, ..
        } = self;
        let built = match self.layout {
            LayoutFit::Unchecked => "",
            _ => "plugin SDK ",
        };
        write!(f, "{} (SHA-256 {}, ", path.display(), self.sha256)?;
        write!(f, "{built}{sdk}, {rustc})")
    }
}

/// What a plugin says of itself, and what makes instances of it.
pub type DescribedFactory = (Descriptor, Factory);

/// A library whose plugins can be used.
#[derive(Debug)]
pub struct LoadedLibrary {
    /// What is known of its file.
    pub facts: LibraryFacts,
    /// Its plugins, each with what it says of itself, by kind and id.
    pub plugins: Vec<DescribedFactory>,
    /// Its plugins that cannot be used here.
    pub left_out: Vec<LeftOut>,
    /// True if nothing of it is in this process: its instances have processes of their own.
    pub isolated: bool,
}

/// A plugin that only a newer version can use. It costs the library none of its others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    /// Its id.
    pub id: String,
    /// Why; a predicate of the plugin.
    pub reason: String,
}

impl fmt::Display for LeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` {}", self.id, self.reason)
    }
}

/// A library that a child process has looked at; nothing of it is in this process.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Inspection {
    /// What is known of its file.
    pub facts: LibraryFacts,
    /// What its plugins say of themselves, by kind and id.
    pub plugins: Vec<Descriptor>,
    /// Its plugins that cannot be used here.
    pub left_out: Vec<LeftOut>,
}

/// Loads the library at `path` into this process.
///
/// # Errors
/// If it is not what `options` demand or cannot be loaded; always one line.
pub fn load(path: &Path, options: &LoadOptions) -> Result<LoadedLibrary, LoadError> {
    let file = CheckedFile::open(path, options.sha256.as_deref())?;
    if let Some(probe) = &options.probe {
        let inspection = probe.run(&file)?;
        require_unwind(&inspection.facts, options)?;
    }
    let library = open(file)?;
    require_unwind(&library.facts, options)?;
    Ok(library)
}

/// Looks at the library at `path` in a child process. The pin and the panic strategy that `options`
/// demand hold here too.
///
/// # Errors
/// As [`load`].
pub fn inspect(
    path: &Path,
    options: &LoadOptions,
    probe: &ProbeCommand,
) -> Result<Inspection, LoadError> {
    let file = CheckedFile::open(path, options.sha256.as_deref())?;
    let inspection = probe.run(&file)?;
    require_unwind(&inspection.facts, options)?;
    Ok(inspection)
}

fn require_unwind(facts: &LibraryFacts, options: &LoadOptions) -> Result<(), LoadError> {
    if facts.panic_abort && options.require_unwind {
        return Err(LoadError::new(&facts.path, Reason::PanicAborts));
    }
    Ok(())
}

/// Loads a file that has been checked.
fn open(file: CheckedFile) -> Result<LoadedLibrary, LoadError> {
    let library =
        open_library(&file.path).map_err(|error| LoadError::of_open(&file.path, &error))?;
    let fail = |reason| LoadError::new(&file.path, reason);
    let (plugins, left_out) = described(library.factories).map_err(fail)?;
    Ok(LoadedLibrary {
        facts: LibraryFacts {
            path: file.path,
            size: file.size,
            sha256: file.sha256,
            sdk: library.sdk,
            abi_revision: library.abi_revision,
            layout: library.layout,
            rustc: library.rustc,
            panic_abort: library.panic_abort,
        },
        plugins,
        left_out,
        isolated: false,
    })
}

/// What plugins say of themselves, and those that this version cannot use. Both sorted: they come
/// in the order of the linker.
fn described(factories: Vec<Factory>) -> Result<(Vec<DescribedFactory>, Vec<LeftOut>), Reason> {
    let (mut plugins, mut left_out) = (Vec::new(), Vec::new());
    for factory in factories {
        let described = factory.describe();
        match described.map_err(|error| Reason::NoDescription(error.to_string()))? {
            Described::Known(descriptor) => plugins.push((*descriptor, factory)),
            Described::Unknown { id, reason } => left_out.push(LeftOut { id, reason }),
        }
    }
    plugins.sort_by(|(a, _), (b, _)| (a.kind, &a.id).cmp(&(b.kind, &b.id)));
    left_out.sort_by(|a, b| a.id.cmp(&b.id));
    match (plugins.first(), left_out.first()) {
        (None, None) => Err(Reason::Empty),
        (None, Some(one)) => Err(Reason::TooNew(one.to_string())),
        (Some(_), _) => Ok((plugins, left_out)),
    }
}
