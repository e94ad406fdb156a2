//! Lines of requests.

use super::*;

pub(super) fn request_lines(rows: &[RequestRow<'_>]) -> Vec<Value> {
    lines_with(&json!({}), rows)
}

/// Lines of an exporter with these options.
pub(super) fn lines_with(options: &Value, rows: &[RequestRow<'_>]) -> Vec<Value> {
    let host = FakeHost::new();
    let mut exporter = begin(&host, options);
    let event = PhaseEvent {
        index: 1,
        name: "profiling".to_owned(),
        ..PhaseEvent::default()
    };
    exporter.phase(&event).unwrap();
    let mut block = RequestBlock::default();
    for row in rows {
        block.push(row);
    }
    exporter.requests(&block).unwrap();
    let text = host.file(REQUESTS).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn a_request_is_one_line_in_milliseconds() {
    let row = RequestRow {
        id: 7,
        phase: 1,
        worker: 2,
        status: 200,
        start_ns: 1_730_000_000_000_000_000,
        send_delay_ns: Some(12_000),
        end_ns: 151_000_000,
        sending_ns: Some(20_000),
        waiting_ns: Some(49_000_000),
        data_sent: Some(412),
        data_received: Some(903),
        socket_reads: Some(4),
        read_lag_ns: 4_000,
        chunks: 3,
        ttft_ns: Some(50_000_000),
        first_output_ns: Some(90_000_000),
        reasoning_tokens: Some(1),
        cache_write_tokens: Some(50),
        accepted_prediction_tokens: Some(51),
        rejected_prediction_tokens: Some(52),
        spec_decode_steps: Some(53),
        draft_tokens: Some(54),
        accepted_draft_tokens: Some(55),
        latency_ns: Some(150_000_000),
        prompt_tokens: Some(145),
        completion_tokens: Some(3),
        cached_tokens: Some(16),
        requested_tokens: 32,
        images: 2,
        gaps_ns: &[40_000_000, 60_000_000],
        ..RequestRow::default()
    };
    let expected = json!({
        "id": 7, "phase": "profiling", "outcome": "done", "status": 200, "worker": 2,
        "request_start_ns": 1_730_000_000_000_000_000_i64, "send_delay_ms": 0.012,
        "time_to_first_token_ms": 50.0, "request_latency_ms": 150.0,
        "request_duration_ms": 151.0,
        "sending_ms": 0.02, "waiting_ms": 49.0, "data_sent_bytes": 412,
        "data_received_bytes": 903, "socket_reads": 4,
        "inter_token_latency_ms": 50.0,
        "input_sequence_length": 145, "input_sequence_length_estimated": false,
        "output_sequence_length": 3, "output_sequence_length_estimated": false,
        "output_chunks": 3, "first_token_read_lag_ms": 0.004,
        "requested_output_tokens": 32, "num_images": 2, "cached_tokens": 16,
        "cache_write_tokens": 50, "accepted_prediction_tokens": 51, "rejected_prediction_tokens": 52, "spec_decode_steps": 53, "draft_tokens": 54, "accepted_draft_tokens": 55,
        "reasoning_tokens": 1, "time_to_first_output_token_ms": 90.0,
        "token_gaps_ms": [40.0, 60.0], "error": null,
    });
    assert_eq!(request_lines(&[row]), [expected]);
}

#[test]
fn what_the_server_did_not_count_is_marked_as_estimated() {
    let row = RequestRow {
        ttft_ns: Some(10_000_000),
        latency_ns: Some(30_000_000),
        prompt_estimate: 9,
        gaps_ns: &[20_000_000],
        ..RequestRow::default()
    };
    let line = request_lines(&[row]).remove(0);
    assert_eq!(line["input_sequence_length"], 9);
    assert_eq!(line["input_sequence_length_estimated"], true);
    assert_eq!(line["output_sequence_length"], 2);
    assert_eq!(line["output_sequence_length_estimated"], true);
    assert_eq!(line["inter_token_latency_ms"], 20.0);
}

#[test]
fn a_failed_request_says_why_and_invents_no_times() {
    let row = RequestRow {
        outcome: Outcome::Failed,
        status: 500,
        error_class: "http_500",
        error_message: "boom",
        ..RequestRow::default()
    };
    let line = request_lines(&[row]).remove(0);
    assert_eq!(
        line["error"],
        json!({ "type": "http_500", "message": "boom" })
    );
    for field in [
        "time_to_first_token_ms",
        "request_latency_ms",
        "inter_token_latency_ms",
        "cached_tokens",
    ] {
        assert_eq!(line[field], Value::Null, "{field}");
    }
    assert_eq!(line["output_sequence_length"], Value::Null);
}

#[test]
fn times_of_chunks_are_written_where_they_are_wanted() {
    let start_ns = 1_730_000_000_000_000_001;
    let row = RequestRow {
        start_ns,
        ttft_ns: Some(50),
        gaps_ns: &[40, 60],
        ..RequestRow::default()
    };
    let silent = RequestRow::default();
    let lines = lines_with(&json!({ "level": "tokens" }), &[row, silent]);
    let times = json!([start_ns + 50, start_ns + 90, start_ns + 150]);
    assert_eq!(lines[0]["token_times_ns"], times);
    assert_eq!(lines[1]["token_times_ns"], json!([]));
    assert_eq!(request_lines(&[row])[0].get("token_times_ns"), None);
}

#[test]
fn a_summary_has_no_lines() {
    let host = FakeHost::new();
    let mut exporter = begin(&host, &json!({ "level": "summary" }));
    let mut block = RequestBlock::default();
    block.push(&RequestRow::default());
    exporter.requests(&block).unwrap();
    exporter.finish(&Report::default()).unwrap();
    assert!(!host.files().contains(&REQUESTS.to_owned()));
}
