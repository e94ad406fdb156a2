//! Lays settings over each other: defaults, files, variables, flags.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;
use std::{fmt, io};

use super::error::Problem;
use super::file::FileReader;
use super::node::{Node, Value};
use super::source::{Origin, SourceKind, Sources};
use crate::http::{Proxies, Proxy};

/// How a file came to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trust {
    /// It is part of the program.
    BuiltIn,
    /// The user named it.
    Named,
    /// It lies in the current folder. It may not name libraries to load.
    Implicit,
    /// The program wrote it down for a run that is over. What it names may be gone since.
    Recorded,
}

/// A file of settings.
#[derive(Clone, Copy, Debug)]
pub struct ConfigFile<'a> {
    /// What errors call it.
    pub name: &'a str,
    /// Its content.
    pub text: &'a str,
    /// How it came to be read.
    pub trust: Trust,
}

/// One flag or environment variable as the user wrote it. `Debug` leaves out the value.
#[derive(Clone)]
pub struct Setting {
    /// The flag with its hyphens, such as `--concurrency`, or the variable's name.
    pub name: String,
    /// Whether it is a flag; a variable otherwise.
    pub is_flag: bool,
    /// Where it goes, table by table.
    pub path: Vec<String>,
    /// What it says.
    pub value: SettingValue,
}

/// What a flag or variable says. It may be a secret.
#[derive(Clone)]
#[expect(missing_debug_implementations, reason = "it may be a secret")]
pub enum SettingValue {
    /// Becomes the type that the setting has; durations may be bare seconds.
    Text(String),
    /// A list of texts.
    List(Vec<String>),
    /// A value that was taken out of a longer text, which errors show.
    Part {
        /// The value.
        value: serde_json::Value,
        /// The text as written.
        written: String,
    },
    /// A flag without a value.
    Switch(bool),
}

impl fmt::Debug for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.join(".");
        f.debug_struct("Setting")
            .field("name", &self.name)
            .field("path", &path)
            .finish_non_exhaustive()
    }
}

impl Setting {
    /// A flag; `path` has dots between tables.
    pub fn flag(name: &str, path: &str, value: SettingValue) -> Self {
        let path = path.split('.').map(str::to_owned).collect();
        Self {
            name: name.to_owned(),
            is_flag: true,
            path,
            value,
        }
    }

    /// An environment variable; `path` has dots between tables.
    pub fn variable(name: &str, path: &str, value: SettingValue) -> Self {
        Self {
            is_flag: false,
            ..Self::flag(name, path, value)
        }
    }

    /// Goes one table deeper: for names that the user chose.
    #[must_use]
    pub fn key(mut self, name: &str) -> Self {
        self.path.push(name.to_owned());
        self
    }

    fn values(&self) -> Vec<&str> {
        match &self.value {
            SettingValue::Text(text) | SettingValue::Part { written: text, .. } => vec![text],
            SettingValue::List(items) => items.iter().map(String::as_str).collect(),
            SettingValue::Switch(_) => Vec::new(),
        }
    }
}

/// All settings, each layer over the ones before.
pub struct Layers {
    /// None if it is not known.
    pub(super) environment: Option<BTreeMap<String, String>>,
    pub(super) sources: Sources,
    pub(super) problems: Vec<Problem>,
    pub(super) root: Node,
    /// Number of the source that a run has left behind.
    pub(super) recorded: Option<usize>,
    /// See [`Layers::add_system_proxy`].
    pub(super) system_proxies: BTreeMap<String, Proxy>,
}

impl fmt::Debug for Layers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Layers").field(&self.sources).finish()
    }
}

impl Layers {
    /// No settings yet. `environment` is what `${NAME}` and `api_key_env` refer to.
    pub fn new(environment: BTreeMap<String, String>) -> Self {
        Self {
            environment: Some(environment),
            ..Self::without_environment()
        }
    }

    /// No settings yet, and what variables they refer to hold is not known here: none of them is
    /// missing. For [`Settings::examine`](super::Settings::examine) only.
    pub fn without_environment() -> Self {
        Self {
            environment: None,
            sources: Sources::default(),
            problems: Vec::new(),
            root: Node::table(None),
            recorded: None,
            system_proxies: BTreeMap::new(),
        }
    }

    /// Lays a file over everything before it. What is wrong with it shows in
    /// [`resolve`](Self::resolve).
    pub fn add_file(&mut self, file: ConfigFile<'_>) {
        self.add_file_with(file, &|_| {
            let message = "this program reads no files of secrets";
            Err(io::Error::new(io::ErrorKind::Unsupported, message))
        });
    }

    /// As [`add_file`](Self::add_file); `read_secret` reads the files that `${file:PATH}` refers to.
    pub fn add_file_with(
        &mut self,
        file: ConfigFile<'_>,
        read_secret: &dyn Fn(&Path) -> io::Result<String>,
    ) {
        let kind = match file.trust {
            Trust::BuiltIn => SourceKind::BuiltIn,
            _ => SourceKind::File,
        };
        let source = self.sources.add(kind, file.name, file.text);
        let reader = FileReader {
            source,
            text: file.text,
            environment: self.environment.as_ref(),
            read_secret,
            secrets: &mut self.sources.secrets,
            problems: &mut self.problems,
        };
        let mut node = reader.read();
        match file.trust {
            Trust::BuiltIn | Trust::Named => {}
            Trust::Implicit => self.refuse_plugins(&mut node, file),
            Trust::Recorded => self.recorded = Some(source),
        }
        self.lay_over(node);
    }

    /// Lays one flag or variable over everything before it.
    pub fn add(&mut self, setting: &Setting) {
        let (source, spans) = self.add_source(setting);
        let whole = Origin {
            source,
            span: whole_span(&spans, &setting.name),
        };
        let node = match &setting.value {
            SettingValue::Text(text) => Node::new(Value::Untyped(text.clone()), Some(whole)),
            SettingValue::Switch(on) => Node::new(Value::Boolean(*on), Some(whole)),
            SettingValue::Part { value, .. } => Node::from_json(value, Some(&whole)),
            SettingValue::List(items) => {
                let items = items.iter().zip(spans).map(|(item, span)| {
                    Node::new(Value::Untyped(item.clone()), Some(Origin { source, span }))
                });
                Node::new(Value::List(items.collect()), Some(whole))
            }
        };
        let mut layer = Node::table(None);
        let path: Vec<&str> = setting.path.iter().map(String::as_str).collect();
        layer.set(&path, node);
        self.lay_over(layer);
    }

    /// Lays a proxy that a variable of the system names, for `key` of `[proxy]`, over everything before it.
    /// One that cannot be used is an error only of what would go through it.
    pub fn add_system_proxy(&mut self, key: &str, name: &str, url: &str) {
        match Proxies::of_variable(name, url) {
            Proxy::At(_) => {
                let value = SettingValue::Text(url.to_owned());
                self.add(&Setting::variable(name, &format!("proxy.{key}"), value));
            }
            unusable @ Proxy::Unusable(_) => {
                self.sources.secrets.add_url(url);
                self.system_proxies.insert(key.to_owned(), unusable);
            }
        }
    }

    /// Gives each setting that varies the first of its values, so that what all runs have in common fits
    /// together: a setting may need one that varies.
    pub fn first_of_sweep(&mut self) {
        let mut first: Vec<(String, Option<Origin>, Node)> = Vec::new();
        let vary = self.root.get(&["sweep", "vary"]).and_then(Node::as_table);
        for (path, entry) in vary.into_iter().flatten() {
            if let Value::List(values) = &entry.node.value {
                let value = values.first().cloned();
                first.extend(value.map(|value| (path.clone(), entry.key.clone(), value)));
            }
        }
        let search = |key| self.root.get(&["sweep", "search", key]);
        if let Some((setting, min)) = search("setting").zip(search("min"))
            && let Value::String(path) = &setting.value
        {
            first.push((path.clone(), setting.origin.clone(), whole(min)));
        }
        for (path, origin, value) in first {
            let path: Vec<&str> = path.split('.').collect();
            if path.first().is_some_and(|table| *table != "sweep") {
                self.root.set_named(&path, origin.as_ref(), value);
            }
        }
    }

    /// Makes it the settings of one run of several: they say nothing of others.
    pub fn single_run(&mut self) {
        self.root.remove(&["sweep"]);
    }

    /// Records that a flag or variable could not be read at all.
    pub fn reject(&mut self, setting: &Setting, message: &str, help: &str) {
        let (source, spans) = self.add_source(setting);
        let origin = Origin {
            source,
            span: whole_span(&spans, &setting.name),
        };
        self.problems
            .push(Problem::error(message, Some(&origin)).help(help));
    }

    /// Records that a file which `setting` names could not be read.
    pub fn reject_file(&mut self, setting: &Setting, message: &str, help: &str) {
        self.reject(setting, message, help);
        if let Some(problem) = self.problems.last_mut() {
            problem.hides_file = true;
        }
    }

    /// Records something that the user should know although the run can begin.
    pub fn warn(&mut self, message: &str, help: &str) {
        self.problems
            .push(Problem::warning(message, None).help(help));
    }

    /// Writes the setting out as the user did; the spans are those of its values.
    fn add_source(&mut self, setting: &Setting) -> (usize, Vec<Range<usize>>) {
        let (kind, equals, between) = if setting.is_flag {
            (SourceKind::Flag, " ", " ")
        } else {
            (SourceKind::Variable, "=", ",")
        };
        let mut text = setting.name.clone();
        let mut spans = Vec::new();
        for value in setting.values() {
            text.push_str(if spans.is_empty() { equals } else { between });
            spans.push(text.len()..text.len() + value.len());
            text.push_str(value);
        }
        (self.sources.add(kind, &setting.name, &text), spans)
    }

    /// Only files that the user named may load code.
    fn refuse_plugins(&mut self, node: &mut Node, file: ConfigFile<'_>) {
        let Value::Table(table) = &mut node.value else {
            return;
        };
        let Some(plugins) = table.shift_remove("plugins") else {
            return;
        };
        let file = file.name;
        let message = format!("`{file}` may not load code: nobody named it");
        let help = format!("add `--config {file}`, or move the table to a file that is named");
        let tables = plugins.node.as_table();
        let first = tables.and_then(|tables| tables.values().next()?.key.clone());
        let problem = Problem::error(message, first.or(plugins.key).as_ref());
        self.problems.push(problem.help(help).hiding_file());
    }

    fn lay_over(&mut self, layer: Node) {
        // The two ways to give a key are one setting: the later layer decides which one holds.
        let has = |name| layer.get(&["endpoint", name]).is_some();
        if has("api_key") != has("api_key_env") {
            let replaced = if has("api_key") {
                "api_key_env"
            } else {
                "api_key"
            };
            self.root.remove(&["endpoint", replaced]);
        }
        self.root.merge(layer);
    }
}

fn whole_span(spans: &[Range<usize>], name: &str) -> Range<usize> {
    match (spans.first(), spans.last()) {
        (Some(first), Some(last)) => first.start..last.end,
        _ => 0..name.len(),
    }
}

/// The number as a whole one, if it is: `min = 1.0` may be of a setting that takes nothing else.
#[expect(
    clippy::cast_possible_truncation,
    reason = "it is whole, and far smaller"
)]
fn whole(node: &Node) -> Node {
    match node.value {
        Value::Float(number) if number.fract() == 0.0 && number.abs() < 1e15 => {
            Node::new(Value::Integer(number as i64), node.origin.clone())
        }
        _ => node.clone(),
    }
}
