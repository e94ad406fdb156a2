//! `examples/configs/vendor.toml`: a run with a vendor's libraries. The other files are in
//! `tests/cli/teams.rs`.

use std::path::PathBuf;

use aiperf_sim::{Sim, SimConfig};

use crate::context::{Context, ran};
use crate::library::example;

#[test]
fn a_vendors_plugins_take_part_in_a_run() {
    let sim = Sim::start(SimConfig::default()).expect("a simulated server");
    let context = Context::new();
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../examples/configs");
    let file = |name: &str| folder.join(name).display().to_string();
    let libraries = example("sqlite");
    let libraries = libraries.parent().expect("its folder");
    let (base, vendor) = (file("base.toml"), file("vendor.toml"));
    let run = |line: &[&str]| {
        let mut command = context.command(line);
        command
            .env("PLUGINS", libraries)
            .env("SERVER_URL", sim.url());
        let ran = ran(command.output().expect("the binary starts"));
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        ran
    };
    let checked = run(&["config", "check", &base, &vendor]);
    assert_eq!(
        checked.stdout.matches(": no errors\n").count(),
        2,
        "{}",
        checked.stderr
    );
    let line = [
        "profile",
        "-f",
        &base,
        "-f",
        &vendor,
        "--artifact-dir",
        "out",
    ];
    let short = ["--request-count", "4", "--osl", "5", "--ui", "none"];
    run(&[&line[..], &short].concat());
    assert!(context.exists("out/run.sqlite"));
    let report = context.json("out/aiperf.json");
    let endpoint = &report["server_metrics"]["endpoints"]["pressure"];
    // A kernel need not tell what it waits for; then the collector is left out and named.
    assert_eq!(endpoint["collector"], "pressure", "{report:#}");
}
