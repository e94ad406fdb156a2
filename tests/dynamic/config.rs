//! `aiperf config` and the plugins of libraries.

use crate::context::Context;
use crate::library::table;

#[test]
fn options_of_loaded_plugins_are_checked_with_all_the_rest() {
    let context = Context::new();
    let text =
        "[load]\nconcurency = 1\n[collectors.acme_pages.options]\nurl = \"http://a\"\nurll = 1\n";
    context.write("acme.toml", &(table("acme", "") + text));
    let ran = context.run(&["config", "check", "acme.toml"]);
    assert_eq!(ran.code, Some(7), "{}", ran.stderr);
    assert_eq!(ran.stdout, "acme.toml: 2 errors\n", "{}", ran.stderr);
    assert!(ran.stderr.contains("did you mean `url`"), "{}", ran.stderr);
}

#[test]
fn without_libraries_their_plugins_are_not_looked_for() {
    let context = Context::new();
    let text =
        "[plugins.absent]\npath = \"absent.so\"\n[collectors.acme_pages.options]\nurlss = []\n";
    context.write("acme.toml", text);
    let ran = context.succeed(&["config", "check", "--no-plugins", "acme.toml"]);
    assert_eq!(ran.stdout, "acme.toml: 1 warning\n", "{}", ran.stderr);
    assert!(ran.stderr.contains("not looked for"), "{}", ran.stderr);
    let ran = context.run(&["config", "check", "acme.toml"]);
    assert_eq!(ran.stdout, "acme.toml: 1 error\n", "{}", ran.stderr);
}

#[test]
fn the_schema_and_new_files_have_the_options_of_loaded_plugins() {
    let context = Context::new();
    context.write("acme.toml", &table("acme", ""));
    let ran = context.succeed(&["config", "schema", "-f", "acme.toml"]);
    let schema: serde_json::Value = serde_json::from_str(&ran.stdout).expect("JSON");
    let options = &schema["$defs"]["collector.acme_pages"]["properties"];
    assert!(options.is_object(), "{options}");
    let line = ["config", "init", "acme_pages", "-f", "acme.toml", "-o", "-"];
    let ran = context.succeed(&line);
    let header = "\n[collectors.acme_pages.options]\n";
    assert!(ran.stdout.contains(header), "{}", ran.stdout);
}

#[test]
fn a_file_that_nobody_named_loads_no_code() {
    let context = Context::new();
    context.write("aiperf.toml", &table("acme", ""));
    let ran = context.run(&["config", "check"]);
    assert_eq!(ran.code, Some(7), "{}", ran.stderr);
    let expected = "error: `aiperf.toml` may not load code: nobody named it";
    assert!(ran.stderr.contains(expected), "{}", ran.stderr);
    // Named, it may: by a flag, by the variable, and from elsewhere.
    for named in ["aiperf.toml", "./aiperf.toml"] {
        context.succeed(&["config", "check", named]);
        context.succeed(&["config", "show", "-f", named]);
        let mut command = context.command(&["config", "check"]);
        let output = command.env("AIPERF_CONFIG", named).output();
        assert!(output.expect("the binary starts").status.success());
    }
}
