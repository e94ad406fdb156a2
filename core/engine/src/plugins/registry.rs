//! The one registry: built-ins and libraries alike.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use aiperf_plugin_sdk::hosting::{Factory, builtin_factories};
use aiperf_plugin_sdk::{Descriptor, ErrorKind, PluginError, PluginKind};

use super::loader::{LibraryFacts, LoadedLibrary};
use crate::config::Catalog;

/// Longest that a plugin may take to check options.
const VALIDATE_LIMIT: Duration = Duration::from_secs(10);

/// Where a plugin comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Compiled in.
    BuiltIn,
    /// From a dynamic library.
    Library(PathBuf),
    /// From a dynamic library, each instance in a process of its own.
    Process(PathBuf),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BuiltIn => f.write_str("built-in"),
            Self::Library(path) => write!(f, "{}", path.display()),
            Self::Process(path) => write!(f, "{}, in its own process", path.display()),
        }
    }
}

/// Why the registry cannot be made or does not have something.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// A plugin does not describe itself.
    #[error("a plugin from {from} does not describe itself: {source}")]
    Descriptor {
        /// Its origin.
        from: Origin,
        /// What it said instead.
        source: PluginError,
    },
    /// Two plugins have the same id.
    #[error("{} `{id}` exists twice: {first} and {second}", kind.as_str())]
    Duplicate {
        /// Their kind.
        kind: PluginKind,
        /// Their id.
        id: String,
        /// Origin of the one.
        first: Origin,
        /// Origin of the other.
        second: Origin,
    },
    /// No plugin has the id.
    #[error("unknown {} `{id}`{}; installed: {installed}", kind.as_str(), hint(nearest.as_deref()))]
    Unknown {
        /// Kind that was looked for.
        kind: PluginKind,
        /// Id that was looked for.
        id: String,
        /// Installed id that it resembles.
        nearest: Option<String>,
        /// All installed ids of the kind.
        installed: String,
    },
}

fn hint(nearest: Option<&str>) -> String {
    nearest.map_or_else(String::new, |nearest| {
        format!(", did you mean `{nearest}`?")
    })
}

/// A plugin that can be used.
#[derive(Debug)]
pub struct Entry {
    /// What it says of itself.
    pub descriptor: Descriptor,
    /// Makes instances.
    pub factory: Factory,
    /// Where it comes from.
    pub origin: Origin,
}

/// All plugins that can be used, by kind and id.
#[derive(Debug, Default)]
pub struct Registry {
    entries: BTreeMap<(PluginKind, String), Entry>,
    libraries: Vec<LibraryFacts>,
}

impl Registry {
    /// The plugins linked into this binary.
    ///
    /// # Errors
    /// If one does not describe itself, or two have the same id.
    pub fn with_builtins() -> Result<Self, RegistryError> {
        let mut registry = Self::default();
        for factory in builtin_factories() {
            registry.add(factory, Origin::BuiltIn)?;
        }
        Ok(registry)
    }

    /// Adds a plugin.
    ///
    /// # Errors
    /// If it does not describe itself, or its id is taken.
    pub fn add(&mut self, factory: Factory, origin: Origin) -> Result<(), RegistryError> {
        let descriptor = factory
            .descriptor()
            .map_err(|source| RegistryError::Descriptor {
                from: origin.clone(),
                source,
            })?;
        let entry = Entry {
            descriptor,
            factory,
            origin,
        };
        self.insert(entry, false)
    }

    /// Adds all plugins of a library. With `overrides` they take the place of built-in ones with
    /// the same id; never that of another library's.
    ///
    /// # Errors
    /// If an id is taken. The plugins before it have been added.
    pub fn add_library(
        &mut self,
        library: LoadedLibrary,
        overrides: bool,
    ) -> Result<(), RegistryError> {
        let LoadedLibrary {
            facts,
            plugins,
            isolated,
            ..
        } = library;
        let origin = if isolated {
            Origin::Process(facts.path.clone())
        } else {
            Origin::Library(facts.path.clone())
        };
        for (descriptor, factory) in plugins {
            let entry = Entry {
                descriptor,
                factory,
                origin: origin.clone(),
            };
            self.insert(entry, overrides)?;
        }
        self.libraries.push(facts);
        Ok(())
    }

    fn insert(&mut self, entry: Entry, overrides: bool) -> Result<(), RegistryError> {
        let key = (entry.descriptor.kind, entry.descriptor.id.clone());
        let taken = self.entries.get(&key).map(|first| &first.origin);
        match taken {
            Some(first) if !(overrides && *first == Origin::BuiltIn) => {
                let (kind, id) = key;
                Err(RegistryError::Duplicate {
                    kind,
                    id,
                    first: first.clone(),
                    second: entry.origin,
                })
            }
            _ => {
                self.entries.insert(key, entry);
                Ok(())
            }
        }
    }

    /// The libraries whose plugins are here, in the order in which they were added.
    pub fn libraries(&self) -> &[LibraryFacts] {
        &self.libraries
    }

    /// All plugins, by kind, then id.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.entries.values()
    }

    /// All plugins of a kind, by id.
    pub fn of_kind(&self, kind: PluginKind) -> impl Iterator<Item = &Entry> {
        self.entries()
            .filter(move |entry| entry.descriptor.kind == kind)
    }

    /// The plugin of this kind and id.
    ///
    /// # Errors
    /// If there is none; the error names the nearest one and all that are installed.
    pub fn get(&self, kind: PluginKind, id: &str) -> Result<&Entry, RegistryError> {
        self.entries
            .get(&(kind, id.to_owned()))
            .ok_or_else(|| self.unknown(kind, id))
    }

    fn unknown(&self, kind: PluginKind, id: &str) -> RegistryError {
        let ids: Vec<_> = self
            .of_kind(kind)
            .map(|entry| entry.descriptor.id.as_str())
            .collect();
        let nearest = ids
            .iter()
            .map(|installed| (strsim::damerau_levenshtein(id, installed), *installed))
            .filter(|(distance, _)| *distance <= 1 + id.len() / 3)
            .min();
        RegistryError::Unknown {
            kind,
            id: id.to_owned(),
            nearest: nearest.map(|(_, installed)| installed.to_owned()),
            installed: if ids.is_empty() {
                "none".to_owned()
            } else {
                ids.join(", ")
            },
        }
    }
}

impl Catalog for Registry {
    fn ids(&self, kind: PluginKind) -> Vec<String> {
        self.of_kind(kind)
            .map(|entry| entry.descriptor.id.clone())
            .collect()
    }

    fn schema(&self, kind: PluginKind, id: &str) -> Option<serde_json::Value> {
        let entry = self.get(kind, id).ok()?;
        Some(entry.descriptor.schema.clone()).filter(|schema| !schema.is_null())
    }

    fn validate(
        &self,
        kind: PluginKind,
        id: &str,
        options: &serde_json::Value,
    ) -> Vec<PluginError> {
        self.get(kind, id).map_or_else(
            |_| Vec::new(),
            |entry| validate(&entry.factory, options, VALIDATE_LIMIT),
        )
    }
}

/// Has a plugin check its options, on a thread that is left behind if it never ends.
fn validate(factory: &Factory, options: &serde_json::Value, limit: Duration) -> Vec<PluginError> {
    let (done, found) = channel();
    let (factory, options) = (factory.clone(), options.clone());
    let check = move || {
        // Nobody listens after the limit.
        done.send(factory.validate(&options)).ok();
    };
    let failed = |message: String| vec![PluginError::new(ErrorKind::Timeout, message)];
    if let Err(error) = thread::Builder::new()
        .name("validate".to_owned())
        .spawn(check)
    {
        return failed(format!("cannot be checked: {error}"));
    }
    found
        .recv_timeout(limit)
        .unwrap_or_else(|_| failed(format!("its plugin did not check them within {limit:?}")))
}

#[cfg(test)]
mod tests {
    use aiperf_plugin_sdk::prelude::*;
    use serde_json::json;

    use super::*;

    #[derive(Debug, Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    struct Options {}

    struct Slow;

    impl Plugin for Slow {
        const ID: &'static str = "slow_to_validate";
        const SUMMARY: &'static str = "Never says whether its options are right.";
        const VERSION: &'static str = "0.0.0";
        type Config = Options;

        fn validate(_: &Options) -> Vec<PluginError> {
            loop {
                thread::park();
            }
        }

        fn open(_: Options, _: &Host) -> Result<Self> {
            Ok(Self)
        }
    }

    impl Parser for Slow {
        const CONTENT_TYPES: &'static [&'static str] = &[];

        fn parse(&mut self, _: &Payload<'_>, _: &mut Batch) -> Result<()> {
            Ok(())
        }
    }
    export_plugin!(parser Slow);

    #[test]
    fn a_check_that_never_ends_is_an_error() {
        let registry = Registry::with_builtins().unwrap();
        let entry = registry.get(PluginKind::Parser, Slow::ID).unwrap();
        let found = validate(&entry.factory, &json!({}), Duration::from_millis(20));
        let messages: Vec<_> = found.iter().map(ToString::to_string).collect();
        assert_eq!(messages, ["its plugin did not check them within 20ms"]);
        let wrong = json!({ "no": 1 });
        let found = validate(&entry.factory, &wrong, Duration::from_mins(1));
        assert!(found[0].message.contains("unknown field `no`"), "{found:?}");
    }
}
