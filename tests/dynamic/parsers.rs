//! Parsers that misbehave, in the run's process and in their own: each costs the pages that it reads.

use crate::beside::Beside;

const MODES: [&str; 2] = ["", "isolation = \"process\"\n"];

#[test]
fn a_fault_is_told_once() {
    for isolation in MODES {
        for (fault, said) in [
            ("panic", "panicked: it is Panic "),
            ("panic_open", "panicked: it is PanicOpen "),
        ] {
            let run = Beside::parser(isolation, fault);
            let said = format!("warning: parser mangler: {said}");
            let times = run.ran.stderr.matches(&said).count();
            assert_eq!(times, 1, "{}", run.ran.stderr);
        }
    }
}

#[test]
fn it_is_closed_and_a_panic_of_that_is_told() {
    for isolation in MODES {
        for (fault, said) in [
            ("panic_close", "panicked: it is PanicClose"),
            ("panic_drop", "panicked: it is PanicDrop"),
        ] {
            let run = Beside::parser(isolation, fault);
            // There may be one for each thread that parses.
            run.check_said(&format!(
                "warning: parser mangler: closing it failed: {said}"
            ));
        }
    }
}

#[test]
fn what_it_says_of_a_page_is_in_the_report() {
    for isolation in MODES {
        for (fault, said) in [
            ("families", "sample 1 names family 7, there are 1"),
            ("shout", "what a day what a day"),
        ] {
            let run = Beside::parser(isolation, fault);
            let message = run.own_endpoint()["first_error"]["message"].clone();
            let message = message.as_str().expect("a message");
            assert!(message.starts_with(said), "{message}");
            assert!(message.len() <= 1004, "{message}");
        }
        let run = Beside::parser(isolation, "nan");
        let report = run.report();
        let warnings = report["warnings"].as_array().expect("warnings");
        let told = |code: &str| warnings.iter().any(|warning| warning["code"] == code);
        assert!(told("non_finite_values"), "{warnings:#?}");
        let run = Beside::parser(isolation, "spans");
        assert_eq!(run.own_endpoint()["reachable"], true);
    }
}

#[test]
fn one_that_never_comes_back_is_left_behind_or_ended() {
    for fault in ["hang", "hang_at_end"] {
        let run = Beside::parser("", fault);
        run.check_said("parser");
        let run = Beside::parser(MODES[1], fault);
        let ended = "its process was ended, as it did not answer within 500ms";
        run.check_said(ended);
        assert!(
            !run.ran.stderr.contains("left behind"),
            "{}",
            run.ran.stderr
        );
    }
}

#[test]
fn one_that_waits_is_woken_at_the_end() {
    for isolation in MODES {
        let run = Beside::parser(isolation, "wait");
        assert!(
            !run.ran.stderr.contains("left behind"),
            "{}",
            run.ran.stderr
        );
    }
}
