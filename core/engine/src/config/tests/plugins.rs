//! Problems with plugins and their libraries, as users see them.

use super::rendered::check_file;
use super::*;

#[test]
fn libraries_that_nobody_loaded_are_refused() {
    check_file(
        "[plugins.acme]\npath = \"libacme.so\"\n[collectors.acme]\n",
        r#"
error: this program loads no plugin libraries
 --> aiperf.toml:2:8
  |
2 | path = "libacme.so"
  |        ^^^^^^^^^^^^
  |
  = help: remove `[plugins.acme]`
"#,
    );
}

#[test]
fn no_library_is_named_by_settings_with_errors() {
    let text = "[plugins.acme]\npath = \"libacme.so\"\nsha265 = \"00\"\n";
    let mut layers = layers();
    layers.add_file(file("aiperf.toml", text));
    let mut settings = layers.check();
    assert_eq!(settings.take_libraries(), []);
    let errors = settings.findings().unwrap_err();
    assert_eq!(errors.len(), 1, "{errors}");
}

#[test]
fn paths_of_libraries_are_relative_to_their_file() {
    let mut layers = layers();
    layers.add_file(file("conf/a.toml", "[plugins.a]\npath = \"lib/a.so\"\n"));
    layers.add_file(file("b.toml", "[plugins.b]\npath = \"/lib/b.so\"\n"));
    layers.add_file(file("/etc/c.toml", "[plugins.c]\npath = \"c.so\"\n"));
    let libraries = layers.check().take_libraries();
    let paths: Vec<_> = libraries
        .iter()
        .map(|library| library.path.display().to_string())
        .collect();
    assert_eq!(paths, ["conf/lib/a.so", "/lib/b.so", "/etc/c.so"]);
}

#[test]
fn what_a_library_may_hold_is_not_missed() {
    let text = "[plugins.acme]\npath = \"libacme.so\"\nsha265 = \"00\"\n\
                [load]\nconcurrency = 0\n[collectors.acme]\n[exporters.csvv]\n";
    check_file(
        text,
        r#"
error: unknown key `sha265` in `[plugins.acme]`
 --> aiperf.toml:3:1
  |
3 | sha265 = "00"
  | ^^^^^^
  |
  = help: did you mean `sha256`?

error: `load.concurrency` must be at least 1
 --> aiperf.toml:5:15
  |
5 | concurrency = 0
  |               ^

warning: exporter plugin `csvv` is not looked for: plugin libraries are not loaded
 --> aiperf.toml:7:12
  |
7 | [exporters.csvv]
  |            ^^^^
  |
  = help: or do you mean `csv`?
"#,
    );
}

#[test]
fn a_library_is_loaded_although_something_else_is_wrong() {
    let text =
        "[plugins.acme]\npath = \"libacme.so\"\n[load]\nconcurrency = \"${NOPE}\"\nisl = 0\n";
    let mut layers = layers();
    layers.add_file(file("aiperf.toml", text));
    assert_eq!(layers.check().take_libraries().len(), 1);
    let text = "[plugins.acme]\npath = \"${NOPE}\"\n";
    let mut layers = self::layers();
    layers.add_file(file("aiperf.toml", text));
    assert_eq!(layers.check().take_libraries(), []);
}

#[test]
fn unknown_plugin() {
    check_file(
        "[exporters.csvv]\n[collectors.x]\nuse = \"dcgm\"\n",
        r#"
error: there is no exporter plugin `csvv`
 --> aiperf.toml:1:12
  |
1 | [exporters.csvv]
  |            ^^^^
  |
  = help: did you mean `csv`? Installed: `csv`, `console`

error: there is no collector plugin `dcgm`
 --> aiperf.toml:3:7
  |
3 | use = "dcgm"
  |       ^^^^^^
  |
  = help: installed: `pages`, `gpu`
"#,
    );
}

#[test]
fn nested_option_by_the_plugins_schema() {
    check_file(
        "[collectors.gpu.options]\nanything = 1\n\
         [collectors.pages.options]\ntargets = [{ url = \"http://a\" }, { prot = 80 }]\n",
        r#"
error: `collectors.pages.options.targets[1].url` is missing
 --> aiperf.toml:4:34
  |
4 | targets = [{ url = "http://a" }, { prot = 80 }]
  |                                  ^^^^^^^^^^^^^

error: unknown key `prot` in `[collectors.pages.options.targets[1]]`
 --> aiperf.toml:4:36
  |
4 | targets = [{ url = "http://a" }, { prot = 80 }]
  |                                    ^^^^
  |
  = help: did you mean `port`?
"#,
    );
}

#[test]
fn nested_option_by_the_plugin_itself() {
    check_file(
        "[collectors.pages]\noptions.targets = [\n  { url = \"http://a\" },\n  { url = \"nowhere\" },\n]\n",
        r#"
error: `collectors.pages.options.targets[1].url`: names no host
 --> aiperf.toml:4:11
  |
4 |   { url = "nowhere" },
  |           ^^^^^^^^^
"#,
    );
}
