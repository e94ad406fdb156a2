//! The files of a new plugin.

use aiperf_plugin_sdk::{CollectorMode, PluginKind};

use super::name::Name;
use super::sdk::Sdk;

/// What differs between kinds and modes.
pub(super) struct Template {
    kind: PluginKind,
    /// What the plugin does as it is written, for its README.
    does: &'static str,
    /// How to see it work.
    try_it: &'static str,
    lib: &'static str,
    config: &'static str,
    sample: &'static str,
    test: &'static str,
    settings: &'static str,
}

macro_rules! template {
    ($folder:literal, $kind:ident, $does:literal, $try_it:literal) => {
        Template {
            kind: PluginKind::$kind,
            does: $does,
            try_it: $try_it,
            lib: include_str!(concat!("../../../../templates/", $folder, "/lib.rs")),
            config: include_str!(concat!("../../../../templates/", $folder, "/config.rs")),
            sample: include_str!(concat!("../../../../templates/", $folder, "/sample.toml")),
            test: include_str!(concat!("../../../../templates/", $folder, "/test.rs")),
            settings: include_str!(concat!("../../../../templates/", $folder, "/aiperf.toml")),
        }
    };
}

const MANIFEST: &str = include_str!("../../../../templates/Cargo.toml");
const README: &str = include_str!("../../../../templates/README.md");

const POLL: Template = template!(
    "poll",
    Collector,
    "Load averages of this machine, from a file. `src/lib.rs` is where to read something else.",
    "aiperf collect --config aiperf.toml --duration 5s --server-metrics"
);
const TARGETS: Template = template!(
    "targets",
    Collector,
    "Names a metrics page that aiperf scrapes. `src/lib.rs` is where to name others.",
    "aiperf sim --port 8000 &\naiperf collect --config aiperf.toml --duration 5s --server-metrics"
);
const STREAM: Template = template!(
    "stream",
    Collector,
    "Follows a file of `name value` lines. `src/lib.rs` is where to take numbers from elsewhere.",
    "echo \"queue 3\" >> {id}.txt\naiperf collect --config aiperf.toml --duration 5s --server-metrics"
);
const PARSER: Template = template!(
    "parser",
    Parser,
    "Reads pages of `name value` lines. `src/lib.rs` is where to read another format.",
    "aiperf collect --config aiperf.toml --server-metrics URL-OF-SUCH-A-PAGE --duration 5s"
);
const EXPORTER: Template = template!(
    "exporter",
    Exporter,
    "Writes the averages of the clients' metrics as text. `src/lib.rs` is where to write more.",
    "aiperf demo --config aiperf.toml"
);

impl Template {
    /// The template of a kind; `mode` matters to collectors.
    pub(super) fn of(kind: PluginKind, mode: CollectorMode) -> Self {
        match (kind, mode) {
            (PluginKind::Collector, CollectorMode::Poll) => POLL,
            (PluginKind::Collector, CollectorMode::Targets) => TARGETS,
            (PluginKind::Collector, CollectorMode::Stream) => STREAM,
            (PluginKind::Parser, _) => PARSER,
            (PluginKind::Exporter, _) => EXPORTER,
        }
    }

    /// All files, by path.
    pub(super) fn files(&self, name: &Name, sdk: &Sdk) -> Vec<(&'static str, String)> {
        let fill = |text: &str| self.fill(text, name, sdk);
        vec![
            (".gitignore", "/target\n".to_owned()),
            ("Cargo.toml", fill(MANIFEST)),
            ("README.md", fill(README)),
            ("aiperf.toml", fill(self.settings)),
            ("sample.toml", fill(self.sample)),
            ("src/config.rs", fill(self.config)),
            ("src/lib.rs", fill(self.lib)),
            ("tests/plugin.rs", fill(self.test)),
        ]
    }

    fn fill(&self, text: &str, name: &Name, sdk: &Sdk) -> String {
        // What holds further holes comes first.
        text.replace("{sample}", self.sample)
            .replace("{does}", self.does)
            .replace("{try_it}", self.try_it)
            .replace("{sdk}", &sdk.dependency())
            .replace("{kind}", self.kind.as_str())
            .replace("{package}", &name.package)
            .replace("{crate}", &name.id)
            .replace("{id}", &name.id)
            .replace("{dashed}", &name.dashed)
            .replace("{type}", &name.rust_type)
    }
}
