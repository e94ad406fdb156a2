//! The C door: libraries that speak `c/aiperf_plugin.h` instead of the boundary, as the same objects.
//!
//! There is no layout to check: a wrong struct is a wrong pointer. Hence the header has few rules, every
//! struct that may grow begins with its size, and the child process that tries a library, or
//! `isolation = "process"`, takes the crash.

#![expect(unsafe_code, reason = "what comes from C has to be taken at its word")]

mod abi;
mod factory;
mod host;
mod instance;
mod sink;
#[cfg(test)]
mod tests;
mod text;

use std::mem::ManuallyDrop;
use std::path::Path;

use abi_stable::library::RawLibrary;

pub use self::abi::REVISION as C_REVISION;
use self::abi::{CLibrary, REVISION, Root};
use self::factory::CFactory;
use self::text::{prefix, string};
use super::Factory;
use super::library::{LayoutFit, Library, OpenError};
use crate::{ErrorKind, PluginError};

/// Name of the function that a C library exports.
pub const C_ROOT_SYMBOL: &str = "aiperf_plugin_v1";

/// What plugins in C say in place of an SDK's version.
pub const C_SDK: &str = "C header";

/// More plugins than any library has: a list without an end is not followed for ever.
const MOST_PLUGINS: usize = 1000;

/// Opens the library at `path` if it speaks the header; `None` if it does not. It stays in the process
/// in either case: what was loaded once cannot safely be taken away.
pub(super) fn open(path: &Path) -> Option<Result<Library, OpenError>> {
    let library = ManuallyDrop::new(RawLibrary::load_at(path).ok()?);
    // SAFETY: the function of this name has this type, says the header.
    let root = unsafe { library.get::<Root>(b"aiperf_plugin_v1\0") };
    let root = *root.ok()?;
    // SAFETY: it takes nothing, and may be called at any time.
    let described = unsafe { root() };
    // SAFETY: it is null or a struct of the header, which begins with its size.
    let described = unsafe { prefix(described) };
    let none = || OpenError::Foreign("it has no `aiperf_library`".to_owned());
    Some(
        described
            .ok_or_else(none)
            .and_then(|library| read(&library)),
    )
}

fn read(library: &CLibrary) -> Result<Library, OpenError> {
    if library.revision != u64::from(REVISION) {
        return Err(OpenError::Header {
            theirs: library.revision,
        });
    }
    // SAFETY: texts of the library are null or end with a NUL.
    let compiler = unsafe { string(library.compiler) }.unwrap_or_default();
    let mut factories = Vec::new();
    let mut next = library.plugins;
    while !next.is_null() && factories.len() < MOST_PLUGINS {
        // SAFETY: the list goes on up to its NULL, which has not been seen yet.
        let plugin = unsafe { next.read() };
        // SAFETY: each is a struct of the header, which begins with its size.
        let Some(plugin) = (unsafe { prefix(plugin) }) else {
            if plugin.is_null() {
                break;
            }
            return Err(OpenError::Listing(lacks("size")));
        };
        factories.push(Factory::new(CFactory::new(plugin, &compiler)));
        // SAFETY: there is at least the NULL behind an entry.
        next = unsafe { next.add(1) };
    }
    if factories.is_empty() {
        return Err(OpenError::Listing(lacks("plugins")));
    }
    Ok(Library {
        sdk: C_SDK.to_owned(),
        abi_revision: REVISION,
        rustc: compiler,
        layout: LayoutFit::Unchecked,
        panic_abort: false,
        factories,
    })
}

/// The error of a plugin without a part that it needs.
fn lacks(part: &str) -> PluginError {
    PluginError::new(ErrorKind::Format, format!("its `{part}` is missing"))
}
