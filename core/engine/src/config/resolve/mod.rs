//! Turns settings into a plan and finds what does not fit together.

mod conversations;
mod endpoint;
mod goodput;
mod installed;
mod instances;
mod load;
mod pace;
mod phases;
mod prompts;
mod proxy;
mod schedule;
mod sweep;
mod tls;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use aiperf_plugin_sdk::PluginKind;

use super::catalog::Catalog;
use super::document::Document;
use super::error::{Diagnostics, Problem};
use super::layers::Layers;
use super::node::{Node, Value};
use super::plan::{ArtifactSettings, CollectSettings, Command, RunPlan};
use super::schema::{Config, UserKnowledge};
use super::settings::{Installed, Settings};
use super::source::{Origin, Sources};
use crate::http::Proxy;
use crate::store::{Families, Pattern, StoreOptions};

/// What a plan depends on beside the settings.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// What the user asked for.
    pub command: Command,
    /// The installed plugins.
    pub catalog: &'a dyn Catalog,
    /// Seed of the run if none is set. Only its lower 53 bits count.
    pub fresh_seed: u64,
}

impl std::fmt::Debug for Context<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Context")
            .field("command", &self.command)
            .finish_non_exhaustive()
    }
}

impl Layers {
    /// Checks and makes the plan of a program that loads no plugin libraries.
    ///
    /// # Errors
    /// Everything that is wrong, from syntax to the options of plugins, at once.
    pub fn resolve(self, context: &Context<'_>) -> Result<RunPlan, Diagnostics> {
        self.check().resolve(context)
    }
}

impl Settings {
    /// Makes the plan.
    ///
    /// # Errors
    /// Everything that is wrong, from syntax to the options of plugins, at once. Of a library that
    /// cannot be loaded, no use is one more error.
    pub fn resolve(self, context: &Context<'_>) -> Result<RunPlan, Diagnostics> {
        self.plan(context, false)
    }

    /// Checks what any run would need of the settings, though it may be that no run has use for all of
    /// it.
    ///
    /// # Errors
    /// Everything that is wrong, with the warnings; else the warnings.
    pub fn examine(self, catalog: &dyn Catalog) -> Result<Diagnostics, Diagnostics> {
        let context = Context {
            command: Command::Profile,
            catalog,
            fresh_seed: 0,
        };
        self.plan(&context, true).map(|plan| plan.warnings)
    }

    /// With `examines`, also what only other commands than that of the context mind.
    fn plan(mut self, context: &Context<'_>, examines: bool) -> Result<RunPlan, Diagnostics> {
        for library in self.take_libraries() {
            let message = "this program loads no plugin libraries";
            let help = format!("remove `[plugins.{}]`", library.name);
            self.reject_library(&library, "path", message, Some(&help));
        }
        let Self {
            environment,
            sources,
            problems,
            root,
            secrets,
            config,
            recorded,
            installed,
            system_proxies,
            ..
        } = self;
        let Some(config) = config else {
            return Err(Diagnostics::new(Arc::new(sources), problems));
        };
        let mut resolver = Resolver {
            context,
            environment: environment.as_ref(),
            config: &config,
            root,
            sources,
            problems,
            secrets,
            recorded,
            installed,
            system_proxies,
            options: HashMap::new(),
        };
        if examines {
            resolver.check_collect();
        }
        resolver.finish()
    }
}

struct Resolver<'a> {
    context: &'a Context<'a>,
    /// None if it is not known.
    environment: Option<&'a BTreeMap<String, String>>,
    config: &'a Config,
    root: Node,
    sources: Sources,
    problems: Vec<Problem>,
    secrets: BTreeSet<String>,
    recorded: Option<usize>,
    installed: Installed,
    /// Proxies of the system's variables that cannot be used, by key.
    system_proxies: BTreeMap<String, Proxy>,
    options: HashMap<(PluginKind, String), Node>,
}

impl Resolver<'_> {
    fn finish(mut self) -> Result<RunPlan, Diagnostics> {
        let config = self.config;
        let random_seed = self.random_seed();
        self.check_run();
        let command = self.context.command;
        if command == Command::Collect {
            self.check_collect();
        }
        // A shared file may name a key or a load that `collect` has no use for.
        let sends_load = matches!(command, Command::Profile | Command::Demo);
        let (tls, proxies) = (self.tls(), self.proxies());
        let mut load = sends_load
            .then(|| self.load(random_seed, &tls, &proxies))
            .flatten();
        let sweep = sends_load.then(|| self.sweep()).flatten();
        let goodput = self.goodput(sends_load);
        // A recorded run has all its pages.
        let collectors = match command {
            Command::Report => Vec::new(),
            _ => self.collectors(&tls, &proxies),
        };
        let parsers = self.parsers();
        let exporters = self.exporters(&tls, &proxies);
        let user_knowledge = UserKnowledge {
            pairs: config.pairs.clone(),
            aggregates: config.aggregates.clone(),
            derived: config.derived.clone(),
        };
        let sources = Arc::new(self.sources);
        if self.problems.iter().any(Problem::is_error) {
            return Err(Diagnostics::new(sources, self.problems));
        }
        let secrets = Arc::new(sources.secrets.clone());
        if let Some(load) = &mut load {
            load.plan.secrets = Arc::clone(&secrets);
        }
        let has_load = load.is_some();
        Ok(RunPlan {
            command: self.context.command,
            url: config.endpoint.url.clone(),
            load,
            collect: CollectSettings {
                duration: config.collect.duration.map(|duration| duration.0),
                once: config.collect.once,
            },
            collectors,
            parsers,
            exporters,
            store: store_options(config, has_load),
            knowledge: user_knowledge.table(),
            user_knowledge,
            artifacts: ArtifactSettings {
                dir: config.run.artifact_dir.clone(),
                prefix: config.run.profile_export_prefix.clone(),
            },
            settle_timeout: config
                .server_metrics
                .settle_timeout
                .map(|timeout| timeout.0),
            jitter: config.server_metrics.jitter,
            random_seed,
            memory_limit: config.run.memory_limit.0,
            slice_duration: config.run.slice_duration.map(|duration| duration.0),
            goodput,
            tls,
            secrets,
            ui: config.run.ui,
            strict: config.run.strict,
            sweep,
            warnings: Diagnostics::new(Arc::clone(&sources), self.problems),
            document: Document {
                sources,
                root: with_defaults(config, self.root, random_seed),
                options: self.options,
                secrets: self.secrets,
            },
        })
    }

    /// At most 2^53, as the schema demands, so that every reader of JSON gets it exactly.
    fn random_seed(&self) -> u64 {
        self.config
            .load
            .random_seed
            .unwrap_or(self.context.fresh_seed & ((1 << 53) - 1))
    }

    /// Where a setting was written.
    fn origin(&self, path: &[&str]) -> Option<Origin> {
        self.root.get(path).and_then(|node| node.origin.clone())
    }

    /// Records an error about the setting at `path`.
    fn wrong(&mut self, path: &[&str], what: &str, help: Option<String>) {
        let origin = self.origin(path);
        let subject = self.sources.subject(origin.as_ref(), &path.join("."));
        let mut problem = Problem::error(format!("`{subject}` {what}"), origin.as_ref());
        problem.help = help;
        self.problems.push(problem);
    }

    fn check_run(&mut self) {
        let prefix = self
            .config
            .run
            .profile_export_prefix
            .as_deref()
            .unwrap_or_default();
        if prefix.contains(['/', '\\']) {
            let help = "name the folder with `artifact_dir`".to_owned();
            self.wrong(
                &["run", "profile_export_prefix"],
                "must not name a folder",
                Some(help),
            );
        }
    }

    fn check_collect(&mut self) {
        let collect = &self.config.collect;
        if collect.once && collect.duration.is_some() {
            let what = "has no meaning for a single scrape";
            self.wrong(&["collect", "duration"], what, None);
        }
    }
}

/// With load, half of the memory is for requests.
fn store_options(config: &Config, has_load: bool) -> StoreOptions {
    let metrics = &config.server_metrics;
    let limit = usize::try_from(config.run.memory_limit.0).unwrap_or(usize::MAX);
    StoreOptions {
        server_label: metrics.server_label.clone(),
        families: families(&metrics.include, &metrics.exclude),
        scrape_metrics: metrics.scrape_metrics,
        max_series: usize::try_from(config.run.max_series).unwrap_or(usize::MAX),
        memory_limit: limit / if has_load { 2 } else { 1 },
    }
}

fn families(include: &[String], exclude: &[String]) -> Families {
    let patterns = |texts: &[String]| texts.iter().map(|text| Pattern::new(text)).collect();
    Families {
        include: patterns(include),
        exclude: patterns(exclude),
    }
}

/// All settings, also those that nobody wrote.
fn with_defaults(config: &Config, written: Node, random_seed: u64) -> Node {
    let all = serde_json::to_value(config)
        .expect("the schema's types have text keys only, which JSON can hold");
    let mut root = Node::from_json(&all, None);
    root.merge(written);
    let seed = i64::try_from(random_seed).unwrap_or(i64::MAX);
    if config.load.random_seed.is_none() {
        let seed = Node::new(Value::Integer(seed), None);
        root.set(&["load", "random_seed"], seed);
    }
    root
}
