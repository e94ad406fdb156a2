//! Environment variables: every name that means something, and the one place that reads them.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;

use aiperf_core::config::{Layers, Setting, SettingValue, nearest};

/// A file of settings, under those named by `--config`.
pub(crate) const CONFIG: &str = "AIPERF_CONFIG";
/// Set to anything but nothing: no colors. See <https://no-color.org>.
pub(crate) const NO_COLOR: &str = "NO_COLOR";
/// Kind of the terminal; `dumb` ones obey no escape sequences.
const TERM: &str = "TERM";

/// A variable that stands for a setting.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Variable {
    /// Its name.
    pub(crate) name: &'static str,
    /// The setting, with dots between tables.
    pub(crate) path: &'static str,
    /// Whether commas separate several values; then an empty text means none at all.
    pub(crate) is_list: bool,
}

/// All variables that stand for settings. They lie over files and under flags.
pub(crate) const VARIABLES: [Variable; 8] = [
    one("AIPERF_URL", "endpoint.url"),
    one("AIPERF_MODEL", "endpoint.model"),
    one("AIPERF_API_KEY", "endpoint.api_key"),
    Variable {
        name: "AIPERF_SERVER_METRICS_DEFAULT_ENDPOINTS",
        path: "server_metrics.default_endpoints",
        is_list: true,
    },
    one(
        "AIPERF_SERVER_METRICS_COLLECTION_INTERVAL",
        "server_metrics.interval",
    ),
    one("AIPERF_ARTIFACT_DIR", "run.artifact_dir"),
    one("AIPERF_UI", "run.ui"),
    one("AIPERF_STRICT", "run.strict"),
];

/// Variables of the system that name proxies where nothing else does, by key of `[proxy]`; the preferred one
/// first.
pub(crate) const PROXIES: [(&str, [&str; 2]); 2] = [
    ("http", ["http_proxy", "HTTP_PROXY"]),
    ("https", ["https_proxy", "HTTPS_PROXY"]),
];
/// The same for hosts that are reached directly.
pub(crate) const NO_PROXY: [&str; 2] = ["no_proxy", "NO_PROXY"];

const fn one(name: &'static str, path: &'static str) -> Variable {
    Variable {
        name,
        path,
        is_list: false,
    }
}

impl Variable {
    fn setting(self, text: &str) -> Setting {
        let value = if self.is_list {
            let items = text
                .split(',')
                .map(str::trim)
                .filter(|item| !item.is_empty());
            SettingValue::List(items.map(str::to_owned).collect())
        } else {
            SettingValue::Text(text.to_owned())
        };
        Setting::variable(self.name, self.path, value)
    }
}

/// The environment at one moment. `Debug` leaves out what it holds: keys are often in there.
#[derive(Clone, Default)]
pub(crate) struct EnvSnapshot {
    variables: BTreeMap<String, String>,
    is_unknown: bool,
    /// Names of our own that hold no text.
    unreadable: Vec<String>,
}

impl EnvSnapshot {
    /// Reads the environment of this process. What is no UTF-8 is as if it were not set; if it is for
    /// us that is an error later.
    pub(crate) fn of_process() -> Self {
        Self::of(std::env::vars_os())
    }

    fn of(variables: impl Iterator<Item = (OsString, OsString)>) -> Self {
        let mut read = Self::default();
        for (name, value) in variables {
            match (name.into_string(), value.into_string()) {
                (Ok(name), Ok(value)) => drop(read.variables.insert(name, value)),
                (Ok(name), Err(_)) if name.starts_with("AIPERF_") => read.unreadable.push(name),
                _ => {}
            }
        }
        read
    }

    /// An environment of which nothing is known: no variable stands for a setting, and none is
    /// missing.
    pub(crate) fn unknown() -> Self {
        Self {
            is_unknown: true,
            ..Self::default()
        }
    }

    /// All variables; `None` if they are not known.
    pub(crate) fn variables(&self) -> Option<&BTreeMap<String, String>> {
        (!self.is_unknown).then_some(&self.variables)
    }

    /// A variable that is set to something.
    pub(crate) fn non_empty(&self, name: &str) -> Option<&str> {
        self.variables
            .get(name)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    }

    /// The first of these that is set to something, and what to.
    pub(crate) fn first_named(&self, names: [&'static str; 2]) -> Option<(&'static str, &str)> {
        let mut names = names.into_iter();
        names.find_map(|name| Some((name, self.non_empty(name)?)))
    }

    /// Whether the user wants no colors anywhere, or has a terminal that shows none.
    pub(crate) fn forbids_color(&self) -> bool {
        self.non_empty(NO_COLOR).is_some() || self.non_empty(TERM) == Some("dumb")
    }

    /// Lays variables that every program knows over the defaults, and under all files.
    pub(crate) fn add_system_to(&self, layers: &mut Layers) {
        for (key, names) in PROXIES {
            if let Some((name, url)) = self.first_named(names) {
                layers.add_system_proxy(key, name, url);
            }
        }
        if let Some((name, hosts)) = self.first_named(NO_PROXY) {
            let exclude = Variable {
                name,
                path: "proxy.exclude",
                is_list: true,
            };
            layers.add(&exclude.setting(hosts));
        }
    }

    /// Lays the variables over what is there.
    pub(crate) fn add_to(&self, layers: &mut Layers) {
        for variable in VARIABLES {
            let text = self.variables.get(variable.name);
            // A variable set to nothing is one that is not set, except where it empties a list.
            if let Some(text) = text.filter(|text| variable.is_list || !text.is_empty()) {
                layers.add(&variable.setting(text));
            }
        }
        for name in &self.unreadable {
            let setting = Setting::variable(name, "", SettingValue::Switch(true));
            let message = format!("the variable `{name}` holds no UTF-8 text");
            layers.reject(&setting, &message, "set it to text, or unset it");
        }
        let names = self.variables.keys();
        for name in names.filter(|name| name.starts_with("AIPERF_")) {
            let is_known = name == CONFIG || VARIABLES.iter().any(|known| known.name == name);
            if !is_known {
                layers.warn(
                    &format!("the variable `{name}` means nothing here"),
                    &meant(name),
                );
            }
        }
    }
}

/// What a mistyped variable was probably meant to be, and what there is.
fn meant(name: &str) -> String {
    let known = VARIABLES.iter().map(|variable| variable.name);
    match nearest(name, [CONFIG].into_iter().chain(known)) {
        Some(near) => format!("did you mean `{near}`? {}", known_names()),
        None => format!("{}; other settings are flags or in files", known_names()),
    }
}

fn known_names() -> String {
    let names = VARIABLES.iter().map(|variable| variable.name);
    let names: Vec<String> = [CONFIG]
        .into_iter()
        .chain(names)
        .map(|n| format!("`{n}`"))
        .collect();
    format!("known are {}", names.join(", "))
}

impl fmt::Debug for EnvSnapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EnvSnapshot").finish_non_exhaustive()
    }
}

impl FromIterator<(String, String)> for EnvSnapshot {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(variables: I) -> Self {
        Self {
            variables: variables.into_iter().collect(),
            is_unknown: false,
            unreadable: Vec::new(),
        }
    }
}
