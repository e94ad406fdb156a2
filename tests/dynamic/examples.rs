//! The examples, in runs.

use std::fs;
use std::net::UdpSocket;
use std::process::Stdio;

use crate::context::{Context, ran};
use crate::library::example;

/// Writes a file of settings with the library of an example.
fn settings(context: &Context, name: &str, more: &str) {
    let library = example(name);
    let text = format!("[plugins.{name}]\npath = '{}'\n{more}\n", library.display());
    context.write("example.toml", &text);
}

#[test]
fn the_collector_reads_its_files() {
    let context = Context::new();
    fs::create_dir(context.path().join("pressure")).expect("a folder");
    let page = "some avg10=25.00 avg60=0.00 avg300=0.00 total=4000000\n";
    context.write("pressure/cpu", page);
    let options = "[collectors.pressure.options]\npath = \"pressure\"\nresources = [\"cpu\"]";
    settings(&context, "pressure", options);
    context.succeed(&[
        "collect",
        "--once",
        "-f",
        "example.toml",
        "--artifact-dir",
        "out",
    ]);
    let text = context.read("out/server_metrics_export.jsonl");
    assert!(text.contains("pressure_ratio"), "{text}");
    assert!(text.contains("0.25"), "{text}");
}

#[test]
fn what_a_plugin_refuses_has_a_caret_in_the_users_file() {
    let context = Context::new();
    let options = "[collectors.pressure.options]\nresources = [\"cpu\", \"io\", \"cpu\"]";
    settings(&context, "pressure", options);
    let ran = context.run(&["collect", "--once", "-f", "example.toml"]);
    assert_eq!(ran.code, Some(2));
    assert!(ran.stderr.contains("names `cpu` again"), "{}", ran.stderr);
    let lines: Vec<_> = ran.stderr.lines().collect();
    let shown = lines
        .iter()
        .position(|line| line.contains("resources = [\"cpu\""));
    let shown = shown.expect("the line of the file");
    let third = lines[shown].rfind("\"cpu\"");
    assert_eq!(lines[shown + 1].find('^'), third, "{}", ran.stderr);
}

#[test]
fn packets_pass_through_collector_and_parser() {
    let context = Context::new();
    let sender = UdpSocket::bind("127.0.0.1:0").expect("a socket");
    let free = UdpSocket::bind("127.0.0.1:0").and_then(|socket| socket.local_addr());
    let address = free.expect("a free port");
    let options = format!("[collectors.influx_udp.options]\nlisten = \"{address}\"");
    settings(&context, "influx", &options);
    let args = [
        "collect",
        "--duration",
        "1s",
        "-f",
        "example.toml",
        "--artifact-dir",
        "out",
    ];
    let mut command = context.command(&args);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the binary starts");
    while child.try_wait().expect("a child").is_none() {
        // Nobody listens before the run begins.
        sender.send_to(b"power,gpu=0 watts=312.5", address).ok();
        std::thread::yield_now();
    }
    let ran = ran(child.wait_with_output().expect("its output"));
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let text = context.read("out/server_metrics_export.jsonl");
    assert!(text.contains("power_watts"), "{text}");
    assert!(text.contains("312.5"), "{text}");
}

#[test]
fn the_exporter_writes_a_database() {
    let context = Context::new();
    settings(
        &context,
        "sqlite",
        "[exporters.sqlite.options]\npath = \"run.sqlite\"",
    );
    context.succeed(&["demo", "-f", "example.toml", "--artifact-dir", "out"]);
    let bytes = fs::read(context.path().join("out/run.sqlite")).expect("the database");
    assert!(bytes.starts_with(b"SQLite format 3\0"));
    let name = b"time_to_first_token";
    assert!(bytes.windows(name.len()).any(|window| window == name));
}

#[test]
fn shown_with_options_origin_and_hash() {
    let context = Context::new();
    settings(&context, "pressure", "");
    let page = context
        .succeed(&["plugins", "show", "pressure", "-f", "example.toml"])
        .stdout;
    for part in [
        "collector pressure\n",
        "mode       poll\n",
        "SHA-256    ",
        "resources  list    [\"cpu\",\"memory\",\"io\"]  What to read.\n",
        "[collectors.pressure.options]\n",
    ] {
        assert!(page.contains(part), "{part:?} is not in\n{page}");
    }
    let json = context.succeed(&[
        "plugins",
        "show",
        "pressure",
        "-f",
        "example.toml",
        "--json",
    ]);
    let json: serde_json::Value = serde_json::from_str(&json.stdout).expect("JSON");
    assert_eq!(json[0]["built_in"], false);
    assert_eq!(json[0]["options"][1]["name"], "path");
}
