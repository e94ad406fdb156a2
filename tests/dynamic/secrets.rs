//! A plugin that tells what it was told in confidence: nobody hears it.

use std::fs;

use aiperf_sim::{Sim, SimConfig};

use crate::context::{Context, Ran};
use crate::library::table;

const SECRET: &str = "planted-secret-1";
const ISOLATED: &str = "isolation = \"process\"";

fn run(collector: &str, exporter: &str) -> (Context, Ran) {
    let exporter = format!("[exporters.diary]\nuse = \"faulty_gossip\"\n{exporter}\n");
    run_with("", collector, &exporter)
}

fn run_with(library: &str, collector: &str, more: &str) -> (Context, Ran) {
    let sim = Sim::start(SimConfig::default()).expect("a simulated server");
    let context = Context::new();
    let text =
        format!("{library}\n[collectors.gossip]\nuse = \"faulty_gossip\"\n{collector}\n{more}");
    context.write("gossip.toml", &table("faulty", &text));
    let all = "--request-count 4 --osl 5 --artifact-dir out";
    let line = format!("profile --url {} -f gossip.toml {all}", sim.url());
    let ran = context.run(&line.split(' ').collect::<Vec<_>>());
    (context, ran)
}

#[track_caller]
fn check(context: &Context, ran: &Ran) {
    assert!(!ran.stdout.contains(SECRET), "{}", ran.stdout);
    assert!(!ran.stderr.contains(SECRET), "{}", ran.stderr);
    for entry in fs::read_dir(context.path().join("out"))
        .into_iter()
        .flatten()
    {
        let path = entry.expect("a file").path();
        let text = String::from_utf8_lossy(&fs::read(&path).expect("a file")).into_owned();
        assert!(!text.contains(SECRET), "{}: {text}", path.display());
    }
}

#[test]
fn what_a_plugin_logs_reports_and_writes_holds_no_secret() {
    let told = format!("options.confidence = {SECRET:?}");
    let (context, ran) = run(&told, &told);
    assert_eq!(ran.code, Some(5), "{}", ran.stderr);
    check(&context, &ran);
    // It was said, though nobody heard it.
    assert!(ran.stderr.contains("I know ***"), "{}", ran.stderr);
    assert!(ran.stderr.contains("enough of ***"), "{}", ran.stderr);
    let masked = "*".repeat(SECRET.len());
    let diary = context.read("out/diary.txt");
    assert_eq!(diary, format!("dear diary, {masked}, {masked}\n"));
    let report = context.read("out/aiperf.json");
    assert!(report.contains("no news of ***"), "{report}");
    assert!(report.contains("\"gossip/source of ***\""), "{report}");
    assert!(report.contains(&masked), "{report}");
}

#[test]
fn what_a_plugin_dies_of_holds_no_secret() {
    let told = format!("options.confidence = {SECRET:?}");
    let panics = format!("options = {{ confidence = {SECRET:?}, panic = true }}");
    let (context, ran) = run(&panics, &told);
    check(&context, &ran);
    for word in ["refuse", "closed"] {
        let told_more = format!("options.confidence = \"{word} {SECRET}\"");
        for (collector, exporter) in [(&told_more, &told), (&told, &told_more)] {
            let (context, ran) = run(collector, exporter);
            assert_ne!(ran.code, Some(0), "{}", ran.stderr);
            check(&context, &ran);
        }
    }
}

#[test]
fn a_plugin_in_a_process_of_its_own_is_heard_no_better() {
    let told = format!("options.confidence = {SECRET:?}");
    let panics = format!("options = {{ confidence = {SECRET:?}, panic = true }}");
    let prints = format!("options = {{ confidence = {SECRET:?}, print = true }}");
    for collector in [&told, &panics, &prints] {
        let (context, ran) = run_with(ISOLATED, collector, "");
        assert!(context.exists("out/run.log"), "{}", ran.stderr);
        check(&context, &ran);
        let log = context.read("out/run.log");
        assert!(log.contains("***"), "{log}");
    }
    let (context, _) = run_with(ISOLATED, &prints, "");
    let log = context.read("out/run.log");
    assert!(log.contains("between you and me: ***"), "{log}");
}

#[test]
fn what_is_shown_of_a_plugin_holds_no_secret() {
    let context = Context::new();
    let told =
        format!("[collectors.gossip]\nuse = \"faulty_gossip\"\noptions.confidence = {SECRET:?}\n");
    context.write("gossip.toml", &table("faulty", &told));
    for line in [
        &["plugins", "list", "-f", "gossip.toml"][..],
        &["plugins", "show", "faulty_gossip", "-f", "gossip.toml"],
        &["config", "show", "--origin", "profile", "-f", "gossip.toml"],
        &["config", "schema", "-f", "gossip.toml"],
        &["config", "check", "gossip.toml"],
    ] {
        let ran = context.run(line);
        assert_eq!(ran.code, Some(0), "{line:?}: {}", ran.stderr);
        check(&context, &ran);
    }
    // A wrong option beside it, and one of a wrong type.
    for wrong in [
        format!("options = {{ confidence = {SECRET:?}, panik = true }}"),
        format!("options = {{ confidence = [{SECRET:?}] }}"),
        format!("options = {{ confidence = {SECRET:?}, panic = {SECRET:?} }}"),
        format!("options = {SECRET:?}"),
    ] {
        let text = format!("[collectors.gossip]\nuse = \"faulty_gossip\"\n{wrong}\n");
        context.write("gossip.toml", &table("faulty", &text));
        let ran = context.run(&["config", "check", "gossip.toml"]);
        assert_eq!(ran.code, Some(7), "{wrong}: {}", ran.stderr);
        if !wrong.starts_with("options = \"") {
            check(&context, &ran);
        }
    }
}
