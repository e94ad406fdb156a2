//! Collectors of targets that misbehave when they look at answers, or name their targets again.

use aiperf_sim::{Sim, SimConfig};
use serde_json::Value;

use crate::context::{Context, Ran};
use crate::library::table;

const MODES: [&str; 2] = ["", "isolation = \"process\"\n"];

/// What came of reading the pages that a collector names.
struct Read {
    context: Context,
    ran: Ran,
    page: String,
}

impl Read {
    fn of(isolation: &str, fault: &str) -> Self {
        let sim = Sim::start(SimConfig::default()).expect("a simulated server");
        let context = Context::new();
        let page = format!("{}/metrics", sim.url());
        let more = format!(
            "{isolation}[server_metrics]\nauto = false\n\
             [collectors.bad]\nuse = \"faulty_targets\"\ninterval = \"50ms\"\ntimeout = \"1s\"\n\
             options = {{ fault = {fault:?}, url = {page:?} }}\n"
        );
        context.write("faulty.toml", &table("faulty", &more));
        // The list is asked for again after a second.
        let line = "collect --duration 2500ms -f faulty.toml --artifact-dir out";
        let ran = context.run(&line.split(' ').collect::<Vec<_>>());
        Self { context, ran, page }
    }

    fn endpoint(&self, name: &str) -> Value {
        let report = self.context.json("out/aiperf.json");
        let name = format!("{}{name}", self.page);
        let endpoint = &report["server_metrics"]["endpoints"][&name];
        assert!(endpoint.is_object(), "{name} is not in {report:#}");
        endpoint.clone()
    }

    /// The first page was read all the time, and this was said once.
    #[track_caller]
    fn check(&self, said: &str) {
        assert_eq!(self.ran.code, Some(0), "{}", self.ran.stderr);
        let endpoint = self.endpoint("?first");
        assert_eq!(endpoint["reachable"], true, "{endpoint:#}");
        assert!(
            endpoint["scrapes"]["done"].as_u64() > Some(3),
            "{endpoint:#}"
        );
        let said = format!("warning: collector bad: {said}");
        let times = self.ran.stderr.matches(&said).count();
        assert_eq!(times, 1, "{said} in {}", self.ran.stderr);
    }
}

#[test]
fn answers_are_kept_if_it_does_not_look_at_them() {
    let long = "it did not say within 1s what to do with an answer, and is not asked again";
    for isolation in MODES {
        Read::of(isolation, "panic_answer").check("panicked: it is PanicAnswer");
        Read::of(isolation, "hang_answer").check(long);
    }
    Read::of(MODES[1], "abort_answer").check("its process crashed (SIGABRT)");
}

#[test]
fn its_targets_stay_if_it_does_not_name_others() {
    for isolation in MODES {
        let run = Read::of(isolation, "panic_later");
        run.check("its targets stay as they are: panicked: it is PanicLater");
    }
    let run = Read::of(MODES[1], "abort_later");
    run.check("its process crashed (SIGABRT)");
    let run = Read::of("", "hang_later");
    run.check("it does not end: its thread is left behind");
}

#[test]
fn it_may_name_others_while_the_run_goes_on() {
    for isolation in MODES {
        let run = Read::of(isolation, "moves");
        assert_eq!(run.ran.code, Some(0), "{}", run.ran.stderr);
        for name in ["?first", "?second", "?third"] {
            let endpoint = run.endpoint(name);
            assert_eq!(endpoint["reachable"], true, "{endpoint:#}");
        }
        let gone = &run.endpoint("?first")["disabled"];
        assert_eq!(
            gone,
            "its collector names it no more",
            "{:#}",
            run.endpoint("?first")
        );
    }
}

#[test]
fn verdicts_without_end_come_to_one() {
    let run = Read::of("", "replace");
    let said = "its collector replaced the URL again and again";
    assert!(run.ran.stderr.contains(said), "{}", run.ran.stderr);
    for isolation in MODES {
        let run = Read::of(isolation, "disable");
        let said = run.ran.stderr.clone() + &run.context.read("out/aiperf.json");
        assert!(said.contains("forged"), "{said}");
        let hostile = |c: char| c != '\n' && c.is_control();
        assert!(!said.contains(hostile), "{said}");
        let run = Read::of(isolation, "pause");
        assert_eq!(run.endpoint("?first")["scrapes"]["failed"], 0);
    }
}
