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
mod probe;

use std::fmt;
use std::path::{Path, PathBuf};

use aiperf_plugin_sdk::Descriptor;
use aiperf_plugin_sdk::hosting::{Factory, LayoutFit, open_library};
use serde::{Deserialize, Serialize};

pub use configured::Loader;
pub use error::{LoadError, Reason};
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
    /// Version of the SDK that it was built with.
    pub sdk: String,
    /// Revision of the plugin boundary that it was built for.
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
        write!(f, "{} (SHA-256 {}, ", path.display(), self.sha256)?;
        write!(f, "plugin SDK {sdk}, {rustc})")
    }
}

/// A library in this process.
#[derive(Debug)]
pub struct LoadedLibrary {
    /// What is known of its file.
    pub facts: LibraryFacts,
    /// Its plugins, each with what it says of itself, by kind and id.
    pub plugins: Vec<(Descriptor, Factory)>,
}

/// A library that a child process has looked at; nothing of it is in this process.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Inspection {
    /// What is known of its file.
    pub facts: LibraryFacts,
    /// What its plugins say of themselves, by kind and id.
    pub plugins: Vec<Descriptor>,
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
    let mut plugins = Vec::with_capacity(library.factories.len());
    for factory in library.factories {
        let descriptor = factory.descriptor().map_err(|error| {
            let reason = Reason::NoDescription(error.to_string());
            LoadError::new(&file.path, reason)
        })?;
        plugins.push((descriptor, factory));
    }
    if plugins.is_empty() {
        return Err(LoadError::new(&file.path, Reason::Empty));
    }
    // They come in the order of the linker.
    plugins.sort_by(|(a, _), (b, _)| (a.kind, &a.id).cmp(&(b.kind, &b.id)));
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
    })
}
