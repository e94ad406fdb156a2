//! The SDK that a new plugin builds with.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use toml::{Table, Value};

/// Name of the SDK's package, and of its folder beside a new plugin.
const PACKAGE: &str = "aiperf-plugin-sdk";
/// Where the SDK lies in a checkout of aiperf.
const IN_CHECKOUT: &str = "plugin-sdk";
const MANIFEST: &str = "Cargo.toml";
/// Source of the SDK that this program was built with, by path.
const FILES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/sdk_files.rs"));
/// The workspace that the SDK's manifest refers to.
const WORKSPACE: &str = include_str!("../../../../../../Cargo.toml");

/// Where the SDK comes from.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Sdk {
    /// Out of this program, into a folder beside the crate.
    Carried,
    /// A folder that the user has.
    Folder(PathBuf),
    /// A git repository.
    Git(String),
}

impl Sdk {
    /// What `--sdk` says.
    ///
    /// # Errors
    /// If it is a folder without an SDK.
    pub(super) fn from_flag(flag: Option<&str>) -> Result<Self, String> {
        let Some(text) = flag else {
            return Ok(Self::Carried);
        };
        if text.contains("://") || text.starts_with("git@") {
            return Ok(Self::Git(text.to_owned()));
        }
        let folder = Path::new(text);
        let places = [folder.to_owned(), folder.join(IN_CHECKOUT)];
        let found = places.iter().find(|place| is_sdk(place));
        let Some(found) = found else {
            return Err(format!(
                "`{text}` is not the SDK: neither `{text}/{MANIFEST}` nor \
                 `{text}/{IN_CHECKOUT}/{MANIFEST}` is the package `{PACKAGE}`"
            ));
        };
        found
            .canonicalize()
            .map(Self::Folder)
            .map_err(|error| format!("cannot find `{text}`: {error}"))
    }

    /// The inside of the dependency's table in the crate's manifest.
    pub(super) fn dependency(&self) -> String {
        let (key, value) = match self {
            Self::Carried => ("path", format!("../{PACKAGE}")),
            Self::Folder(folder) => ("path", folder.display().to_string()),
            Self::Git(url) => ("git", url.clone()),
        };
        format!("{key} = {}", Value::String(value))
    }

    /// Writes the SDK into `parent`, if it is the one in this program, and returns its folder.
    ///
    /// # Errors
    /// If it cannot be written, or if something else is there.
    pub(super) fn write(&self, parent: &Path) -> Result<Option<PathBuf>, String> {
        if *self != Self::Carried {
            return Ok(None);
        }
        let folder = parent.join(PACKAGE);
        let files = files()?;
        if folder.exists() {
            return reuse(&folder, &files).map(|()| Some(folder));
        }
        let failed = |error: io::Error| format!("cannot write `{}`: {error}", folder.display());
        write_files(&folder, &files).map_err(failed)?;
        Ok(Some(folder))
    }
}

fn is_sdk(folder: &Path) -> bool {
    let manifest = fs::read_to_string(folder.join(MANIFEST)).unwrap_or_default();
    let manifest: Table = manifest.parse().unwrap_or_default();
    let name = manifest
        .get("package")
        .and_then(|package| package.get("name"));
    name.and_then(Value::as_str) == Some(PACKAGE)
}

/// Takes an SDK that is there already, if it is this one.
fn reuse(folder: &Path, files: &[(&str, String)]) -> Result<(), String> {
    let is_same = |(name, text): &(&str, String)| {
        fs::read_to_string(folder.join(name)).is_ok_and(|there| there == *text)
    };
    if files.iter().all(is_same) {
        return Ok(());
    }
    let shown = folder.display();
    Err(format!(
        "`{shown}` is there, and is not the SDK of this aiperf; to build with it, add `--sdk \
         {shown}`, else remove it"
    ))
}

/// Writes files below `folder`, which must not be there.
pub(super) fn write_files(folder: &Path, files: &[(&str, String)]) -> io::Result<()> {
    fs::create_dir(folder)?;
    let written = files.iter().try_for_each(|(name, text)| {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap_or(folder))?;
        fs::write(path, text)
    });
    if written.is_err() {
        // Half a crate would be in the way of the next try; the first error is the one to tell.
        fs::remove_dir_all(folder).ok();
    }
    written
}

/// The SDK's files, with a manifest that stands alone.
fn files() -> Result<Vec<(&'static str, String)>, String> {
    let file = |(name, text): &(&'static str, &str)| {
        let text = match *name {
            MANIFEST => standalone(text, WORKSPACE).map_err(|error| error.to_string())?,
            _ => (*text).to_owned(),
        };
        Ok((*name, text))
    };
    FILES.iter().map(file).collect()
}

/// Puts what a manifest takes from its workspace in its place.
fn standalone(manifest: &str, workspace: &str) -> Result<String, toml::de::Error> {
    let mut manifest: Table = manifest.parse()?;
    let workspace: Table = workspace.parse()?;
    let shared = |name: &str| {
        workspace
            .get("workspace")
            .and_then(|shared| shared.get(name))
    };
    for (section, origin) in [("package", "package"), ("dependencies", "dependencies")] {
        if let Some(Value::Table(entries)) = manifest.get_mut(section) {
            inherit(entries, shared(origin));
        }
    }
    if let Some(lints) = shared("lints") {
        manifest.insert("lints".to_owned(), lints.clone());
    }
    // Its own tests stay where it is developed.
    manifest.remove("test");
    Ok(format!(
        "# The SDK for plugins of aiperf {}. Written by `aiperf plugins new`.\n\n{manifest}",
        env!("CARGO_PKG_VERSION")
    ))
}

/// Replaces each `{ workspace = true, … }` by what the workspace has under its name.
fn inherit(entries: &mut Table, shared: Option<&Value>) {
    for (name, entry) in entries.iter_mut() {
        let Some(own) = entry.as_table_mut() else {
            continue;
        };
        if own.remove("workspace").is_none() {
            continue;
        }
        let Some(inherited) = shared.and_then(|shared| shared.get(name)) else {
            continue;
        };
        let own = std::mem::take(own);
        *entry = inherited.clone();
        if own.is_empty() {
            continue;
        }
        let mut whole = match inherited {
            Value::Table(table) => table.clone(),
            version => Table::from_iter([("version".to_owned(), version.clone())]),
        };
        whole.extend(own);
        *entry = Value::Table(whole);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_carried_manifest_needs_no_workspace() {
        let files = files().unwrap();
        let (_, manifest) = files.iter().find(|(name, _)| *name == MANIFEST).unwrap();
        assert!(!manifest.contains("workspace = true"), "{manifest}");
        let manifest: Table = manifest.parse().unwrap();
        assert_eq!(
            manifest["dependencies"]["toml"]["optional"],
            Value::Boolean(true)
        );
        assert_eq!(
            manifest["dependencies"]["abi_stable"]["version"].as_str(),
            Some("=0.11.3")
        );
        assert!(files.iter().any(|(name, _)| *name == "src/lib.rs"));
    }
}
