//! What a library needs of the system that loads it, from its ELF tables.

use std::collections::BTreeSet;

use object::read::elf::ElfFile64;
use object::{ImportFlags, NameOrOrdinal, Object, ObjectSection};
use serde::Serialize;

/// Versions of glibc's symbols, such as `GLIBC_2.34`.
const GLIBC: &str = "GLIBC_";
/// Unresolved names that are told; one is enough to act.
const NAMES: usize = 5;

/// Needs and ballast of a library.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Needs {
    /// Oldest glibc that has all the symbols, such as `2.34`. `None` if it uses none.
    pub(super) glibc: Option<String>,
    /// Libraries that have to be there.
    pub(super) libraries: Vec<String>,
    /// Some of the symbols that no library is named for. They have to be in one of the `libraries`,
    /// or loading fails.
    pub(super) unversioned: Vec<String>,
    /// Whether it carries information for debuggers.
    pub(super) debug_info: bool,
}

impl Needs {
    /// Reads the tables of `bytes`, a library that has been loaded once.
    ///
    /// # Errors
    /// If a table is damaged.
    pub(super) fn read(bytes: &[u8]) -> object::Result<Self> {
        let file = ElfFile64::<object::Endianness>::parse(bytes)?;
        let mut versions = BTreeSet::new();
        let mut needs = Self {
            debug_info: file
                .sections()
                .any(|section| section.name() == Ok(".debug_info")),
            ..Self::default()
        };
        for library in file.import_libraries()? {
            needs.libraries.push(text(library?.name()));
        }
        for import in file.imports()? {
            let import = import?;
            let ImportFlags::Elf { version, .. } = import.flags() else {
                continue;
            };
            // What is weak may be missing.
            match (version, import.name()) {
                _ if import.is_weak() => {}
                (Some(version), _) => versions.extend(glibc(version)),
                (None, NameOrOrdinal::Name(name)) if needs.unversioned.len() < NAMES => {
                    needs.unversioned.push(text(name));
                }
                _ => {}
            }
        }
        needs.glibc = versions.last().map(|version| dotted(version));
        Ok(needs)
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The numbers of a version of glibc, which sort as versions do.
fn glibc(version: &[u8]) -> Option<Vec<u32>> {
    let version = std::str::from_utf8(version).ok()?;
    let numbers = version.strip_prefix(GLIBC)?.split('.');
    numbers.map(|number| number.parse().ok()).collect()
}

fn dotted(version: &[u32]) -> String {
    let numbers: Vec<String> = version.iter().map(u32::to_string).collect();
    numbers.join(".")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_sort_as_numbers() {
        let mut versions = [&b"GLIBC_2.4"[..], b"GLIBC_2.34", b"GLIBC_2.2.5"].map(glibc);
        versions.sort();
        assert_eq!(versions[2].as_deref().map(dotted).as_deref(), Some("2.34"));
        assert_eq!(glibc(b"GCC_3.0"), None);
        assert_eq!(glibc(b"GLIBC_PRIVATE"), None);
    }
}
