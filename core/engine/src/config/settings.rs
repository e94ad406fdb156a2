//! Settings that have the right shape: between layers and plan, where plugin libraries are loaded.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value as Json;

use super::check::Checker;
use super::error::{Diagnostics, Problem};
use super::layers::Layers;
use super::node::Node;
use super::schema::{Config, PluginFileConfig, json_schema};
use super::source::{Origin, SourceKind, Sources};
use crate::http::Proxy;

/// Settings that were checked against the schema, though not yet against plugins.
pub struct Settings {
    pub(super) environment: Option<BTreeMap<String, String>>,
    pub(super) sources: Sources,
    pub(super) problems: Vec<Problem>,
    pub(super) root: Node,
    pub(super) secrets: BTreeSet<String>,
    /// None if they do not have the right shape.
    pub(super) config: Option<Config>,
    pub(super) recorded: Option<usize>,
    pub(super) system_proxies: BTreeMap<String, Proxy>,
    /// What plugins there are.
    pub(super) installed: Installed,
    libraries: Vec<LibraryFile>,
}

/// Whether all plugins that the settings may name are there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Installed {
    /// Yes, once the named libraries are loaded.
    All,
    /// Some library is not to be loaded, or not known: what is missing may be in there.
    Unknown,
    /// Some library cannot be loaded, which is an error: what is missing may be in there.
    Broken,
}

/// A plugin library that the settings name.
#[derive(Debug, Clone, PartialEq)]
pub struct LibraryFile {
    /// Name of its table.
    pub name: String,
    /// The file, seen from the current folder.
    pub path: PathBuf,
    /// Its table.
    pub config: PluginFileConfig,
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Settings").field(&self.sources).finish()
    }
}

impl Layers {
    /// Checks everything against the schema of [`Config`]. What is wrong shows in
    /// [`Settings::resolve`].
    pub fn check(self) -> Settings {
        let Self {
            environment,
            mut sources,
            mut problems,
            mut root,
            recorded,
            system_proxies,
        } = self;
        let schema = json_schema();
        let mut secrets = BTreeSet::new();
        let installed = if problems.iter().any(|problem| problem.hides_file) {
            Installed::Broken
        } else {
            named_in(&root, schema)
        };
        // What is not known is no reason to complain if nothing about the environment is.
        let installed = match installed {
            Installed::Unknown if environment.is_some() => Installed::Broken,
            installed => installed,
        };
        let mut checker = Checker {
            schema,
            sources: &mut sources,
            problems: &mut problems,
            secrets: &mut secrets,
        };
        let written = root.clone();
        checker.check(&mut root, "");
        checker.check_sweep(&written);
        let config = match serde_json::from_value(root.to_json()) {
            Ok(config) => Some(config),
            Err(error) => {
                // A table that lacks a key has been reported already; anything else is new.
                if problems.is_empty() {
                    problems.push(Problem::error(error.to_string(), None));
                }
                None
            }
        };
        let mut settings = Settings {
            environment,
            sources,
            problems,
            root,
            secrets,
            config,
            recorded,
            system_proxies,
            installed,
            libraries: Vec::new(),
        };
        if installed == Installed::All {
            settings.libraries = settings.named_libraries();
        }
        settings
    }
}

impl Settings {
    /// The plugin libraries to load, once. None while anything is wrong with their tables: a mistyped
    /// pin must not become a library without one.
    pub fn take_libraries(&mut self) -> Vec<LibraryFile> {
        std::mem::take(&mut self.libraries)
    }

    /// Does without the plugin libraries: what only they could be is not checked.
    pub fn skip_libraries(&mut self) {
        if !self.take_libraries().is_empty() && self.installed == Installed::All {
            self.installed = Installed::Unknown;
        }
    }

    /// Records that a library cannot be used because of `key` in its table. `message` is a
    /// lower-case fragment without a final period.
    pub fn reject_library(
        &mut self,
        library: &LibraryFile,
        key: &str,
        message: impl Into<String>,
        help: Option<&str>,
    ) {
        let origin = self.origin(&library.name, key);
        let mut problem = Problem::error(message, origin.as_ref());
        problem.help = help.map(str::to_owned);
        self.problems.push(problem);
        self.installed = Installed::Broken;
    }

    /// Records something about a library that the user should know although the run can begin.
    pub fn warn_of_library(
        &mut self,
        library: &LibraryFile,
        key: &str,
        message: impl Into<String>,
    ) {
        let origin = self.origin(&library.name, key);
        self.problems
            .push(Problem::warning(message, origin.as_ref()));
    }

    /// What was found so far, for programs that need no plan.
    ///
    /// # Errors
    /// If anything of it is an error.
    pub fn findings(self) -> Result<Diagnostics, Diagnostics> {
        let is_wrong = self.problems.iter().any(Problem::is_error);
        let found = Diagnostics::new(Arc::new(self.sources), self.problems);
        if is_wrong { Err(found) } else { Ok(found) }
    }

    fn named_libraries(&self) -> Vec<LibraryFile> {
        let tables = self.config.iter().flat_map(|config| &config.plugins);
        let files = tables.map(|(name, config)| LibraryFile {
            name: name.clone(),
            path: self.folder_of(name).join(&config.path),
            config: config.clone(),
        });
        files.collect()
    }

    /// The folder of the file that names the library.
    fn folder_of(&self, name: &str) -> &Path {
        let node = self.root.get(&["plugins", name, "path"]);
        let origin = node.and_then(|node| node.origin.as_ref());
        let source = origin.and_then(|origin| self.sources.at(origin));
        source
            .filter(|source| source.kind == SourceKind::File)
            .and_then(|source| Path::new(&source.name).parent())
            .unwrap_or(Path::new(""))
    }

    /// Where `key` of the library's table stands; else the table's name.
    fn origin(&self, name: &str, key: &str) -> Option<Origin> {
        let value = self.root.get(&["plugins", name, key]);
        let value = value.and_then(|node| node.origin.clone());
        value.or_else(|| {
            let tables = self.root.get(&["plugins"])?.as_table()?;
            tables.get(name)?.key.clone()
        })
    }
}

/// Whether what is said of libraries is known and means something.
fn named_in(root: &Node, schema: &Json) -> Installed {
    let Some(tables) = root.get(&["plugins"]) else {
        return Installed::All;
    };
    let mut only_tables = Node::table(None);
    only_tables.set(&["plugins"], tables.clone());
    let mut problems = Vec::new();
    let mut checker = Checker {
        schema,
        sources: &mut Sources::default(),
        problems: &mut problems,
        secrets: &mut BTreeSet::new(),
    };
    checker.check(&mut only_tables, "");
    match (problems.is_empty(), tables.has_unset()) {
        (true, false) => Installed::All,
        (true, true) => Installed::Unknown,
        (false, _) => Installed::Broken,
    }
}
