//! Recordings that were cut, edited, or lack something.

use super::*;

/// The beginning of a file.
fn head(text: &str, bytes: usize) -> &str {
    text.get(..bytes).expect("ASCII there")
}

#[test]
fn a_file_cut_in_mid_line_is_reported_up_to_there() {
    let whole = recorded().copy();
    let lines = whole.json_lines(REQUESTS).len();
    let text = whole.read(REQUESTS);
    whole.write(REQUESTS, head(&text, text.len() - 40));
    let ran = report(&whole, &["--format", "json"]);
    assert_eq!(ran.code, Some(5), "{}", ran.stderr);
    let cut = json(&ran);
    let codes = codes(&cut);
    assert!(
        codes.starts_with(&["recording_cut", "recording_incomplete"]),
        "{codes:?}"
    );
    let sent = |document: &Value| {
        let phases = document["phases"].as_array().expect("phases").iter();
        phases
            .filter_map(|phase| phase["requests"]["sent"].as_u64())
            .sum::<u64>()
    };
    assert_eq!(sent(&cut), lines as u64 - 1);
    let servers = |document: &Value| document["server_metrics"].clone();
    assert_eq!(
        servers(&cut),
        servers(&recorded().context.json("out/aiperf.json"))
    );
}

#[test]
fn a_cut_line_counts_as_if_it_had_never_been_written() {
    let (cut, shorter) = (recorded().copy(), recorded().copy());
    let text = cut.read(SCRAPES);
    let end = text.trim_end().rfind('\n').expect("several lines") + 1;
    cut.write(SCRAPES, head(&text, end + 100));
    shorter.write(SCRAPES, head(&text, end));
    let reports = [&cut, &shorter].map(|context| report(context, &["--format", "json"]));
    let [cut, shorter] = reports.map(|ran| {
        assert_eq!(ran.code, Some(5), "{}", ran.stderr);
        json(&ran)
    });
    assert_eq!(codes(&cut)[0], "recording_cut");
    assert_eq!(codes(&cut)[1..], codes(&shorter)[..]);
    assert_eq!(numbers(cut), numbers(shorter));
}

#[test]
fn lines_that_were_edited_are_named_and_left_out() {
    let copy = recorded().copy();
    let text = copy.read(SCRAPES);
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    // A line that no other relies on.
    let plain = |line: &String| line.contains("\"values\":[") && !line.contains("\"series\":[");
    let at = lines.iter().position(plain).expect("such a line");
    lines[at] = lines[at].replacen("\"values\":[", "\"values\":[\"oops\",", 1);
    copy.write(SCRAPES, &(lines.join("\n") + "\n"));
    let ran = report(&copy, &[]);
    assert_eq!(ran.code, Some(5), "{}", ran.stderr);
    let said = format!("1 lines cannot be used, the first is line {}: ", at + 1);
    assert!(ran.stderr.contains(&said), "{}", ran.stderr);
    assert!(ran.stderr.contains("oops"), "{}", ran.stderr);
}

#[test]
fn what_was_not_recorded_is_missing_and_the_rest_is_there() {
    let copy = recorded().copy();
    std::fs::remove_file(copy.path().join(REQUESTS)).expect("a file");
    let ran = report(&copy, &["--format", "json"]);
    assert_eq!(ran.code, Some(5), "{}", ran.stderr);
    let document = json(&ran);
    assert_eq!(codes(&document)[0], "recording_missing");
    let original = recorded().context.json("out/aiperf.json");
    assert_eq!(document["server_metrics"], original["server_metrics"]);

    let copy = recorded().copy();
    std::fs::remove_file(copy.path().join(SCRAPES)).expect("a file");
    let document = json(&report(&copy, &["--format", "json"]));
    assert_eq!(codes(&document)[0], "recording_missing");
    assert_eq!(document["requests"], original["requests"]);
    let value = |document: &Value, name: &str| document["llm_metrics"][name]["avg"].clone();
    for name in ["time_to_first_token", "request_throughput"] {
        assert_eq!(value(&document, name), value(&original, name), "{name}");
    }
}

#[test]
fn what_is_no_recording_is_refused_on_one_line() {
    let refused = |context: &Context, said: &str| {
        let ran = report(context, &[]);
        assert_eq!(
            (ran.code, ran.stdout.as_str()),
            (Some(2), ""),
            "{}",
            ran.stderr
        );
        assert_eq!(ran.stderr.lines().count(), 1, "{}", ran.stderr);
        assert!(ran.stderr.contains(said), "{}", ran.stderr);
    };
    let copy = recorded().copy();
    let mut run = copy.json(RUN);
    run["schema_version"] = "0.9".into();
    copy.write(RUN, &run.to_string());
    refused(&copy, "version 0.9, and this aiperf reads 1.x");
    copy.write(RUN, "{}");
    refused(&copy, "it is no `run.json`");
    copy.write(RUN, "{ \"schema_version\": ");
    refused(&copy, "edited or cut");
    std::fs::remove_file(copy.path().join(RUN)).expect("a file");
    refused(&copy, "has no `run.json`");
    refused(&Context::new(), "no such file");
}
