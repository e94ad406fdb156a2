//! `aiperf plugins check`.

use serde_json::Value;

use crate::context::{Context, Ran};
use crate::library::{example, library};

fn check(path: &std::path::Path, more: &[&str]) -> Ran {
    let path = path.to_str().expect("UTF-8");
    Context::new().run(&[&["plugins", "check", path], more].concat())
}

#[test]
fn a_sound_library_is_described_and_ready_to_paste() {
    let ran = check(&example("influx"), &[]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    for part in [
        "; the same types\n",
        "\npanics     cost the plugin only\n",
        "\ncollector  influx_udp  stream  0.1.0    InfluxDB line protocol",
        "\nparser     influx              0.1.0    Lines of the InfluxDB",
        "\n[plugins.aiperf_influx]\npath = \"libaiperf_influx.so\"\nsha256 = \"",
    ] {
        assert!(
            ran.stdout.contains(part),
            "{part:?} is not in\n{}",
            ran.stdout
        );
    }
}

#[test]
fn the_same_as_json() {
    let ran = check(&example("influx"), &["--json"]);
    let json: Value = serde_json::from_str(&ran.stdout).expect("JSON");
    assert_eq!(json["loads"], true);
    assert_eq!(json["plugins"].as_array().map(Vec::len), Some(2));
    assert_eq!(json["library"]["sha256"].as_str().map(str::len), Some(64));
    let libraries = json["needs"]["libraries"].as_array().expect("a list");
    assert!(
        libraries.contains(&Value::from("libc.so.6")),
        "{libraries:?}"
    );
    let glibc = json["needs"]["glibc"].as_str().expect("a version");
    assert!(glibc.starts_with("2."), "{glibc}");
}

#[test]
fn a_plugin_with_the_id_of_a_built_in_one_is_no_success() {
    let ran = check(&library("prometheus"), &[]);
    assert_eq!(ran.code, Some(2));
    assert!(
        ran.stderr
            .contains("error: parser `prometheus` is built in"),
        "{}",
        ran.stderr
    );
    assert!(
        ran.stdout.contains("SHA-256"),
        "the rest is told all the same"
    );
}

#[test]
fn what_is_no_plugin_is_an_error() {
    let context = Context::new();
    let path = context.write("libtext.so", "text");
    for more in [&[][..], &["--json"]] {
        let ran = check(&path, more);
        assert_eq!(ran.code, Some(2));
        assert!(
            ran.stderr.contains("is not an ELF shared library"),
            "{}",
            ran.stderr
        );
        assert_eq!(
            ran.stdout.is_empty(),
            more.is_empty(),
            "JSON is told of errors as well"
        );
    }
}
