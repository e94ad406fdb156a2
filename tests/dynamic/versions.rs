//! Libraries built with an older, a newer, the same and another SDK, in every order of loading.

use crate::context::Context;
use crate::library::{library, table};

/// What the four are called, in `tests/plugins`.
const LIBRARIES: [&str; 4] = ["older", "acme", "newer", "other"];

/// Every order of the first `n` of them.
fn orders(n: usize) -> Vec<Vec<&'static str>> {
    let mut orders = vec![Vec::new()];
    for name in &LIBRARIES[..n] {
        let places = |order: Vec<_>| {
            (0..=order.len()).map(move |place| {
                let mut longer = order.clone();
                longer.insert(place, *name);
                longer
            })
        };
        orders = orders.into_iter().flat_map(places).collect();
    }
    orders
}

/// Tables that name the libraries in this order: tables are loaded in the order of their names.
fn tables(order: &[&str]) -> String {
    let named = order.iter().enumerate().map(|(place, name)| {
        let path = library(name).display().to_string();
        format!("[plugins.p{place}]\npath = {path:?}\n")
    });
    named.collect()
}

#[test]
fn older_same_and_newer_load_in_every_order() {
    let orders = orders(4);
    assert_eq!(orders.len(), 24);
    for order in orders {
        let context = Context::new();
        context.write("all.toml", &tables(&order));
        let ran = context.run(&["plugins", "list", "-f", "all.toml"]);
        assert_eq!(ran.code, Some(2), "{order:?}: {}", ran.stderr);
        for loaded in ["  older ", "  newer ", "acme_pulse"] {
            assert!(ran.stdout.contains(loaded), "{order:?}: {}", ran.stderr);
        }
        let lines = ran.stderr.lines();
        let errors: Vec<_> = lines.filter(|line| line.starts_with("error: ")).collect();
        assert_eq!(errors.len(), 1, "{order:?}: {}", ran.stderr);
        let other = library("other");
        assert!(
            errors[0].starts_with(&format!("error: `{}` was built", other.display()))
                && errors[0].contains("whose types differ"),
            "{}",
            errors[0]
        );
    }
}

#[test]
fn they_run_side_by_side() {
    let more = "[collectors.older]\n[collectors.newer]\n[collectors.acme_pulse]\n";
    for order in orders(3) {
        let context = Context::new();
        context.write("all.toml", &(tables(&order) + more));
        let ran = context.run(&[
            "collect",
            "--once",
            "-f",
            "all.toml",
            "--artifact-dir",
            "out",
        ]);
        assert_eq!(ran.code, Some(0), "{order:?}: {}", ran.stderr);
        let values = context.json_lines("out/server_metrics_export.jsonl");
        let value = |name: &str| {
            let mut metrics = values.iter().map(|line| &line["metrics_data"][name]);
            metrics.find_map(serde_json::Value::as_f64)
        };
        assert_eq!(value("older_asks"), Some(0.0), "its SDK cannot ask");
        assert_eq!(value("newer_asks"), Some(1.0), "its SDK can, and makes do");
        assert_eq!(value("acme_calls"), Some(2.0), "one call, two devices");
    }
}

#[test]
fn a_plugin_of_a_kind_to_come_costs_its_library_no_other() {
    let context = Context::new();
    context.write("newer.toml", &table("newer", ""));
    let ran = context.succeed(&["plugins", "list", "-f", "newer.toml"]);
    assert!(ran.stdout.contains("  newer "), "{}", ran.stdout);
    assert!(!ran.stdout.contains("delphi"), "{}", ran.stdout);
    let warning = "warning: `delphi` is of the kind `oracle`, which this version does not know; it is left out";
    assert_eq!(ran.stderr.lines().next(), Some(warning));
    let path = library("newer");
    let ran = context.succeed(&["plugins", "check", path.to_str().expect("UTF-8")]);
    assert!(
        ran.stdout.contains("; its types are newer, and fit\n"),
        "{}",
        ran.stdout
    );
    assert!(
        ran.stderr.contains("`delphi` is of the kind `oracle`"),
        "{}",
        ran.stderr
    );
    let path = library("older");
    let ran = context.succeed(&["plugins", "check", path.to_str().expect("UTF-8")]);
    assert!(
        ran.stdout.contains("; its types are older, and fit\n"),
        "{}",
        ran.stdout
    );
}
