//! Libraries in C, compiled from `aiperf_plugin.h` alone: the example, and one with every fault.

mod faults;

use serde_json::Value;

use crate::context::{Context, Ran};
use crate::library::{c_library, faulty_in_c};

const MODES: [&str; 2] = ["", "isolation = \"process\"\n"];

/// `collect` with the faulty library and more lines.
fn collect(context: &Context, more: &str) -> Ran {
    let path = faulty_in_c(&[]).display().to_string();
    context.write("c.toml", &format!("[plugins.c]\npath = {path:?}\n{more}\n"));
    context.run(&[
        "collect",
        "--duration",
        "200ms",
        "-f",
        "c.toml",
        "--artifact-dir",
        "out",
    ])
}

/// The same with its collector and a fault.
fn with_fault(isolation: &str, fault: &str) -> (Context, Ran) {
    let context = Context::new();
    let more = format!(
        "{isolation}[collectors.bad]\nuse = \"c_faulty\"\ninterval = \"20ms\"\noptions.fault = {fault:?}\n"
    );
    let ran = collect(&context, &more);
    (context, ran)
}

fn endpoint(context: &Context, name: &str) -> Value {
    let report = context.json("out/aiperf.json");
    let endpoint = &report["server_metrics"]["endpoints"][name];
    assert!(endpoint.is_object(), "{name} is not in {report:#}");
    endpoint.clone()
}

/// The metrics of the one server of an endpoint.
fn metrics(context: &Context, name: &str) -> Value {
    let endpoint = endpoint(context, name);
    let server = endpoint["servers"]
        .as_object()
        .and_then(|all| all.values().next());
    server.expect("a server")["metrics"].clone()
}

fn example(context: &Context, more: &str) {
    let path = c_library().display().to_string();
    context.write(
        "c.toml",
        &format!("[plugins.loadavg]\npath = {path:?}\n{more}\n"),
    );
}

const ONCE: [&str; 6] = ["collect", "--once", "-f", "c.toml", "--artifact-dir", "out"];

#[test]
fn the_example_is_read_in_both_isolations() {
    for isolation in MODES {
        let context = Context::new();
        context.write("load", "0.25 0.5 4.75 1/234 5678\n");
        example(
            &context,
            &format!("{isolation}[collectors.c_loadavg]\noptions.path = \"load\"\n"),
        );
        context.succeed(&ONCE);
        let load = &metrics(&context, "c_loadavg")["node_load_window_15m"];
        assert_eq!(load["type"], "gauge", "{load:#}");
        assert_eq!(
            load["description"], "Tasks that run or wait to.",
            "{load:#}"
        );
        let text = context.read("out/server_metrics_export.jsonl");
        for value in ["0.25", "0.5", "4.75", "\"window\":\"15m\""] {
            assert!(text.contains(value), "{value} is not in {text}");
        }
    }
}

#[test]
fn its_own_settings_run() {
    let context = Context::new();
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/c-loadavg");
    std::fs::copy(c_library(), context.path().join("libloadavg.so")).expect("a copy");
    std::fs::copy(folder.join("aiperf.toml"), context.path().join("c.toml")).expect("a copy");
    context.succeed(&ONCE);
    assert!(
        context
            .read("out/server_metrics_export.jsonl")
            .contains("node_load")
    );
}

#[test]
fn its_options_are_checked_to_the_caret() {
    let context = Context::new();
    for (options, message, place) in [
        ("paht = \"load\"", "did you mean `path`?", "--> c.toml:4:1"),
        ("path = 7", "must be", "--> c.toml:4:8"),
    ] {
        example(
            &context,
            &format!("[collectors.c_loadavg.options]\n{options}"),
        );
        let ran = context.run(&ONCE);
        assert_eq!(ran.code, Some(2), "{}", ran.stderr);
        for part in [message, place] {
            assert!(ran.stderr.contains(part), "{part} is not in {}", ran.stderr);
        }
    }
    // What only the plugin knows.
    let ran = collect(&context, "[collectors.c_faulty.options]\nlimits = [1, 0]");
    assert_eq!(ran.code, Some(2), "{}", ran.stderr);
    for part in ["limits[1]`: must be more than 0", "--> c.toml:4:14"] {
        assert!(ran.stderr.contains(part), "{part} is not in {}", ran.stderr);
    }
}

#[test]
fn what_cannot_be_opened_says_why() {
    let context = Context::new();
    example(
        &context,
        "[collectors.c_loadavg]\noptions.path = \"/nowhere\"\n",
    );
    assert_eq!(context.run(&ONCE).code, Some(3), "no other source either");
    let error = &endpoint(&context, "c_loadavg")["last_error"];
    assert_eq!(
        error["message"],
        "cannot open `/nowhere`: No such file or directory"
    );
    assert_eq!(error["type"], "io", "{error:#}");
    let (_, ran) = with_fault("", "open");
    assert_eq!(ran.code, Some(1));
    assert!(
        ran.stderr
            .contains("error: collector `bad`: it does not want to"),
        "{}",
        ran.stderr
    );
}

#[test]
fn a_collector_in_c_hands_a_page_to_a_parser_in_c() {
    for isolation in MODES {
        let context = Context::new();
        let [pairs, faulty] =
            [c_library(), faulty_in_c(&[])].map(|path| path.display().to_string());
        context.write(
            "c.toml",
            &format!(
                "[plugins.a]\npath = {pairs:?}\n{isolation}[plugins.b]\npath = {faulty:?}\n{isolation}\
                 [collectors.c_faulty.options]\nfault = \"payload\"\n"
            ),
        );
        context.succeed(&ONCE);
        let metrics = metrics(&context, "c_faulty/handed");
        assert_eq!(metrics["handed_on"]["avg"], 42.0, "{metrics:#}");
        let lines = context.read("out/run.log") + &context.read("out/aiperf.json");
        assert!(lines.contains("not a name and a number"), "{lines}");
    }
}

#[test]
fn the_host_lends_clock_log_options_and_context() {
    for isolation in MODES {
        let context = Context::new();
        let more = format!(
            "{isolation}[collectors.bad]\nuse = \"c_faulty\"\ninterval = \"20ms\"\n\
             options = {{ verbose = true, limits = [4] }}\n"
        );
        let ran = collect(&context, &more);
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        let log = context.read("out/run.log");
        for line in [
            "Info collector bad: open at a time, verbose 1, text of number 0",
            "Info collector bad: context {\"name\":\"bad\"",
            "options {\"verbose\":true,\"limits\":[4]}",
            "Info collector bad: closed",
        ] {
            assert!(log.contains(line), "{line} is not in {log}");
        }
        assert_eq!(log.matches(": closed").count(), 1, "{log}");
        let calls = &metrics(&context, "bad")["c_calls"];
        assert!(calls["total"].as_f64() > Some(0.0), "{calls:#}");
    }
}

#[test]
fn several_sources_are_endpoints_of_their_own() {
    let (context, ran) = with_fault("", "sources");
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let total = |name| {
        metrics(&context, name)["c_calls"]["total"]
            .as_f64()
            .expect("a total")
    };
    assert!((total("bad/right") - 2.0 * total("bad/left")).abs() < f64::EPSILON);
    assert_eq!(
        endpoint(&context, "bad/middle")["last_error"]["message"],
        "it is lost"
    );
    // What is itself no source misses no metrics, and has no URL to be checked.
    assert!(!ran.stdout.contains("no metrics"), "{}", ran.stdout);
    assert!(!ran.stdout.contains("URL"), "{}", ran.stdout);
}

#[test]
fn older_and_newer_headers_fit() {
    let list = |path: &std::path::Path| {
        let path = path.display().to_string();
        let ran = Context::new().run(&["plugins", "check", &path]);
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        assert!(
            ran.stdout.contains("collector  c_faulty  poll  0.1.0"),
            "{}",
            ran.stdout
        );
        ran
    };
    let older = faulty_in_c(&["OLDER"]);
    list(&older);
    // A page that nobody knows is shown to all parsers: what the older one lacks, which would crash, is not
    // called.
    let context = Context::new();
    let more = "[collectors.c_faulty]\noptions.fault = \"unknown\"\n";
    let path = older.display().to_string();
    context.write("c.toml", &format!("[plugins.c]\npath = {path:?}\n{more}"));
    context.succeed(&ONCE);
    let newer = list(&faulty_in_c(&["NEWER"]));
    let warning = "warning: `delphi` is of the kind 9, which this version does not know, so that it is left out";
    assert!(newer.stderr.starts_with(warning), "{}", newer.stderr);
}

#[test]
fn shown_as_what_it_is() {
    let path = c_library().display().to_string();
    let context = Context::new();
    let page = context.succeed(&["plugins", "check", &path]).stdout;
    for part in [
        "\nSDK        none\n",
        "\nboundary   aiperf_plugin.h, revision 1, here 1\n",
        "\npanics     none in C; a crash ends the run, or its own process\n",
        "\ncollector  c_loadavg  poll  0.1.0    Load averages of this machine.",
        "\nparser     c_pairs          0.1.0    Lines of a name and a value.",
        "\nisolation = \"process\"\n",
    ] {
        assert!(page.contains(part), "{part:?} is not in\n{page}");
    }
    example(&context, "");
    let page = context
        .succeed(&["plugins", "show", "c_loadavg", "-f", "c.toml"])
        .stdout;
    for part in [
        "C header",
        "path    string  \"/proc/loadavg\"  File to read.",
        "[collectors.c_loadavg.options]\n",
    ] {
        assert!(page.contains(part), "{part:?} is not in\n{page}");
    }
    let header = context.succeed(&["plugins", "header"]).stdout;
    assert_eq!(header, include_str!("../../plugin-sdk/c/aiperf_plugin.h"));
}
