//! Nowhere to write: the run goes on, what was written is valid, and what is missing is said.

use std::process::Command;

use aiperf_sim::{Sim, SimConfig};

use super::context::{Context, ran};

fn arguments(url: &str) -> Vec<&str> {
    let all = "--request-count 400 --concurrency 8 --osl 2 --isl 4 --artifact-dir out --ui none";
    ["profile", "--url", url]
        .into_iter()
        .chain(all.split(' '))
        .collect()
}

#[test]
fn a_full_disk_costs_the_lines_that_did_not_fit() {
    let sim = Sim::start(SimConfig::default()).expect("a simulated server");
    let context = Context::new();
    let url = sim.url();
    let program = context.command(&arguments(&url));
    // 64 KiB a file, which stands for a disk that is full: both refuse the rest of a write.
    let mut command = Command::new("/bin/sh");
    command
        .args(["-c", "ulimit -f 128; exec \"$0\" \"$@\""])
        .arg(program.get_program())
        .args(program.get_args())
        .current_dir(context.path())
        .env_clear();
    let ran = ran(command.output().expect("a shell"));
    assert_eq!(ran.code, Some(5), "{}", ran.stderr);
    for file in ["profile_export.jsonl", "server_metrics_export.jsonl"] {
        assert!(ran.stderr.contains(file), "{file} in {}", ran.stderr);
        let text = context.read(&format!("out/{file}"));
        assert!(text.ends_with('\n') && text.len() <= 65_536, "{file}");
        assert!(!context.json_lines(&format!("out/{file}")).is_empty());
    }
    // A report that does not fit is not there at all, rather than cut off.
    assert!(ran.stderr.contains("aiperf.json") && !context.exists("out/aiperf.json"));
    assert!(ran.stdout.contains("400"), "{}", ran.stdout);
}

#[test]
fn a_full_standard_output_costs_the_table_only() {
    let sim = Sim::start(SimConfig::default()).expect("a simulated server");
    let context = Context::new();
    let full = std::fs::File::options().write(true).open("/dev/full");
    let ran = ran(context
        .command(&arguments(&sim.url()))
        .stdout(full.expect("a device that is always full"))
        .output()
        .expect("the binary starts"));
    assert_eq!(ran.code, Some(5), "{}", ran.stderr);
    assert!(ran.stderr.contains("standard output"), "{}", ran.stderr);
    assert_eq!(context.json("out/aiperf.json")["requests"]["done"], 400);
}

#[test]
fn a_folder_that_cannot_be_made_is_told_before_any_load() {
    let sim = Sim::start(SimConfig::default()).expect("a simulated server");
    let context = Context::new();
    context.write("out", "a file stands in the way");
    let ran = context.run(&arguments(&sim.url()));
    assert_eq!(ran.code, Some(2));
    assert!(
        ran.stderr.contains("cannot create `out`") && ran.stderr.contains("--artifact-dir"),
        "{}",
        ran.stderr
    );
    assert!(sim.stop().requests.is_empty());
}
