//! `docs/config.md` is made from the schema, the flags and the variables. `UPDATE_EXPECT=1` writes
//! it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use aiperf_core::config::schema::json_schema;
use serde_json::Value;

use super::super::env::VARIABLES;
use super::*;
use crate::schema;

const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/config.md");

const INTRODUCTION: &str = "\
# Configuration

<!-- Made from the schema by a test of core/cli; to write it again: UPDATE_EXPECT=1 cargo test -p aiperf -->

`aiperf` reads, each over the ones before: its defaults, `./aiperf.toml` if it is there, the file
named by `AIPERF_CONFIG`, the files named by `--config` in order, `AIPERF_*` variables, flags.
Tables are joined by name, lists are replaced. `aiperf.toml.example` has every option at its
default. The resolved configuration of a run is written to its artifact folder.

* Durations are a number with a unit (`ns`, `us`, `ms`, `s`, `m`, `h`), such as `\"500ms\"` or
  `\"1m 30s\"`. Flags and variables may leave out the unit of seconds.
* `${NAME}` and `${NAME:-default}` in strings of files stand for environment variables; a literal
  `${` is `$${`. A string that stands for a number or for true and false is taken as such.
* `${file:/run/secrets/key}` stands for what a file holds, without the line break at its end; the path is
  seen from the current folder.
* Secrets, and values of headers, are never shown or written: what came from `${NAME}` or `${file:PATH}` is
  written as that, anything else as `***`. They are also taken out of what servers and plugins say
  (`docs/decisions/0009-secrets.md`).
* All errors are told at once, each with file, line and caret.

| Command | What it does |
|---|---|
| `aiperf config check [FILES]` | Checks files as runs would read them, without running anything; exit code 7 if there are errors. `--no-environment`, `--no-plugins`: where neither variables nor plugin libraries are, such as in CI. |
| `aiperf config show [--origin] [COMMAND FLAGS]` | Shows what a run would have, each value with where it is from. |
| `aiperf config schema` | Prints a JSON schema, options of plugins included; `#:schema ./aiperf.schema.json` as the first line of a file tells editors. |
| `aiperf config init [PLUGIN...]` | Writes a file with every option commented out, and the tables of plugins. |
";

const RECORDED: &str = "
## Recorded runs

`aiperf report DIR` reports a recorded run again, from its pages and requests. Its exporters have the
settings that the run wrote into its `aiperf.toml` (`[exporters]` only), under those of `AIPERF_CONFIG`,
`--config` and flags.

| Flag | Meaning |
|---|---|
| `DIR` | Folder of the run; its `run.json`, if runs share a folder. |
| `--format NAMES` | Exporters to use, with commas between. Default: `console`; with a folder all of the run. |
| `--artifact-dir DIR` | Folder for files. Without it the one format goes to standard output. The recorded run is never overwritten. |
| `--slice-duration D` | Length of slices. Default: as the run had them. |
| `--goodput LIMITS` | What a good request keeps. Default: as the run had it. |
| `--server-metrics` | Show server metrics as tables. |

Exit code 5 says that the recording is not whole: each line on standard error names what is missing and
what to do, and the report shows the rest. To be whole, a run needs its `jsonl` exporter at
`series = \"full\"`, the default.
";

#[test]
fn the_reference_is_up_to_date() {
    let expected = render();
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(PATH, &expected).unwrap();
    }
    let written = std::fs::read_to_string(PATH).unwrap_or_default();
    assert!(
        written == expected,
        "docs/config.md is out of date: run UPDATE_EXPECT=1 cargo test -p aiperf"
    );
}

fn render() -> String {
    let schema = json_schema();
    let flags = flags_by_path();
    let mut text = INTRODUCTION.to_owned();
    for (table, part) in schema["properties"].as_object().unwrap() {
        let (header, definition) = match part.get("additionalProperties") {
            Some(instance) => (format!("{table}.NAME"), instance),
            None => (table.clone(), part),
        };
        writeln!(text, "\n## `[{header}]`\n\n{}\n", prose(part)).unwrap();
        writeln!(
            text,
            "| Key | Type | Default | Flag or variable | Meaning |"
        )
        .unwrap();
        writeln!(text, "|---|---|---|---|---|").unwrap();
        let name = definition["$ref"]
            .as_str()
            .unwrap()
            .rsplit('/')
            .next()
            .unwrap();
        for (key, option) in schema["$defs"][name]["properties"].as_object().unwrap() {
            let flags = flags
                .get(&format!("{table}.{key}"))
                .cloned()
                .unwrap_or_default();
            let (kind, default) = (kind_of(schema, option), default_of(option));
            let prose = prose(option);
            writeln!(
                text,
                "| `{key}` | {kind} | {default} | {} | {prose} |",
                flags.join(", ")
            )
            .unwrap();
        }
    }
    text + RECORDED
}

fn flags_by_path() -> BTreeMap<String, Vec<String>> {
    let mut paths: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut note = |path: &str, name: &str| {
        paths
            .entry(path.to_owned())
            .or_default()
            .push(format!("`{name}`"));
    };
    let of_profile = ALL_PROFILE_FLAGS
        .iter()
        .map(|flag| [&["profile"], *flag].concat());
    let of_collect = [
        vec!["collect", "--duration", "1"],
        vec!["collect", "--once"],
    ];
    for line in of_profile.chain(of_collect) {
        for setting in flags(&line).settings() {
            // Below the name of an instance stands what is documented.
            let path = match setting.path.as_slice() {
                [table, _, key, ..] if table == "exporters" => format!("{table}.{key}"),
                path => path[..2].join("."),
            };
            note(&path, &setting.name);
        }
    }
    for variable in VARIABLES {
        note(variable.path, variable.name);
    }
    paths
}

fn prose(schema: &Value) -> String {
    let text = schema["description"].as_str().unwrap_or_default();
    text.replace('\n', " ").replace('|', "\\|")
}

fn kind_of(root: &Value, option: &Value) -> String {
    let kinds = schema::kind_of(root, option);
    let as_code = |kind: String| {
        if kind.starts_with('"') {
            format!("`{kind}`")
        } else {
            kind
        }
    };
    kinds
        .into_iter()
        .map(as_code)
        .collect::<Vec<_>>()
        .join(", ")
}

fn default_of(option: &Value) -> String {
    schema::default_of(option).map_or_else(String::new, |default| format!("`{default}`"))
}
