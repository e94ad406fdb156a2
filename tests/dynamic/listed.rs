//! `aiperf plugins list` with libraries, in every order.

use std::fs;

use crate::context::Context;
use crate::library::{library, table};

/// The list without its header.
fn list(context: &Context, args: &[&str]) -> Vec<String> {
    let ran = context.succeed(&[&["plugins", "list"], args].concat());
    assert_eq!(ran.stderr, "");
    ran.stdout.lines().skip(1).map(str::to_owned).collect()
}

#[test]
fn loaded_plugins_are_listed_with_their_origin() {
    let context = Context::new();
    let built_in = list(&context, &[]).len();
    context.write("acme.toml", &table("acme", ""));
    let lines = list(&context, &["-f", "acme.toml"]);
    let path = library("acme").display().to_string();
    let ours: Vec<_> = lines.iter().filter(|line| line.contains(&path)).collect();
    assert_eq!(lines.len(), built_in + 5);
    assert_eq!(ours.len(), 5, "{lines:#?}");
    assert!(ours[0].starts_with("collector  acme_pages "), "{}", ours[0]);
    assert!(ours[0].contains("  0.3.0  "), "{}", ours[0]);
}

#[test]
fn the_variable_names_libraries_as_well() {
    let context = Context::new();
    context.write("acme.toml", &table("acme", ""));
    let mut command = context.command(&["plugins", "list"]);
    let output = command.env("AIPERF_CONFIG", "acme.toml").output();
    let text = String::from_utf8(output.expect("the binary starts").stdout).expect("UTF-8");
    assert!(text.contains("acme_pulse"), "{text}");
}

#[test]
fn the_order_of_loading_does_not_matter() {
    let context = Context::new();
    let tables = [
        table("acme", ""),
        table("faulty", ""),
        table("prometheus", "override = true"),
    ];
    let mut lists = Vec::new();
    for [a, b, c] in [
        [0, 1, 2],
        [0, 2, 1],
        [1, 0, 2],
        [1, 2, 0],
        [2, 0, 1],
        [2, 1, 0],
    ] {
        context.write(
            "order.toml",
            &[&*tables[a], &tables[b], &tables[c]].concat(),
        );
        lists.push(list(&context, &["-f", "order.toml"]));
    }
    lists.dedup();
    assert_eq!(lists.len(), 1, "{lists:#?}");
    let overridden = library("prometheus").display().to_string();
    let lines = lists[0].iter().filter(|line| line.contains(&overridden));
    assert_eq!(lines.count(), 1);
}

#[test]
fn paths_are_relative_to_the_file_that_names_them() {
    let context = Context::new();
    fs::create_dir_all(context.path().join("conf/lib")).expect("folders");
    let copy = context.path().join("conf/lib/libacme.so");
    fs::copy(library("acme"), copy).expect("a copy");
    context.write(
        "conf/acme.toml",
        "[plugins.acme]\npath = \"lib/libacme.so\"\n",
    );
    let lines = list(&context, &["-f", "conf/acme.toml"]);
    assert!(
        lines
            .iter()
            .any(|line| line.contains("conf/lib/libacme.so")),
        "{lines:#?}"
    );
}

#[test]
fn a_file_that_is_named_is_trusted_also_where_it_lies_by_chance() {
    let context = Context::new();
    context.write("aiperf.toml", &table("acme", ""));
    for name in ["aiperf.toml", "./aiperf.toml"] {
        let lines = list(&context, &["-f", name]);
        assert!(
            lines.iter().any(|line| line.contains("acme_pulse")),
            "{lines:#?}"
        );
    }
}
