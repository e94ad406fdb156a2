//! Widths, colours, and text from outside.

use super::*;

#[test]
fn no_width_breaks_a_line_or_a_number() {
    let report = sample_report();
    for width in 40..200 {
        let page = page(&report, width);
        for line in page.lines() {
            assert!(
                console::measure_text_width(line) <= usize::from(width),
                "{width}: {line}"
            );
        }
        let memory = page
            .lines()
            .find(|line| line.contains("│ Process Resident"));
        assert!(memory.unwrap().contains(" 157 │"), "{width}: {page}");
    }
}

#[test]
fn usual_terminals_show_all_seven_and_narrow_ones_say_what_they_do_not() {
    let has = |width: u16, text: &str| page(&sample_report(), width).contains(text);
    assert!(has(80, " std ┃") && !has(80, "no room"));
    assert!(has(60, "no room for min, p90, std"));
    assert!(has(40, " avg ┃") && has(40, " p50 ┃"));
}

#[test]
fn colour_is_the_hosts_decision_and_changes_no_text() {
    let config = SERVERS;
    let plain = render(&sample_report(), &run(100, false), &config);
    let colored = render(&sample_report(), &run(100, true), &config);
    assert!(!plain.contains('\x1b') && colored.contains('\x1b'));
    assert_eq!(console::strip_ansi_codes(&colored), plain);
}

#[test]
fn nothing_from_outside_reaches_the_terminal_as_a_command() {
    let hostile = "\x1b]0;owned\x07\r\n\u{202e}\u{9b}31m";
    let mut report = sample_report();
    report.warnings[0].message = hostile.to_owned();
    report.warnings[0].remedy = hostile.to_owned();
    report.endpoints[0].display = hostile.to_owned();
    report.endpoints[2].disabled = Some(hostile.to_owned());
    report.phases[0].name = hostile.to_owned();
    report.requests.as_mut().unwrap().errors[0].example = hostile.to_owned();
    report.llm_metrics[0].display_name = hostile.to_owned();
    report.llm_metrics[0].unit = hostile.to_owned();
    let server = &mut report.servers[0];
    server.endpoint_display = hostile.to_owned();
    server.metadata.instance = hostile.to_owned();
    server.metrics[0].key = hostile.to_owned();
    server.metrics[0].unit = hostile.to_owned();
    server.metrics[1].note = hostile.to_owned();
    for metric in &mut server.metrics[6..8] {
        metric
            .labels
            .insert(hostile.to_owned(), format!("{hostile}{}", metric.key));
    }
    report.pairs[0].display_name = hostile.to_owned();
    report.pairs[0].causes[0].message = hostile.to_owned();
    report.aggregates[0].key = hostile.to_owned();
    report.endpoints[0].last_error.as_mut().unwrap().message = hostile.to_owned();
    let page = page(&report, 100);
    let bad = |c: &char| *c != '\n' && (c.is_control() || *c == '\u{202e}');
    assert_eq!(page.chars().find(bad), None);
    assert_eq!(
        page.matches("owned").count() - page.matches("u{1b}]0;owned").count(),
        0
    );
}
