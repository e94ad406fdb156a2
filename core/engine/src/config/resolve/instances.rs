//! `[collectors.*]`, `[parsers.*]` and `[exporters.*]`.

use std::time::Duration;

use aiperf_plugin_sdk::PluginKind;
use aiperf_plugin_sdk::display::printable;
use serde_json::Value as Json;

use super::{Resolver, families};
use crate::config::catalog::table_of;
use crate::config::check::{Checker, join};
use crate::config::document::Document;
use crate::config::error::Problem;
use crate::config::node::{Entry, Node, Table, Value};
use crate::config::plan::{CollectorPlan, Command, ExporterPlan, ParserPlan};
use crate::config::schema::CollectorConfig;
use crate::http::{Proxies, Tls};

/// Instance that `[server_metrics]` is about. Which plugin it uses is the defaults' choice.
const SERVER_METRICS: &str = "server_metrics";

/// Limit for one reading if none is set.
const MAX_DEFAULT_TIMEOUT: Duration = Duration::from_secs(5);

impl Resolver<'_> {
    pub(super) fn collectors(&mut self, tls: &Tls, proxies: &Proxies) -> Vec<CollectorPlan> {
        let config = self.config;
        let mut plans = Vec::new();
        for (name, collector) in &config.collectors {
            let is_wanted = config.server_metrics.enabled
                || (name != SERVER_METRICS && !self.only_searches(name, collector));
            if collector.enabled && is_wanted {
                plans.extend(self.collector(name, collector, tls, proxies));
            }
        }
        if plans.is_empty() && self.context.command == Command::Collect && self.is_sound() {
            let message = "there is nothing to collect: every collector is switched off";
            self.problems.push(Problem::error(message, None));
        }
        plans
    }

    fn collector(
        &mut self,
        name: &str,
        collector: &CollectorConfig,
        tls: &Tls,
        proxies: &Proxies,
    ) -> Option<CollectorPlan> {
        let kind = PluginKind::Collector;
        let plugin = self.plugin_id(kind, name, collector.plugin.as_deref());
        self.check_parser(name, collector.parser.as_deref());
        let plugin = plugin?;
        let base = if name == SERVER_METRICS {
            self.server_metrics_options()
        } else {
            self.search_options(&plugin)
        };
        let options = self.options(kind, name, &plugin, base)?;
        let tls = self.collector_tls(name, collector, tls);
        self.check_labels(name, collector);
        let metrics = &self.config.server_metrics;
        let interval = collector.interval.unwrap_or(metrics.interval).0;
        let timeout = collector.timeout.or(metrics.timeout);
        Some(CollectorPlan {
            name: name.to_owned(),
            plugin,
            interval,
            timeout: timeout.map_or(interval.min(MAX_DEFAULT_TIMEOUT), |timeout| timeout.0),
            on_start_error: collector.on_start_error,
            parser: collector.parser.clone(),
            options,
            labels: collector.labels.clone(),
            families: families(
                collector.include.as_ref().unwrap_or(&metrics.include),
                collector.exclude.as_ref().unwrap_or(&metrics.exclude),
            ),
            tls,
            proxies: proxies.clone(),
            follow_redirects: collector
                .follow_redirects
                .unwrap_or(metrics.follow_redirects),
        })
    }

    /// Labels have names that people can see.
    fn check_labels(&mut self, name: &str, collector: &CollectorConfig) {
        for label in collector.labels.keys() {
            if label.is_empty() || printable(label) != label.as_str() {
                let help = "use letters, digits and `_`, as in `role`".to_owned();
                let path = ["collectors", name, "labels", label.as_str()];
                self.wrong(&path, "is no name for a label", Some(help));
            }
        }
    }

    /// True if the plugin can look for endpoints by itself.
    fn searches(&self, plugin: &str) -> bool {
        let schema = self.context.catalog.schema(PluginKind::Collector, plugin);
        schema.is_some_and(|schema| schema.pointer("/properties/auto").is_some())
    }

    /// True if the collector has nothing to read but what it finds by itself.
    fn only_searches(&self, name: &str, collector: &CollectorConfig) -> bool {
        let plugin = collector.plugin.as_deref().unwrap_or(name);
        collector.options.is_empty() && self.searches(plugin)
    }

    /// `[server_metrics]` says for all collectors whether endpoints are looked for.
    fn search_options(&self, plugin: &str) -> Node {
        let metrics = &self.config.server_metrics;
        let wanted = metrics.enabled && metrics.auto;
        if wanted || !self.searches(plugin) {
            return Node::table(None);
        }
        Node::from_json(&serde_json::json!({ "auto": false }), None)
    }

    pub(super) fn parsers(&mut self) -> Vec<ParserPlan> {
        let config = self.config;
        let plans = config.parsers.iter().filter_map(|(name, parser)| {
            let kind = PluginKind::Parser;
            let plugin = self.plugin_id(kind, name, parser.plugin.as_deref())?;
            let options = self.options(kind, name, &plugin, Node::table(None))?;
            Some(ParserPlan {
                name: name.clone(),
                plugin,
                options,
            })
        });
        plans.collect()
    }

    /// A flag that switches off what does not exist is a mistyped one; a file may keep the table of a
    /// plugin that is not installed here.
    fn check_switched_off(&mut self) {
        let config = self.config;
        let kind = PluginKind::Exporter;
        for (name, exporter) in &config.exporters {
            let origin = self.origin(&[table_of(kind), name, "enabled"]);
            let by_flag = origin.is_some_and(|origin| self.sources.is_flag(&origin));
            if by_flag && !exporter.enabled {
                self.plugin_id(kind, name, exporter.plugin.as_deref());
            }
        }
    }

    pub(super) fn exporters(&mut self, tls: &Tls, proxies: &Proxies) -> Vec<ExporterPlan> {
        self.check_switched_off();
        let config = self.config;
        let enabled = config
            .exporters
            .iter()
            .filter(|(_, exporter)| exporter.enabled);
        let plans = enabled.filter_map(|(name, exporter)| {
            let kind = PluginKind::Exporter;
            let plugin = self.plugin_id(kind, name, exporter.plugin.as_deref())?;
            let options = self.options(kind, name, &plugin, Node::table(None))?;
            Some(ExporterPlan {
                name: name.clone(),
                plugin,
                on_start_error: exporter.on_start_error,
                spill_limit: exporter.spill_limit.0,
                finish_timeout: exporter.finish_timeout.0,
                options,
                tls: tls.clone(),
                proxies: proxies.clone(),
            })
        });
        plans.collect()
    }

    /// Options of an instance over `base`, checked by the plugin's schema and by the plugin.
    fn options(&mut self, kind: PluginKind, name: &str, id: &str, base: Node) -> Option<Json> {
        let mut options = base;
        if let Some(written) = self.root.get(&[table_of(kind), name, "options"]) {
            options.merge(written.clone());
        }
        let schema = self
            .context
            .catalog
            .schema(kind, id)
            .unwrap_or(Json::Bool(true));
        let found_before = self.problems.len();
        let is_known = !options.has_unset();
        let mut checker = Checker {
            schema: &schema,
            sources: &mut self.sources,
            problems: &mut self.problems,
            secrets: &mut self.secrets,
        };
        checker.check(
            &mut options,
            &format!("{}.options", join(table_of(kind), name)),
        );
        let json = options.to_json();
        self.options.insert((kind, name.to_owned()), options);
        if is_known && self.problems.len() == found_before {
            self.validate(kind, name, id, &json);
        }
        (self.problems.len() == found_before).then_some(json)
    }

    fn validate(&mut self, kind: PluginKind, name: &str, id: &str, options: &Json) {
        let errors = self.context.catalog.validate(kind, id, options);
        if errors.is_empty() {
            return;
        }
        let document = Document {
            sources: self.sources.clone().into(),
            root: self.root.clone(),
            options: self.options.clone(),
            secrets: self.secrets.clone(),
        };
        let problems = errors
            .iter()
            .map(|error| document.option_problem(kind, name, error));
        self.problems.extend(problems);
    }

    /// `[server_metrics]` as options of the instance that it is about. The values keep their
    /// places, so that an error about one points at what the user wrote.
    fn server_metrics_options(&self) -> Node {
        let metrics = &self.config.server_metrics;
        let option = |name: &str, path: [&str; 2], default: Json| {
            let entry = self
                .root
                .get(&path[..1])
                .and_then(|table| table.as_table()?.get(path[1]));
            let entry = entry.cloned().unwrap_or_else(|| Entry {
                key: None,
                node: Node::from_json(&default, None),
            });
            (name.to_owned(), entry)
        };
        let url = self.config.endpoint.url.as_str();
        let more = self.config.endpoint.urls.as_slice();
        let defaults = metrics.default_endpoints.as_slice();
        // A collector that looks at one server only can do without.
        let more = (!more.is_empty())
            .then(|| option("more_inference_urls", ["endpoint", "urls"], more.into()));
        let mut table = Table::from([
            option("inference_url", ["endpoint", "url"], url.into()),
            option("auto", ["server_metrics", "auto"], metrics.auto.into()),
            option(
                "default_endpoints",
                ["server_metrics", "default_endpoints"],
                defaults.into(),
            ),
            option(
                "urls",
                ["server_metrics", "urls"],
                metrics.urls.as_slice().into(),
            ),
        ]);
        table.extend(more);
        Node::new(Value::Table(table), None)
    }

    fn is_sound(&self) -> bool {
        !self.problems.iter().any(Problem::is_error)
    }
}
