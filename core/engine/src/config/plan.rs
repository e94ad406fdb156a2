//! What a run does: the configuration with everything decided.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use aiperf_plugin_sdk::{PluginError, PluginKind};
use indexmap::IndexMap;
use serde_json::Value as Json;

use super::document::Document;
use super::error::Diagnostics;
use super::location::Location;
use super::schema::{OnStartError, Ui, UserKnowledge};
use crate::http::{Proxies, Tls};
use crate::knowledge::Knowledge;
use crate::load::LoadPlan;
use crate::report::Goodput;
use crate::secrets::Secrets;
use crate::store::{Families, StoreOptions};
use crate::sweep::SweepPlan;

/// What the user asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Command {
    /// Send load, and collect meanwhile.
    Profile,
    /// Collect only.
    Collect,
    /// As `Profile`, against a simulated server.
    Demo,
    /// Report a recorded run again.
    Report,
}

/// A run, ready to be carried out. `Debug` shows no secrets.
#[derive(Clone)]
pub struct RunPlan {
    /// What the user asked for.
    pub command: Command,
    /// The inference server as written; may hold user name and password.
    pub url: String,
    /// The load; `None` if the command sends none.
    pub load: Option<LoadSettings>,
    /// When `collect` ends.
    pub collect: CollectSettings,
    /// Sources, in the order in which they were written.
    pub collectors: Vec<CollectorPlan>,
    /// Parsers with options of their own.
    pub parsers: Vec<ParserPlan>,
    /// What is written.
    pub exporters: Vec<ExporterPlan>,
    /// Which series are kept.
    pub store: StoreOptions,
    /// What is known of server software, the user's additions included.
    pub knowledge: Knowledge,
    /// What of it the user added.
    pub user_knowledge: UserKnowledge,
    /// Where files go.
    pub artifacts: ArtifactSettings,
    /// How long to wait for the server's counters after a phase; `None`: as the engine finds right.
    pub settle_timeout: Option<Duration>,
    /// Scrape at a random moment of each interval.
    pub jitter: bool,
    /// Seed of everything drawn at random, at most 2^53.
    pub random_seed: u64,
    /// Memory for samples, in bytes.
    pub memory_limit: u64,
    /// Length of the slices of the profiling phase, if any are wanted.
    pub slice_duration: Option<Duration>,
    /// What a good request keeps.
    pub goodput: Goodput,
    /// Whom `https` connections to the inference server trust, and who we are there.
    pub tls: Tls,
    /// What must be shown nowhere.
    pub secrets: Arc<Secrets>,
    /// What is shown while the run lasts.
    pub ui: Ui,
    /// Make warnings about the measurement an exit code; `docs/metrics.md`, section Warnings.
    pub strict: bool,
    /// Several runs instead of one: then this plan stands for what they have in common.
    pub sweep: Option<SweepPlan>,
    /// What the user should know before the run begins.
    pub warnings: Diagnostics,
    pub(super) document: Document,
}

/// The load, but for a model that may have to be asked for.
#[derive(Clone, Debug)]
pub struct LoadSettings {
    /// The model; `None`: the first one that the server lists.
    pub model: Option<String>,
    /// How long to wait for a server that is not ready.
    pub wait: Duration,
    /// From one look at it to the next.
    pub wait_interval: Duration,
    pub(super) plan: LoadPlan,
}

/// When `collect` ends; with neither, when the user says so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CollectSettings {
    /// After this time.
    pub duration: Option<Duration>,
    /// After one scrape of each source.
    pub once: bool,
}

/// One collector instance. `Debug` leaves out the options: some are secrets.
#[derive(Clone, PartialEq)]
pub struct CollectorPlan {
    /// Name of the instance.
    pub name: String,
    /// Id of the plugin.
    pub plugin: String,
    /// Time between two readings.
    pub interval: Duration,
    /// Limit for one reading.
    pub timeout: Duration,
    /// What happens if it cannot start.
    pub on_start_error: OnStartError,
    /// Parser instance or plugin; `None`: by content type.
    pub parser: Option<String>,
    /// Options as the plugin takes them.
    pub options: Json,
    /// Added to its endpoints.
    pub labels: IndexMap<String, String>,
    /// Which of its families are kept.
    pub families: Families,
    /// Whom its `https` connections trust, and who we are there.
    pub tls: Tls,
    /// What requests go through.
    pub proxies: Proxies,
    /// Whether answers that lead elsewhere are followed.
    pub follow_redirects: bool,
}

/// One parser with options of its own. `Debug` leaves out the options: some are secrets.
#[derive(Clone, PartialEq)]
pub struct ParserPlan {
    /// Name of the instance.
    pub name: String,
    /// Id of the plugin.
    pub plugin: String,
    /// Options as the plugin takes them.
    pub options: Json,
}

/// One exporter instance. `Debug` leaves out the options: some are secrets.
#[derive(Clone, PartialEq)]
pub struct ExporterPlan {
    /// Name of the instance.
    pub name: String,
    /// Id of the plugin.
    pub plugin: String,
    /// What happens if it cannot start.
    pub on_start_error: OnStartError,
    /// Bytes that may wait for it on disk.
    pub spill_limit: u64,
    /// How long it may take to finish.
    pub finish_timeout: Duration,
    /// Options as the plugin takes them.
    pub options: Json,
    /// Whom the `https` requests that it has the host make trust, and who we are there.
    pub tls: Tls,
    /// What these requests go through.
    pub proxies: Proxies,
}

/// Where files go.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ArtifactSettings {
    /// The folder; `None`: one named after the run.
    pub dir: Option<PathBuf>,
    /// Put before each name, with `_` between.
    pub prefix: Option<String>,
}

impl fmt::Debug for RunPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunPlan")
            .field("command", &self.command)
            .field("load", &self.load)
            .field("collectors", &self.collectors)
            .field("parsers", &self.parsers)
            .field("exporters", &self.exporters)
            .field("document", &self.document)
            .finish_non_exhaustive()
    }
}

/// `Debug` of an instance: which it is, without its options.
macro_rules! debug_without_options {
    ($($type:ident),*) => {$(
        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($type))
                    .field("name", &self.name)
                    .field("plugin", &self.plugin)
                    .finish_non_exhaustive()
            }
        }
    )*};
}

debug_without_options!(CollectorPlan, ParserPlan, ExporterPlan);

impl LoadSettings {
    /// The load with everything but the model, which is empty.
    pub fn without_model(&self) -> &LoadPlan {
        &self.plan
    }

    /// The load of `model`.
    pub fn with_model(&self, model: impl Into<String>) -> LoadPlan {
        LoadPlan {
            model: model.into(),
            ..self.plan.clone()
        }
    }
}

impl RunPlan {
    /// Where an option of a plugin instance was written. `path` is the plugin's own, such as
    /// `targets[0].url`; an option that nobody wrote is located at its instance.
    pub fn locate(&self, kind: PluginKind, instance: &str, path: &str) -> Location {
        self.document.locate(kind, instance, path)
    }

    /// Errors that plugins found in their options, each with the place where it was written.
    pub fn option_errors<'a>(
        &self,
        errors: impl IntoIterator<Item = (PluginKind, &'a str, &'a PluginError)>,
    ) -> Diagnostics {
        let problems = errors
            .into_iter()
            .map(|(kind, instance, error)| self.document.option_problem(kind, instance, error));
        Diagnostics::new(self.document.sources(), problems.collect())
    }

    /// The whole configuration as TOML that gives this run again, defaults and drawn seed
    /// included. Secrets are written as the `${NAME}` that they came from, or as `***`.
    pub fn to_toml(&self) -> String {
        self.document.to_toml()
    }

    /// The configuration as TOML for people: all of it but a drawn seed, and with `origins`, behind
    /// each value, where it was written. Secrets as in [`to_toml`](Self::to_toml).
    pub fn show(&self, origins: bool) -> String {
        self.document.show(origins)
    }
}
