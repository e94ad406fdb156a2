//! Which files there are.

use super::*;

#[test]
fn no_file_remains_if_nothing_answered() {
    let host = FakeHost::new();
    let mut exporter = begin(&host, &json!({}));
    let never = ScrapeRecord {
        schema: schema(),
        ..failed()
    };
    exporter.scrape(&never).unwrap();
    assert_eq!(host.files(), [REQUESTS, SCRAPES]);
    exporter.finish(&Report::default()).unwrap();
    assert_eq!(host.files(), [""; 0]);
}

#[test]
fn an_aborted_run_keeps_what_it_has() {
    let host = FakeHost::new();
    let mut exporter = begin(&host, &json!({}));
    exporter.scrape(&good()).unwrap();
    exporter.abort("second Ctrl-C").unwrap();
    exporter.close().unwrap();
    assert_eq!(host.files(), [SCRAPES]);
}

#[test]
fn an_empty_path_writes_no_file() {
    let host = FakeHost::new();
    let mut exporter = begin(&host, &json!({ "requests_path": "" }));
    let mut block = RequestBlock::default();
    block.push(&RequestRow::default());
    exporter.requests(&block).unwrap();
    assert_eq!(host.files(), [SCRAPES]);
}

#[test]
fn paths_that_do_not_fit_together_are_named() {
    let check = |path: &str, requests_path: &str, option: &str| {
        let options = json!({ "path": path, "requests_path": requests_path });
        let errors = builtin_factories().remove(0).validate(&options);
        let named: Vec<_> = errors
            .iter()
            .filter_map(|error| error.path.as_deref())
            .collect();
        assert_eq!(named, [option]);
    };
    check("", "", "path");
    check("a", "a", "requests_path");
}
