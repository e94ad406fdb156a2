//! What users see when something is wrong.

use super::*;

/// Compares the whole rendered text; `expected` starts and ends with a line break.
#[track_caller]
fn check(layers: Layers, expected: &str) {
    let errors = resolve_as(Command::Profile, layers).unwrap_err();
    let rendered = errors.render(false);
    assert_eq!(format!("\n{rendered}\n"), expected, "got:\n{rendered}");
}

#[track_caller]
pub(super) fn check_file(text: &str, expected: &str) {
    let mut layers = layers();
    layers.add_file(file("aiperf.toml", text));
    check(layers, expected);
}

#[track_caller]
fn check_setting(setting: &Setting, expected: &str) {
    let mut layers = layers();
    layers.add(setting);
    check(layers, expected);
}

#[test]
fn unknown_key_names_the_nearest() {
    check_file(
        "[load]\nconcurency = 4\n",
        "
error: unknown key `concurency` in `[load]`
 --> aiperf.toml:2:1
  |
2 | concurency = 4
  | ^^^^^^^^^^
  |
  = help: did you mean `concurrency`?
",
    );
}

#[test]
fn key_in_the_wrong_place_names_its_table() {
    check_file(
        "concurrency = 4\n",
        "
error: unknown key `concurrency` at the top level
 --> aiperf.toml:1:1
  |
1 | concurrency = 4
  | ^^^^^^^^^^^
  |
  = help: `concurrency` belongs in `[load]`
",
    );
}

#[test]
fn wrong_type() {
    check_file(
        "[load]\nconcurrency = \"four\"\n",
        r#"
error: `load.concurrency` must be an integer, not a string
 --> aiperf.toml:2:15
  |
2 | concurrency = "four"
  |               ^^^^^^
"#,
    );
}

#[test]
fn bare_number_as_duration() {
    check_file(
        "[server_metrics]\ninterval = 0.5\n",
        r#"
error: `server_metrics.interval` needs a unit
 --> aiperf.toml:2:12
  |
2 | interval = 0.5
  |            ^^^
  |
  = help: write "0.5s" for seconds or "0.5ms" for milliseconds
"#,
    );
}

#[test]
fn several_errors_in_the_order_of_the_text() {
    check_file(
        "[endpoint]\nurl = \"ftp://host\"\ntype = \"chatt\"\n[load]\nisl = 0\nosl_stddev = 3\n",
        r#"
error: `endpoint.url` is not a usable URL
 --> aiperf.toml:2:7
  |
2 | url = "ftp://host"
  |       ^^^^^^^^^^^^
  |
  = help: give it as `http://host:port` or `https://host`

error: `endpoint.type` must be `chat`, `completions`, `responses`, `messages`, `embeddings`, `rankings`, `cohere-rankings`, `nim-rankings`, `hf-tei-rankings`, `huggingface-generate`, `raw` or `template`, not `chatt`
 --> aiperf.toml:3:8
  |
3 | type = "chatt"
  |        ^^^^^^^
  |
  = help: did you mean `chat`?

error: `load.isl` must be at least 1
 --> aiperf.toml:5:7
  |
5 | isl = 0
  |       ^

error: `load.osl_stddev` needs a mean
 --> aiperf.toml:6:14
  |
6 | osl_stddev = 3
  |              ^
  |
  = help: give `osl` too, the mean that it varies around
"#,
    );
}

#[test]
fn syntax_error() {
    check_file(
        "[load\nconcurrency = 4\n",
        "
error: unclosed table, expected `]`
 --> aiperf.toml:1:6
  |
1 | [load
  |      ^
",
    );
}

#[test]
fn variable() {
    let name = "AIPERF_SERVER_METRICS_COLLECTION_INTERVAL";
    let value = SettingValue::Text("often".to_owned());
    check_setting(
        &Setting::variable(name, "server_metrics.interval", value),
        r#"
error: `AIPERF_SERVER_METRICS_COLLECTION_INTERVAL` must be a duration such as "500ms": `often` is no number with a unit
 |
 | AIPERF_SERVER_METRICS_COLLECTION_INTERVAL=often
 |                                           ^^^^^
"#,
    );
}

#[test]
fn flag_below_its_minimum() {
    check_setting(
        &flag("--concurrency", "load.concurrency", "0"),
        "
error: `--concurrency` must be at least 1
 |
 | --concurrency 0
 |               ^
",
    );
}

#[test]
fn item_of_a_flag_with_several_values() {
    let urls = ["http://a/metrics", "file:///etc/passwd"].map(str::to_owned);
    let value = SettingValue::List(urls.into());
    check_setting(
        &Setting::flag("--server-metrics", "server_metrics.urls", value),
        "
error: `--server-metrics` is not a usable URL
 |
 | --server-metrics http://a/metrics file:///etc/passwd
 |                                   ^^^^^^^^^^^^^^^^^^
 |
 = help: give it as `http://host:port` or `https://host`
",
    );
}

#[test]
fn unset_variable_in_a_string() {
    check_file(
        "[endpoint.headers]\nAuthorization = \"Bearer ${NOPE}\"\n",
        r#"
error: environment variable `NOPE` is not set
 --> aiperf.toml:2:25
  |
2 | Authorization = "*******${NOPE}"
  |                         ^^^^^^^
  |
  = help: set it, or write `${NOPE:-...}` to have a value without it
"#,
    );
}

#[test]
fn secrets_are_not_shown() {
    check_file(
        "[endpoint]\napi_key = [\"sk-123\"]\nheaders.X-Api-Key = 5\n",
        r#"
error: `endpoint.api_key` must be a string, not a list
 --> aiperf.toml:2:11
  |
2 | api_key = *"******"*
  |           ^^^^^^^^^^

error: `endpoint.headers.X-Api-Key` must be a string, not an integer
 --> aiperf.toml:3:21
  |
3 | headers.X-Api-Key = *
  |                     ^
"#,
    );
    check_file(
        "[endpoint]\nurl = \"ftp://user:pass@host\"\napi_key = \"sk-\\u0007\"\n",
        r#"
error: `endpoint.url` is not a usable URL
 --> aiperf.toml:2:7
  |
2 | url = "ftp://*********@host"
  |       ^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: give it as `http://host:port` or `https://host`

error: `endpoint.api_key` gives a key that is empty or cannot be sent in a header
 --> aiperf.toml:3:11
  |
3 | api_key = "*********"
  |           ^^^^^^^^^^^
"#,
    );
    check_setting(
        &flag("--api-key", "endpoint.api_key", "sk\n1"),
        "
error: `--api-key` gives a key that is empty or cannot be sent in a header
 |
 | --api-key **
 |           ^^
",
    );
}

#[test]
fn one_variable_that_is_not_set_is_one_error() {
    check_file(
        "[collectors.pages.options]\ntargets = [{ url = \"${NOPE}\", port = \"${NOPE}\" }]\n",
        r#"
error: environment variable `NOPE` is not set
 --> aiperf.toml:2:21
  |
2 | targets = [{ url = "${NOPE}", port = "${NOPE}" }]
  |                     ^^^^^^^
  |
  = help: set it, or write `${NOPE:-...}` to have a value without it

error: environment variable `NOPE` is not set
 --> aiperf.toml:2:39
  |
2 | targets = [{ url = "${NOPE}", port = "${NOPE}" }]
  |                                       ^^^^^^^
  |
  = help: set it, or write `${NOPE:-...}` to have a value without it
"#,
    );
}

#[test]
fn without_an_environment_no_variable_is_missing() {
    let text = "[endpoint]\nurl = \"${A}\"\ntype = \"${A}\"\napi_key_env = \"B\"\n\
                request_timeout = \"${A}\"\n[load]\nconcurrency = \"${A}\"\nisl = \"${A}\"\nosl = 0\n\
                [run]\nmemory_limit = \"${A}\"\nstrict = \"${A}\"\n[plugins.a]\npath = \"${A}\"\n\
                [collectors.pages.options]\ntargets = [{ url = \"${A}\", port = \"${A}\" }]\n\
                [collectors.a]\n";
    let mut layers = Layers::without_environment();
    layers.add_file(file("aiperf.toml", text));
    let found = layers.check().examine(&FakeCatalog).unwrap_err();
    let messages: Vec<_> = found.messages().collect();
    let expected = [
        "`load.osl` must be at least 1",
        "collector plugin `a` is not looked for: plugin libraries are not loaded",
    ];
    assert_eq!((messages, found.errors()), (expected.to_vec(), 1));
    assert_eq!(found.files().collect::<Vec<_>>(), ["aiperf.toml"]);
}

#[test]
fn what_only_some_commands_need_is_examined_as_well() {
    let text = "[collect]\nonce = true\nduration = \"1s\"\n[endpoint]\napi_key_env = \"NOPE\"\n";
    let mut layers = layers();
    layers.add_file(file("aiperf.toml", text));
    let found = layers.check().examine(&FakeCatalog).unwrap_err();
    assert_eq!(found.errors(), 2, "{found}");
    let mut none = self::layers();
    none.add_file(file("aiperf.toml", "[server_metrics]\nenabled = false\n"));
    assert!(none.check().examine(&FakeCatalog).unwrap().is_empty());
}
