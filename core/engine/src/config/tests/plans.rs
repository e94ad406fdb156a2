//! What settings become.

use std::path::PathBuf;
use std::time::Duration;

use super::*;
use crate::config::schema::{Config, OnStartError, json_schema};
use crate::load::{EndpointKind, PhaseKind, TokenCount};
use crate::store::{Families, Pattern};

fn variable(name: &str, path: &str, text: &str) -> Setting {
    Setting::variable(name, path, SettingValue::Text(text.to_owned()))
}

#[test]
fn an_empty_configuration_is_a_useful_run() {
    let plan = plan("");
    let load = plan.load.as_ref().unwrap();
    assert_eq!(load.model, None);
    let load = load.with_model("m");
    assert_eq!(load.model, "m");
    assert_eq!(load.endpoint, EndpointKind::Chat);
    assert!(load.streaming && load.kernel_stamps);
    assert_eq!(
        load.input_tokens,
        TokenCount {
            mean: 550.0,
            stddev: 0.0
        }
    );
    assert_eq!(load.output_tokens, None);
    assert_eq!((load.threads, load.random_seed), (1, 42));
    assert_eq!(load.check(), Ok(()));
    let [phase] = load.phases.as_slice() else {
        panic!("one phase: {:?}", load.phases)
    };
    assert_eq!(phase.stop.request_count, Some(10));
    assert_eq!(phase.stop.duration, None);
    assert!(plan.warnings.is_empty(), "{}", plan.warnings);
}

#[test]
fn the_server_metrics_are_one_collector() {
    let plan = plan("[server_metrics]\nurls = [\"http://a/m\"]\ninterval = \"2s\"\n");
    let [collector] = plan.collectors.as_slice() else {
        panic!("{:?}", plan.collectors)
    };
    assert_eq!(
        (collector.name.as_str(), collector.plugin.as_str()),
        ("server_metrics", "pages")
    );
    assert_eq!(collector.interval, Duration::from_secs(2));
    assert_eq!(collector.timeout, Duration::from_secs(2));
    assert_eq!(collector.on_start_error, OnStartError::Error);
    let expected = json!({
        "inference_url": "http://localhost:8000",
        "auto": true,
        "default_endpoints":
            ["localhost:8081/metrics", "localhost:7777/metrics", "localhost:2379/metrics"],
        "urls": ["http://a/m"],
    });
    assert_eq!(collector.options, expected);
}

#[test]
fn server_metrics_can_be_switched_off() {
    let text = "[server_metrics]\nenabled = false\n[collectors.gpu]\ninterval = \"10s\"\n";
    let plan = plan(text);
    let names: Vec<_> = plan
        .collectors
        .iter()
        .map(|collector| collector.name.as_str())
        .collect();
    assert_eq!(names, ["gpu"]);
    assert_eq!(plan.collectors[0].timeout, Duration::from_secs(5));
}

#[test]
fn collecting_nothing_is_an_error() {
    let mut layers = layers();
    layers.add_file(file("a.toml", "[server_metrics]\nenabled = false\n"));
    let errors = resolve_as(Command::Collect, layers).unwrap_err();
    assert_eq!(errors.len(), 1);
    assert!(
        errors.to_string().contains("nothing to collect"),
        "{errors}"
    );
}

#[test]
fn collecting_asks_for_nothing_that_only_load_needs() {
    let mut layers = layers();
    layers.add_file(file("a.toml", "[endpoint]\napi_key_env = \"NOT_SET\"\n"));
    assert!(resolve_as(Command::Collect, layers).unwrap().load.is_none());
    let errors = resolve("[endpoint]\napi_key_env = \"NOT_SET\"\n").unwrap_err();
    assert!(
        errors.to_string().contains("`NOT_SET`, which is not set"),
        "{errors}"
    );
}

#[test]
fn count_duration_and_warmup_make_the_phases() {
    let stop = |text: &str| {
        let plan = plan(text);
        let load = plan.load.unwrap();
        let phases = &load.without_model().phases;
        let last = phases.last().unwrap();
        assert_eq!(last.kind, PhaseKind::Profiling);
        (
            phases.len(),
            last.stop.request_count,
            last.stop.duration.map(|d| d.as_secs()),
        )
    };
    assert_eq!(stop("[load]\nconcurrency = 64\n"), (1, Some(128), None));
    assert_eq!(
        stop("[load]\nbenchmark_duration = \"30s\"\n"),
        (1, None, Some(30))
    );
    let both = "[load]\nbenchmark_duration = \"1m\"\nrequest_count = 5\nwarmup_request_count = 2\n";
    assert_eq!(stop(both), (2, Some(5), Some(60)));
}

#[test]
fn later_layers_win_and_say_so() {
    let mut layers = layers();
    layers.add_file(file("aiperf.toml", "[load]\nconcurrency = 2\nisl = 10\n"));
    layers.add_file(file("b.toml", "[load]\nconcurrency = 3\nosl = 5\n"));
    layers.add(&variable(
        "AIPERF_INTERVAL",
        "server_metrics.interval",
        "1.5",
    ));
    layers.add(&flag("--concurrency", "load.concurrency", "4"));
    layers.add(&flag("--server-metrics", "server_metrics.auto", "false"));
    let plan = resolve_as(Command::Profile, layers).unwrap();
    let load = plan.load.as_ref().unwrap().without_model();
    assert_eq!(load.max_in_flight(), Some(4));
    assert_eq!(
        (load.input_tokens.mean, load.output_tokens.unwrap().mean),
        (10.0, 5.0)
    );
    assert_eq!(plan.collectors[0].interval, Duration::from_millis(1500));
    let place = |path| {
        plan.locate(PluginKind::Collector, "server_metrics", path)
            .to_string()
    };
    assert_eq!(place("auto"), "--server-metrics");
    assert_eq!(place("bearer"), "defaults.toml");
}

#[test]
fn options_are_located_in_the_file_that_wrote_them() {
    let text = "[collectors.pages.options]\nurls = [\"a\"]\ntargets = [{ url = \"b\" }]\n";
    let plan = plan(text);
    let place = |path| {
        plan.locate(PluginKind::Collector, "pages", path)
            .to_string()
    };
    assert_eq!(place("urls[0]"), "aiperf.toml:2:9");
    assert_eq!(place("targets[0].url"), "aiperf.toml:3:20");
    assert_eq!(place("targets[7].url"), "aiperf.toml:3:11");
    let error = PluginError::config("urls[0]", "no such host");
    let errors = plan.option_errors([(PluginKind::Collector, "pages", &error)]);
    let expected = "`collectors.pages.options.urls[0]`: no such host";
    assert_eq!(errors.messages().collect::<Vec<_>>(), [expected]);
}

#[test]
fn variables_fill_numbers_as_well_as_texts() {
    let text = "[load]\nconcurrency = \"${N}\"\n[endpoint]\nmodel = \"m-${N}\"\n\
                [server_metrics]\njitter = \"${J:-false}\"\n";
    let plan = plan(text);
    let load = plan.load.unwrap();
    assert_eq!(load.without_model().max_in_flight(), Some(7));
    assert_eq!(load.model.as_deref(), Some("m-7"));
    assert!(!plan.jitter);
}

#[test]
fn the_later_of_key_and_key_variable_holds() {
    let key = |text: &str, setting: &Setting| {
        let mut layers = layers();
        layers.add_file(file("a.toml", text));
        layers.add(setting);
        let plan = resolve_as(Command::Profile, layers).unwrap();
        let load = plan.load.unwrap();
        load.without_model()
            .api_key
            .as_ref()
            .unwrap()
            .expose()
            .to_owned()
    };
    let by_name = flag("--api-key-env", "endpoint.api_key_env", "KEY");
    assert_eq!(key("[endpoint]\napi_key = \"old\"\n", &by_name), "sk-1");
    let direct = flag("--api-key", "endpoint.api_key", "new");
    assert_eq!(key("[endpoint]\napi_key_env = \"KEY\"\n", &direct), "new");
}

#[test]
fn implicit_files_load_no_code() {
    let mut layers = layers();
    let text = "[plugins.acme]\npath = \"libacme.so\"\n";
    layers.add_file(ConfigFile {
        name: "aiperf.toml",
        text,
        trust: Trust::Implicit,
    });
    let errors = resolve_as(Command::Profile, layers).unwrap_err();
    let messages: Vec<_> = errors.messages().collect();
    assert_eq!(
        messages,
        ["`aiperf.toml` may not load code: nobody named it"]
    );
}

#[test]
fn too_few_requests_are_a_warning() {
    let plan = plan("[load]\nconcurrency = 8\nrequest_count = 4\n");
    let warnings: Vec<_> = plan.warnings.messages().collect();
    assert_eq!(
        warnings,
        ["4 requests cannot keep 8 in flight: the concurrency is not reached"]
    );
}

#[test]
fn the_written_configuration_gives_the_same_plan() {
    let text = "[endpoint]\nextra_inputs = { temperature = 0.5, stop = [\"a\", \"$${x}\"] }\n\
                [load]\nconcurrency = 3\nosl = 20\n[run]\nartifact_dir = \"out\"\n\
                [collectors.gpu]\nenabled = false\nlabels = { rack = \"r 1\" }\n\
                [collectors.pages.options]\ntargets = [{ url = \"http://a\", port = 1 }]\n";
    let first = plan(text);
    let mut layers = Layers::new(BTreeMap::new());
    let written = first.to_toml();
    layers.add_file(file("resolved.toml", &written));
    let context = Context {
        command: Command::Profile,
        catalog: &FakeCatalog,
        fresh_seed: 7,
    };
    let second = layers
        .resolve(&context)
        .unwrap_or_else(|errors| panic!("{errors}"));
    assert_eq!(second.to_toml(), written);
    assert_eq!(second.random_seed, 42);
    assert_eq!(second.collectors, first.collectors);
    assert_eq!(second.exporters, first.exporters);
    assert_eq!(second.artifacts.dir, Some(PathBuf::from("out")));
    let extra = |plan: RunPlan| plan.load.unwrap().without_model().extra_inputs.clone();
    assert_eq!(extra(second), extra(first));
}

#[test]
fn secrets_are_written_as_the_variable_or_not_at_all() {
    let text = "[endpoint]\nurl = \"http://u:pw@host\"\napi_key = \"sk-9\"\n\
                headers = { Authorization = \"Basic abc\", X-Token = \"${TOKEN}\", X-A = \"hdr-7\" }\n\
                [collectors.pages.options]\nbearer = \"tok-9\"\n";
    let plan = plan(text);
    let written = plan.to_toml();
    for secret in ["pw@", "sk-9", "abc", "tok-1", "tok-9", "hdr-7"] {
        assert!(!written.contains(secret), "{secret} in:\n{written}");
        assert!(
            !format!("{plan:?}").contains(secret),
            "{secret} in debug output"
        );
    }
    for kept in [
        "http://***@host",
        "X-Token = \"${TOKEN}\"",
        "X-A = \"***\"",
        "bearer = \"***\"",
    ] {
        assert!(written.contains(kept), "{kept} not in:\n{written}");
    }
}

#[test]
fn defaults_pass_their_own_schema() {
    let defaults = serde_json::to_value(Config::default()).unwrap();
    let fields = defaults.as_object().unwrap();
    let known = json_schema()["properties"].as_object().unwrap().clone();
    assert!(fields.keys().eq(known.keys()), "{fields:?}");
    assert_eq!(
        serde_json::from_value::<Config>(defaults).unwrap(),
        Config::default()
    );
}

#[test]
fn pairs_and_aggregates_of_the_user_are_known() {
    use crate::knowledge::{How, Quantity};

    let plan = plan(
        "[pairs.acme]\nquantity = \"request_count\"\nfamilies = [\"acme_done_total\"]\n\
         [aggregates.power]\nfamilies = [\"acme_*_watts\"]\ncombine = \"sum\"\n",
    );
    let how = plan.knowledge.how(&[], "acme_gpu_watts");
    assert_eq!(how, Some(How::Sum));
    let software = plan.knowledge.software().last().unwrap();
    assert_eq!(software.name, "acme");
    assert_eq!(software.pairs[0].quantity, Quantity::RequestCount);
    // The settle rule waits for nothing that was not measured.
    assert_eq!(plan.knowledge.settled_by("acme_done_total"), None);
}

#[test]
fn derived_numbers_of_the_user_are_known() {
    use crate::knowledge::{Amount, Quantity};

    let plan = plan(
        "[derived.acme]\nfamilies = [\"acme_watts\"]\nread = \"integral\"\nscale = 0.5\n\
         per = \"completion_tokens\"\nunit = \"J/token\"\n",
    );
    let rule = &plan.knowledge.software().last().unwrap().derived[0];
    assert_eq!((rule.name.as_str(), rule.title.as_str()), ("acme", "acme"));
    assert_eq!(
        (rule.read, rule.per),
        (Amount::Integral, Some(Quantity::CompletionTokens))
    );
    assert!((rule.scale - 0.5).abs() < f64::EPSILON && !rule.once_per_device);
    let errors = resolve("[derived.acme]\nfamilies = [\"a\"]\n").unwrap_err();
    assert!(errors.to_string().contains("read"), "{errors}");
}

#[test]
fn a_pair_needs_a_quantity_that_clients_know() {
    let text = "[pairs.acme]\nquantity = \"joy\"\nfamilies = []\n";
    let errors = resolve(text).unwrap_err().to_string();
    assert!(errors.contains("joy"), "{errors}");
    assert!(errors.contains("families"), "{errors}");
}

fn squeezed(text: &str) -> String {
    let words = text.split(' ').filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ")
}

#[test]
fn every_value_is_shown_with_its_origin() {
    let mut layers = layers();
    let text = "[endpoint]\napi_key = \"${KEY}\"\nheaders = { X-A = \"${TOKEN}\" }\n\n\
                [collectors.pages]\noptions.targets = [{ url = \"http://u:p@a\" }]\n[exporters.console]\n";
    layers.add_file(file("team.toml", text));
    layers.add(&variable("AIPERF_MODEL", "endpoint.model", "m"));
    layers.add(&flag("--concurrency", "load.concurrency", "4"));
    let shown = resolve_as(Command::Profile, layers).unwrap().show(true);
    for line in [
        "url = \"http://localhost:8000\"  # default",
        "api_key = \"${KEY}\"             # team.toml:2",
        "model = \"m\"                    # env AIPERF_MODEL",
        "[endpoint.headers]\nX-A = \"${TOKEN}\"  # team.toml:3",
        "concurrency = 4                    # --concurrency",
        "[collectors.server_metrics]\nuse = \"pages\"             # default",
        "[collectors.pages.options]\ntargets = [{ url = \"http://***@a\" }]  # team.toml:6",
        "[exporters.console]",
    ] {
        // How wide a column is depends on the longest setting.
        assert!(
            squeezed(&shown).contains(&squeezed(line)),
            "{line} not in:\n{shown}"
        );
    }
    assert!(!shown.contains("random_seed"), "{shown}");
    let bare = plan("[load]\nrandom_seed = 3\n").show(false);
    assert!(
        bare.contains("\nrandom_seed = 3\n") && !bare.contains('#'),
        "{bare}"
    );
}

#[test]
fn a_collector_may_choose_its_own_families() {
    let text = "[server_metrics]\ninclude = [\"vllm:*\"]\nexclude = [\"*_x\"]\n\
                [collectors.gpu]\ninclude = []\n[collectors.pages]\nexclude = [\"go_*\"]\n";
    let plan = plan(text);
    let patterns = |texts: &[&str]| texts.iter().map(|text| Pattern::new(text)).collect();
    let families = |include: &[&str], exclude: &[&str]| Families {
        include: patterns(include),
        exclude: patterns(exclude),
    };
    let chosen: Vec<_> = plan.collectors.iter().map(|c| c.families.clone()).collect();
    let expected = [
        families(&["vllm:*"], &["*_x"]),
        families(&[], &["*_x"]),
        families(&["vllm:*"], &["go_*"]),
    ];
    assert_eq!(chosen, expected);
}
