//! `aiperf config`: check, show, schema, init.

use aiperf_plugin_sdk::testing::schema_problems;
use serde_json::Value;

use super::context::{Context, Ran};

fn schema(context: &Context, args: &[&str]) -> Value {
    let ran = context.succeed(&[&["config", "schema"], args].concat());
    assert_eq!(ran.stderr, "");
    serde_json::from_str(&ran.stdout).expect("JSON")
}

fn problems(schema: &Value, text: &str) -> Vec<String> {
    let table: toml::Table = text.parse().expect("TOML");
    let json = serde_json::to_value(table).expect("TOML without dates is JSON");
    schema_problems(schema, &json)
}

/// Runs with variables.
fn run_with(context: &Context, variables: &[(&str, &str)], args: &[&str]) -> Ran {
    let mut command = context.command(args);
    let output = command.envs(variables.iter().copied()).output();
    super::context::ran(output.expect("the binary starts"))
}

#[test]
fn check_tells_everything_that_is_wrong_with_each_file() {
    let context = Context::new();
    context.write("good.toml", "[load]\nconcurrency = 2\n");
    context.write(
        "bad.toml",
        "[load]\nconcurency = 2\n[exporters.csv.options]\npath = 1\n\
         [endpoint]\napi_key = \"${NOPE}\"\n[collect]\nonce = true\nduration = \"1s\"\n",
    );
    let ran = context.run(&["config", "check", "good.toml", "bad.toml"]);
    assert_eq!(ran.code, Some(7), "{}", ran.stderr);
    assert_eq!(ran.stdout, "good.toml: no errors\nbad.toml: 4 errors\n");
    for text in [
        "error: unknown key `concurency` in `[load]`\n --> bad.toml:2:1",
        "help: did you mean `concurrency`?",
        "error: `exporters.csv.options.path` must be a string, not an integer\n --> bad.toml:4:8",
        "error: environment variable `NOPE` is not set\n --> bad.toml:6:12",
        "error: `collect.duration` has no meaning for a single scrape",
    ] {
        assert!(ran.stderr.contains(text), "{text} not in\n{}", ran.stderr);
    }
    assert_eq!(ran.stderr.matches("^\n").count(), 4, "{}", ran.stderr);
    let ran = context.run(&["config", "check", "--no-environment", "bad.toml"]);
    assert_eq!((ran.code, &*ran.stdout), (Some(7), "bad.toml: 3 errors\n"));
    let set = run_with(&context, &[("NOPE", "x")], &["config", "check", "bad.toml"]);
    assert_eq!(set.stdout, "bad.toml: 3 errors\n");
}

/// Every value of a sweep, as if it stood where the setting does.
#[test]
fn check_looks_at_all_values_that_settings_take() {
    let context = Context::new();
    context.write(
        "sweep.toml",
        "[sweep.vary]\n\"load.concurency\" = [1, 2]\n\"load.isl\" = [9, 0, \"x\", \"y\"]\n\
         \"load.request_count\" = [1, 2]\n",
    );
    let ran = context.run(&["config", "check", "sweep.toml"]);
    assert_eq!(ran.stdout, "sweep.toml: 4 errors\n", "{}", ran.stderr);
    for text in [
        "error: unknown key `concurency` in `[load]`\n --> sweep.toml:2:1",
        "error: `load.isl` must be at least 1\n --> sweep.toml:3:18",
        "error: `load.isl` must be a number, not a string\n --> sweep.toml:3:21",
        "error: `load.isl` must be a number, not a string\n --> sweep.toml:3:26",
    ] {
        assert!(ran.stderr.contains(text), "{text} not in\n{}", ran.stderr);
    }
    context.write("sweep.toml", "[sweep.vary]\n\"load.isl\" = [9, 10]\n");
    context.succeed(&["config", "check", "sweep.toml"]);
}

#[test]
fn what_cannot_be_read_or_sent_says_why() {
    let context = Context::new();
    std::fs::write(context.path().join("latin.toml"), [b'#', 0xe9]).expect("a file");
    std::fs::create_dir(context.path().join("folder")).expect("a folder");
    context.write(
        "length.toml",
        "endpoint.headers = { Content-Length = \"5\", Transfer-Encoding = \"chunked\" }\n",
    );
    for (file, help) in [
        ("latin.toml", "it must be text, as UTF-8"),
        ("folder", "name a file in it"),
        ("length.toml", "each request has it right"),
    ] {
        let ran = context.run(&["config", "check", file]);
        assert_eq!(ran.code, Some(7), "{}", ran.stderr);
        assert!(ran.stderr.contains(help), "{}", ran.stderr);
    }
    let args = ["config", "init", "--output", "nowhere/x.toml"];
    assert_eq!(context.run(&args).code, Some(2));
    let ran = run_with(&context, &[("AIPERF_MODELL", "x")], &["config", "check"]);
    let near = "did you mean `AIPERF_MODEL`?";
    assert!(ran.stderr.contains(near), "{}", ran.stderr);
}

#[test]
fn check_reads_what_a_run_would() {
    let context = Context::new();
    let ran = context.succeed(&["config", "check"]);
    assert_eq!(ran.stdout, "defaults: no errors\n");
    context.write("aiperf.toml", "[load]\nconcurrency = 0\n");
    context.write("env.toml", "[load]\nisl = 0\n");
    context.write("team.toml", "[load]\nconcurrency = 3\n");
    let variables = [("AIPERF_CONFIG", "env.toml"), ("AIPERF_UI", "loud")];
    let ran = run_with(
        &context,
        &variables,
        &["config", "check", "-f", "team.toml"],
    );
    assert_eq!(ran.code, Some(7), "{}", ran.stderr);
    // The file that lies over the other one has mended it.
    assert_eq!(ran.stdout, "aiperf.toml + env.toml + team.toml: 2 errors\n");
    assert!(ran.stderr.contains("AIPERF_UI=loud"), "{}", ran.stderr);
    // Under both files lies the same mistake, which is told once.
    let ran = context.run(&["config", "check", "env.toml", "env.toml"]);
    assert_eq!(ran.stdout, "env.toml: 2 errors\nenv.toml: 2 errors\n");
    assert_eq!(ran.stderr.matches("error: ").count(), 2, "{}", ran.stderr);
}

#[test]
fn check_needs_neither_servers_nor_certificates() {
    let context = Context::new();
    let text = "[endpoint]\nurl = \"http://no.such.host.invalid\"\n[tls]\nca_file = \"absent.pem\"\n\
                [run]\nartifact_dir = \"out\"\n[server_metrics]\nurls = [\"http://also.invalid:1\"]\n";
    context.write("team.toml", text);
    let ran = context.succeed(&["config", "check", "team.toml"]);
    assert_eq!((&*ran.stdout, &*ran.stderr), ("team.toml: no errors\n", ""));
    let files = std::fs::read_dir(context.path()).expect("the folder");
    assert_eq!(files.count(), 1, "nothing was written");
}

#[test]
fn check_shows_no_secrets() {
    let context = Context::new();
    let text = "[endpoint]\napi_key = [\"sk-1\"]\nurl = \"ftp://u:sk-2@h\"\n\
                headers = { X = [\"sk-3\"] }\n[collectors.server_metrics.options]\nbearer_token = [\"sk-4\"]\n";
    context.write("team.toml", text);
    let ran = context.run(&["config", "check", "team.toml"]);
    assert_eq!(ran.stdout, "team.toml: 4 errors\n");
    assert!(!ran.stderr.contains("sk-"), "{}", ran.stderr);
}

#[test]
fn show_says_where_each_value_is_from() {
    let context = Context::new();
    context.write("aiperf.toml", "[load]\nconcurrency = 2\nisl = 10\n");
    context.write(
        "team.toml",
        "[endpoint]\napi_key = \"${KEY}\"\n[load]\n\nisl = 20\n[exporters.csv]\nenabled = false\n",
    );
    let variables = [("KEY", "sk-1"), ("AIPERF_MODEL", "m")];
    let line = [
        "config",
        "show",
        "--origin",
        "profile",
        "-f",
        "team.toml",
        "--osl",
        "7",
        "-H",
        "X-A: sk-2",
    ];
    let ran = run_with(&context, &variables, &line);
    assert_eq!((ran.code, &*ran.stderr), (Some(0), ""));
    let shown: Vec<_> = ran.stdout.lines().collect();
    let has = |value: &str, origin: &str| {
        let found = shown.iter().any(|line| {
            let parts = line.split_once("  # ");
            parts.is_some_and(|(v, o)| v.trim_end() == value && o == origin)
        });
        assert!(found, "{value} from {origin} not in\n{}", ran.stdout);
    };
    has("concurrency = 2", "aiperf.toml:2");
    has("isl = 20", "team.toml:5");
    has("osl = 7.0", "--osl");
    has("model = \"m\"", "env AIPERF_MODEL");
    has("api_key = \"${KEY}\"", "team.toml:2");
    has("X-A = \"***\"", "--header");
    has("streaming = true", "default");
    has("use = \"prometheus\"", "default");
    has("enabled = false", "team.toml:7");
    assert!(!ran.stdout.contains("sk-"), "{}", ran.stdout);
}

#[test]
fn what_is_shown_is_the_same_configuration() {
    let context = Context::new();
    context.write(
        "team.toml",
        "[load]\nconcurrency = 3\nbenchmark_duration = \"90s\"\n",
    );
    let ran = context.succeed(&["config", "show", "-f", "team.toml"]);
    context.write("shown.toml", &ran.stdout);
    let again = context.succeed(&["config", "show", "-f", "shown.toml"]);
    assert_eq!(again.stdout, ran.stdout);
    let collect = context.succeed(&["config", "show", "collect", "--once"]);
    assert!(collect.stdout.contains("once = true"), "{}", collect.stdout);
    let wrong = context.run(&["config", "show", "profile", "--concurrency", "0"]);
    assert_eq!((wrong.code, &*wrong.stdout), (Some(2), ""));
}

#[test]
fn the_schema_takes_what_check_takes() {
    let context = Context::new();
    let schema = schema(&context, &[]);
    let good = "[load]\nconcurrency = \"${N:-4}\"\n[exporters.csv.options]\npath = \"x\"\n\
                [exporters.json]\nuse = \"csv\"\n[exporters.json.options]\nslices_path = \"\"\n\
                [collectors.server_metrics.options]\nprefer = \"${P:-text}\"\n\
                targets = [{ url = \"http://a\", interval = \"1s\", basic = { username = \"u\" } }]\n";
    context.write("good.toml", good);
    context.succeed(&["config", "check", "good.toml"]);
    assert_eq!(problems(&schema, good), [""; 0]);
    for (bad, place) in [
        ("[load]\nconcurency = 1\n", "/load/concurency"),
        ("[load]\nconcurrency = \"four\"\n", "/load/concurrency"),
        (
            "[exporters.csv.options]\npat = 1\n",
            "/exporters/csv/options/pat",
        ),
        (
            "[exporters.json]\nuse = \"csv\"\noptions.pat = 1\n",
            "/exporters/json/options/pat",
        ),
        ("[exporters.mine]\nuse = \"csvv\"\n", "/exporters/mine/use"),
        (
            "[collectors.server_metrics.options]\nprefer = \"txt\"\n",
            "/collectors/server_metrics/options/prefer",
        ),
    ] {
        context.write("bad.toml", bad);
        let ran = context.run(&["config", "check", "bad.toml"]);
        assert_eq!(ran.code, Some(7), "{bad}");
        let found = problems(&schema, bad);
        assert!(found.iter().any(|p| p.starts_with(place)), "{bad}{found:?}");
    }
}

#[test]
fn secrets_are_marked_in_the_schema() {
    let context = Context::new();
    let schema = schema(&context, &[]);
    for path in [
        "/$defs/EndpointConfig/properties/api_key",
        "/$defs/collector.prometheus/properties/bearer_token",
        "/$defs/collector.prometheus/$defs/BasicAuth/properties/password",
        "/$defs/collector.dcgm/properties/bearer_token",
    ] {
        let option = schema.pointer(path).unwrap_or_else(|| panic!("{path}"));
        assert_eq!(option["writeOnly"], true, "{path}: {option}");
    }
}

#[test]
fn init_writes_a_file_that_is_valid_and_never_overwrites() {
    let context = Context::new();
    let ran = context.succeed(&["config", "init", "dcgm", "csv"]);
    assert_eq!(
        ran.stderr,
        "Wrote aiperf.toml; `aiperf config check` checks it\n"
    );
    let written = context.read("aiperf.toml");
    for text in [
        "#concurrency = 1",
        "\n[collectors.dcgm.options]\n",
        "\ndefault_endpoints = [",
        "\n[exporters.csv.options]\n",
    ] {
        assert!(written.contains(text), "{text} not in\n{written}");
    }
    assert_eq!(problems(&schema(&context, &[]), &written), [""; 0]);
    let checked = context.succeed(&["config", "check"]);
    assert_eq!(checked.stdout, "aiperf.toml: no errors\n");
    context.write("aiperf.toml", "# mine\n");
    let ran = context.run(&["config", "init"]);
    assert_eq!(ran.code, Some(2), "{}", ran.stderr);
    assert_eq!(ran.stderr.lines().count(), 1, "{}", ran.stderr);
    assert_eq!(context.read("aiperf.toml"), "# mine\n");
    let ran = context.succeed(&["config", "init", "--output", "-"]);
    assert_eq!(ran.stdout, include_str!("../../aiperf.toml.example"));
    let ran = context.run(&["config", "init", "dcgn", "--output", "b.toml"]);
    assert_eq!(ran.code, Some(2));
    assert!(
        ran.stderr
            .contains("there is no plugin `dcgn`; did you mean `dcgm`?"),
        "{}",
        ran.stderr
    );
    assert!(!context.exists("b.toml"));
}

/// Every built-in plugin's sample, as `init` writes it, passes `check` and the schema.
#[test]
fn init_knows_every_plugin() {
    let context = Context::new();
    let ran = context.succeed(&["plugins", "list", "--json"]);
    let plugins: Value = serde_json::from_str(&ran.stdout).expect("JSON");
    let schema = schema(&context, &[]);
    for plugin in plugins.as_array().expect("a list") {
        let id = plugin["id"].as_str().expect("an id");
        let file = format!("{}-{id}.toml", plugin["kind"]);
        let file = file.replace('"', "");
        context.succeed(&["config", "init", id, "-o", &file]);
        context.succeed(&["config", "check", &file]);
        assert_eq!(problems(&schema, &context.read(&file)), [""; 0], "{id}");
    }
}
