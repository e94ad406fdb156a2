//! `docs/switching.md` has every flag of the Python tool; it is made from the table that errors are made
//! from. `UPDATE_EXPECT=1` writes it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::super::switching::{Foreign, flags, instead_of};
use super::*;

const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/switching.md");

const INTRODUCTION: &str = "\
# Switching from the Python tool

<!-- Made from the table of flags by a test of core/cli; to write it again: UPDATE_EXPECT=1 cargo test -p aiperf -->

`aiperf profile` understands the flags of the Python tool of the same name (version 0.13) where it has what
they are for, under all their names. Those that are not here are errors that say what to write instead: no
flag is taken and left aside. What is different where the name is the same:

* Streams are asked for by default: `--no-streaming` for complete answers.
* Durations are seconds, as there, or have a unit: `500ms`, `2m`.
* `--concurrency` and a rate take one value: `--sweep concurrency=1,8,64` is for several.
* With a rate and conversations of several turns, `--request-rate` counts requests, as there; `--rate-of
  conversations` makes it count conversations. Turns that are due go first.
* `--concurrency` beside a rate holds requests back that are due, and reports by how much; there such a
  moment is skipped. For conversations at a rate of requests it is skipped here too, and counted.
* Users of `--user-centric-rate` wait for the answer before they ask again, as there; a user whose
  conversation is over begins another one when that has its time, so that there are never more users.
* The measured phase begins when the requests of the warm-up are done, unless `--seamless-warmup` is given.
* What the files hold is in `docs/metrics.md`, with the metrics that are left out, and why.
";

#[test]
fn every_flag_of_the_python_tool_is_understood_or_answered() {
    for flag in flags() {
        for name in &flag.names {
            let is_known = canonical(name).is_some();
            assert_eq!(
                is_known,
                flag.instead.is_none(),
                "`--{name}`: is it here? then say `there`, else what to write instead"
            );
        }
    }
}

#[test]
fn flags_that_an_answer_names_are_there() {
    for flag in flags() {
        let text = flag.instead.unwrap_or_default();
        for word in text.split([' ', '`', ',', ';', ')', '(']) {
            if let Some(name) = word.strip_prefix("--") {
                assert!(canonical(name).is_some(), "`--{name}` in: {text}");
            }
        }
    }
}

#[test]
fn a_foreign_flag_is_answered_with_what_stands_for_it() {
    let error = |flag: &str| Cli::try_parse_from(["aiperf", "profile", flag, "1"]).unwrap_err();
    let told = instead_of(&error("--search-space")).unwrap();
    assert!(
        told.starts_with("the Python tool's `--search-space` is not here: `--search"),
        "{told}"
    );
    assert_eq!(instead_of(&error("--no-such-flag")), None);
}

#[test]
fn the_page_is_up_to_date() {
    let mut page = INTRODUCTION.to_owned();
    let mut group = "";
    for flag in flags() {
        if flag.group != group {
            group = flag.group;
            write!(page, "\n## {group}\n\n| There | Here |\n|---|---|\n").unwrap();
        }
        let names: Vec<_> = flag
            .names
            .iter()
            .map(|name| format!("`--{name}`"))
            .collect();
        writeln!(page, "| {} | {} |", names.join(", "), here(&flag)).unwrap();
    }
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(PATH, &page).unwrap();
    }
    let written = std::fs::read_to_string(PATH).unwrap_or_default();
    assert!(
        written == page,
        "docs/switching.md is out of date: UPDATE_EXPECT=1 writes it"
    );
}

/// What a flag is here, for the page.
fn here(flag: &Foreign) -> String {
    if let Some(instead) = flag.instead {
        return instead.to_owned();
    }
    let name = canonical(flag.names[0]).unwrap_or_default();
    if flag.names.contains(&name.as_str()) {
        "the same".to_owned()
    } else {
        format!("the same; listed as `--{name}`")
    }
}

/// The name under which `profile` lists a flag that it understands.
fn canonical(name: &str) -> Option<String> {
    let command = Cli::command();
    let profile = command.find_subcommand("profile")?;
    let names: BTreeMap<String, String> = profile
        .get_arguments()
        .filter_map(|one| Some((one.get_long()?, one)))
        .flat_map(|(long, one)| {
            let aliases = one.get_all_aliases().unwrap_or_default();
            let all = aliases.into_iter().chain([long]).map(str::to_owned);
            all.map(|name| (name, long.to_owned())).collect::<Vec<_>>()
        })
        .collect();
    names.get(name).cloned()
}
