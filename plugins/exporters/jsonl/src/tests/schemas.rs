//! Lines as their schemas say.

use super::requests::{lines_with, request_lines};
use super::*;

fn check_schema<T: JsonSchema>(name: &str, committed: &str) {
    let settings = schemars::generate::SchemaSettings::draft2020_12().for_serialize();
    let schema = settings.into_generator().into_root_schema_for::<T>();
    let current = serde_json::to_string_pretty(&schema).unwrap() + "\n";
    if std::env::var_os("UPDATE_SCHEMAS").is_some() {
        std::fs::write(format!("{}/{name}", env!("CARGO_MANIFEST_DIR")), &current).unwrap();
        return;
    }
    assert_eq!(
        committed, current,
        "run the tests once with UPDATE_SCHEMAS=1"
    );
}

#[test]
fn the_schemas_are_current() {
    check_schema::<ScrapeLine<'static>>("schema.json", include_str!("../../schema.json"));
    check_schema::<RequestLine<'static>>(
        "requests.schema.json",
        include_str!("../../requests.schema.json"),
    );
}

fn check_line(line: &Value, schema: &str) {
    let schema: Value = serde_json::from_str(schema).unwrap();
    assert_eq!(testing::schema_problems(&schema, line), [""; 0], "{line}");
    let known = schema["properties"].as_object().unwrap();
    let mut fields = line.as_object().unwrap().keys();
    assert!(fields.all(|field| known.contains_key(field)), "{line}");
}

#[test]
fn lines_are_as_the_schemas_say() {
    let host = FakeHost::new();
    let mut exporter = begin(&host, &json!({}));
    exporter.scrape(&good()).unwrap();
    exporter.scrape(&failed()).unwrap();
    for line in host.file(SCRAPES).unwrap().lines() {
        check_line(
            &serde_json::from_str(line).unwrap(),
            include_str!("../../schema.json"),
        );
    }
    let line = request_lines(&[RequestRow::default()]).remove(0);
    check_line(&line, include_str!("../../requests.schema.json"));
    let row = RequestRow {
        ttft_ns: Some(5),
        gaps_ns: &[7],
        ..RequestRow::default()
    };
    let line = lines_with(&json!({ "level": "tokens" }), &[row]).remove(0);
    assert_eq!(line["token_times_ns"], json!([5, 12]));
    check_line(&line, include_str!("../../requests.schema.json"));
}
