//! The APIs beside `chat` and `completions`, and what chunks can hold.

use aiperf_sim::{Faults, Outcome, Sim, SimConfig};
use serde_json::{Value, json};

use crate::client::{Client, Response, chat, fast, start};

fn post(sim: &Sim, path: &str, body: &Value) -> Response {
    let mut client = Client::connect(sim);
    client.send("POST", path, "", &body.to_string()).unwrap();
    client.response().unwrap()
}

/// Names and data of the events of a stream.
fn events(response: &Response) -> Vec<(String, Value)> {
    let events = response.body.split_terminator("\n\n").map(|event| {
        let named = event.strip_prefix("event: ");
        let (name, rest) = named.map_or(("", event), |rest| rest.split_once('\n').unwrap());
        let data = rest.strip_prefix("data: ").unwrap();
        (name.to_owned(), serde_json::from_str(data).unwrap())
    });
    events.collect()
}

fn thinking() -> Sim {
    start(SimConfig {
        reasoning_tokens: 2,
        ..fast()
    })
}

#[test]
fn responses_end_with_the_whole_answer() {
    let sim = thinking();
    let body = json!({"input": "a b", "max_output_tokens": 3, "stream": true});
    let events = events(&post(&sim, "/v1/responses", &body));
    let names: Vec<_> = events.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        names,
        [
            "response.created",
            "response.in_progress",
            "response.output_item.added",
            "response.reasoning_text.delta",
            "response.reasoning_text.delta",
            "response.output_item.added",
            "response.output_text.delta",
            "response.incomplete",
        ]
    );
    let usage = &events[7].1["response"]["usage"];
    assert_eq!(
        (&usage["input_tokens"], &usage["output_tokens"]),
        (&json!(2), &json!(3))
    );
    assert_eq!(usage["output_tokens_details"]["reasoning_tokens"], 2);
}

#[test]
fn messages_come_in_blocks() {
    let sim = thinking();
    let messages = json!([{"role": "user", "content": "a b"}]);
    let body = json!({"messages": messages, "max_tokens": 3, "stream": true});
    let events = events(&post(&sim, "/v1/messages", &body));
    let names: Vec<_> = events.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        names,
        [
            "message_start",
            "ping",
            "content_block_start",
            "content_block_delta",
            "content_block_delta",
            "content_block_stop",
            "content_block_start",
            "content_block_delta",
            "content_block_stop",
            "message_delta",
            "message_stop",
        ]
    );
    assert_eq!(events[0].1["message"]["usage"]["input_tokens"], 2);
    assert_eq!(events[9].1["delta"]["stop_reason"], "max_tokens");
    let whole = post(
        &sim,
        "/v1/messages",
        &json!({"messages": messages, "max_tokens": 3}),
    )
    .json();
    assert_eq!(whole["content"][0]["type"], "thinking");
}

#[test]
fn generate_has_an_end_mark_and_details() {
    let sim = start(fast());
    let body = json!({"inputs": "a b", "parameters": {"max_new_tokens": 2}});
    let events = events(&post(&sim, "/generate_stream", &body));
    assert_eq!(events.len(), 3);
    assert_eq!(events[2].1["details"]["generated_tokens"], 2);
    let whole = post(&sim, "/generate", &body).json();
    assert_eq!(whole["details"]["input_length"], 2);
}

#[test]
fn vectors_and_scores_are_one_an_item_and_no_tokens() {
    let sim = start(fast());
    let vectors = post(&sim, "/v1/embeddings", &json!({"input": ["a b", "c"]})).json();
    assert_eq!(vectors["data"].as_array().map(Vec::len), Some(2));
    assert_eq!(
        vectors["usage"],
        json!({"prompt_tokens": 3, "total_tokens": 3})
    );
    let body = json!({"query": "q", "documents": ["a", "b"]});
    let scores = post(&sim, "/v1/rerank", &body).json();
    assert_eq!(scores["results"].as_array().map(Vec::len), Some(2));
    let scores = post(&sim, "/rerank", &json!({"query": "q", "texts": ["a"]})).json();
    assert_eq!(scores, json!([{"index": 0, "score": 0.5}]));
    let truth = sim.stop();
    assert_eq!(
        (truth.totals.completed, truth.totals.completion_tokens),
        (3, 0)
    );
    assert_eq!(truth.totals.prompt_tokens, 3 + 3 + 2);
}

#[test]
fn a_tool_is_called_by_name_and_then_arguments() {
    let sim = start(fast());
    let extra = r#","tools":[{}],"stream":true,"max_tokens":2"#;
    let events = chat(&sim, extra).events();
    let call = |at: usize| &events[at]["choices"][0]["delta"]["tool_calls"][0]["function"];
    assert_eq!(call(1)["name"], "look_up");
    assert!(call(2)["arguments"].as_str().unwrap().starts_with(' '));
    assert_eq!(events[4]["choices"][0]["finish_reason"], "tool_calls");
}

#[test]
fn chunks_hold_several_tokens_and_say_so_if_asked() {
    let sim = start(SimConfig {
        tokens_per_chunk: 3,
        reasoning_tokens: 4,
        ..fast()
    });
    let options = r#"{"include_usage":true,"continuous_usage_stats":true}"#;
    let extra = format!(r#","stream":true,"max_tokens":8,"stream_options":{options}"#);
    let events = chat(&sim, &extra).events();
    let so_far: Vec<_> = events
        .iter()
        .map(|event| event["usage"]["completion_tokens"].as_u64())
        .collect();
    let expected = [None, Some(3), Some(4), Some(7), Some(8), Some(8), Some(8)];
    assert_eq!(so_far, expected);
    let text = events[1]["choices"][0]["delta"]["reasoning_content"].as_str();
    assert_eq!(text.unwrap().split_whitespace().count(), 3);
    let request = &sim.truth().requests[0];
    assert_eq!(
        request.token_ns[0], request.token_ns[2],
        "they leave together"
    );
}

#[test]
fn streams_break_off_with_an_error_or_without_a_word() {
    let broken = |faults| {
        let sim = start(SimConfig { faults, ..fast() });
        let response = chat(&sim, r#","stream":true,"max_tokens":8"#);
        let request = &sim.truth().requests[0];
        assert_eq!(
            (request.outcome, request.completion_tokens),
            (Outcome::Cut, 4)
        );
        events(&response).pop().unwrap().1
    };
    let error = broken(Faults {
        stream_error_every: 1,
        ..Faults::default()
    });
    assert_eq!(error["error"]["message"], "simulated error");
    let last = broken(Faults {
        end_every: 1,
        ..Faults::default()
    });
    assert!(last["choices"][0]["finish_reason"].is_null());
}
