use std::time::Duration;

use serde_json::{Value, json};

use super::path::{endpoint_path, models_path};
use super::*;
use crate::http::{Origin, Secret, Tls};
use crate::load::failure::FailureClass;
use crate::load::plan::TokenCount;

fn plan(url: &str, endpoint: EndpointKind) -> LoadPlan {
    LoadPlan {
        endpoint,
        origin: Origin::parse(url).unwrap(),
        endpoint_path: None,
        model: "m\"1".to_owned(),
        streaming: true,
        headers: HeaderMap::new(),
        api_key: None,
        extra_inputs: serde_json::Map::new(),
        input_tokens: TokenCount {
            mean: 4.0,
            stddev: 0.0,
        },
        output_tokens: Some(TokenCount {
            mean: 4.0,
            stddev: 0.0,
        }),
        random_seed: 1,
        request_timeout: Duration::from_secs(1),
        connect_timeout: Duration::from_secs(1),
        kernel_stamps: false,
        tls: Tls::default(),
        secrets: std::sync::Arc::default(),
        phases: Vec::new(),
        threads: 1,
        both_ends: false,
    }
}

fn chat(url: &str) -> LoadPlan {
    plan(url, EndpointKind::Chat)
}

#[test]
fn a_url_in_any_form_leads_to_the_endpoint() {
    let cases = [
        ("http://h", "/v1/chat/completions", "/v1/models"),
        ("http://h/", "/v1/chat/completions", "/v1/models"),
        ("http://h/v1", "/v1/chat/completions", "/v1/models"),
        (
            "http://h/v1/chat/completions",
            "/v1/chat/completions",
            "/v1/models",
        ),
        (
            "http://h/openai",
            "/openai/v1/chat/completions",
            "/openai/v1/models",
        ),
        (
            "http://h/api/v3/",
            "/api/v3/chat/completions",
            "/api/v3/models",
        ),
        (
            "http://h/vllm",
            "/vllm/v1/chat/completions",
            "/vllm/v1/models",
        ),
        (
            "http://h/v1?key=1",
            "/v1/chat/completions?key=1",
            "/v1/models",
        ),
    ];
    for (url, endpoint, models) in cases {
        assert_eq!(endpoint_path(&chat(url)), endpoint, "{url}");
        assert_eq!(models_path(&chat(url)), models, "{url}");
    }
}

#[test]
fn completions_are_not_mistaken_for_chat_completions() {
    let path = |url| endpoint_path(&plan(url, EndpointKind::Completions));
    assert_eq!(path("http://h/v1"), "/v1/completions");
    assert_eq!(path("http://h/v1/completions"), "/v1/completions");
    assert_eq!(
        endpoint_path(&chat("http://h/v1/completions")),
        "/v1/completions/v1/chat/completions"
    );
}

#[test]
fn a_path_given_apart_is_taken_as_it_is() {
    let mut plan = chat("http://h/base");
    plan.endpoint_path = Some("/custom/chat".to_owned());
    assert_eq!(endpoint_path(&plan), "/base/custom/chat");
}

fn body(plan: &LoadPlan, prompt: &str, with_stream_options: bool) -> Value {
    let body = BodyTemplate::new(plan).fill(prompt, Some(7), with_stream_options);
    serde_json::from_slice(&body).expect("a body is valid JSON")
}

#[test]
fn a_chat_body_is_what_the_api_expects() {
    assert_eq!(
        body(&chat("http://h"), "say \"hi\"\n", true),
        json!({
            "model": "m\"1",
            "messages": [{"role": "user", "content": "say \"hi\"\n"}],
            "max_tokens": 7,
            "stream": true,
            "stream_options": {"include_usage": true},
        })
    );
}

#[test]
fn a_completions_body_without_a_stream_or_a_length() {
    let mut plan = plan("http://h", EndpointKind::Completions);
    plan.streaming = false;
    plan.output_tokens = None;
    assert_eq!(
        body(&plan, "hi", true),
        json!({"model": "m\"1", "prompt": "hi"})
    );
    assert!(!BodyTemplate::new(&plan).has_stream_options());
}

#[test]
fn extra_inputs_replace_and_add() {
    let mut plan = chat("http://h");
    let extra =
        json!({"max_tokens": 3, "ignore_eos": true, "stream_options": {"x": 1}, "min_tokens": 3});
    plan.extra_inputs = extra.as_object().cloned().unwrap();
    let body = body(&plan, "hi", false);
    assert_eq!(body["max_tokens"], 3);
    assert_eq!(body["ignore_eos"], true);
    assert_eq!(
        body["stream_options"],
        json!({"x": 1}),
        "the user's own are never dropped"
    );
    assert_eq!(body["messages"][0]["content"], "hi");
    assert!(!BodyTemplate::new(&plan).has_stream_options());
}

#[test]
fn stream_options_can_be_left_out() {
    let body = body(&chat("http://h"), "hi", false);
    assert_eq!(body.get("stream_options"), None);
    assert_eq!(body["stream"], true);
}

#[test]
fn a_request_carries_id_key_and_the_user_s_headers() {
    let mut plan = chat("http://user:pw@h:8000/v1");
    plan.api_key = Some(Secret::new("k"));
    plan.headers
        .insert("accept", HeaderValue::from_static("text/plain"));
    let request = Endpoint::new(&plan)
        .unwrap()
        .request(42, Bytes::from_static(b"{}"));
    let header = |name: &str| request.headers()[name].to_str().unwrap();
    assert_eq!(request.uri(), "/v1/chat/completions");
    assert_eq!((header("host"), header("x-request-id")), ("h:8000", "42"));
    assert_eq!(
        header("authorization"),
        "Bearer k",
        "a key wins over the URL's password"
    );
    assert_eq!(header("accept"), "text/plain");
    assert_eq!(request.headers().get_all("accept").iter().count(), 1);
}

#[test]
fn a_key_that_is_no_header_value_is_refused_without_being_shown() {
    let mut plan = chat("http://h");
    plan.api_key = Some(Secret::new("se\ncret"));
    let error = Endpoint::new(&plan).unwrap_err().to_string();
    assert!(
        error.starts_with("`api key` cannot be sent") && !error.contains("cret"),
        "{error}"
    );
}

fn read(kind: EndpointKind, json: &str) -> Result<Reply, Failure> {
    Endpoint::new(&plan("http://h", kind))
        .unwrap()
        .read(json.as_bytes())
}

fn delta(delta: &str) -> Reply {
    let chunk =
        format!(r#"{{"id":"1","choices":[{{"index":0,"delta":{delta},"finish_reason":null}}]}}"#);
    read(EndpointKind::Chat, &chunk).unwrap_or_else(|failure| panic!("{chunk}: {failure:?}"))
}

#[test]
fn a_chunk_counts_as_a_token_if_it_has_text_of_any_kind() {
    let with_text = [
        r#"{"content":"hi"}"#,
        r#"{"content":"\u00e9\n"}"#,
        r#"{"content":[{"type":"text","text":"hi"}]}"#,
        r#"{"role":"assistant","content":" "}"#,
        r#"{"content":null,"reasoning_content":"hm"}"#,
        r#"{"content":"","reasoning":"hm"}"#,
        r#"{"refusal":"no"}"#,
        r#"{"tool_calls":[{"index":0,"function":{"arguments":"{"}}]}"#,
    ];
    for chunk in with_text {
        assert!(delta(chunk).text_bytes > 0, "{chunk}");
    }
    let without_text = [
        "{}",
        "null",
        r#"{"role":"assistant"}"#,
        r#"{"role":"assistant","content":""}"#,
        r#"{"content":null,"reasoning_content":null,"tool_calls":null}"#,
        r#"{"content":"","reasoning_content":"","tool_calls":[]}"#,
        r#"{"something_new":"text"}"#,
    ];
    for chunk in without_text {
        assert_eq!(delta(chunk).text_bytes, 0, "{chunk}");
    }
}

#[test]
fn reasoning_under_both_names_counts_once() {
    assert_eq!(
        delta(r#"{"reasoning":"abc","reasoning_content":"abc"}"#).text_bytes,
        3
    );
}

#[test]
fn completions_have_their_text_in_the_choice() {
    let reply = read(
        EndpointKind::Completions,
        r#"{"choices":[{"text":"hi","index":0,"finish_reason":"length"}]}"#,
    );
    let expected = Reply {
        text_bytes: 2,
        finish: Some(FinishReason::Length),
        usage: None,
    };
    assert_eq!(reply, Ok(expected));
}

#[test]
fn a_response_in_one_piece_is_read_like_a_chunk() {
    let reply = read(
        EndpointKind::Chat,
        r#"{"object":"chat.completion","choices":[{"message":{"role":"assistant","content":"hi"},
            "finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":1}}"#,
    )
    .unwrap();
    assert_eq!(
        (reply.text_bytes, reply.finish),
        (2, Some(FinishReason::Stop))
    );
    assert_eq!(reply.usage.unwrap().completion_tokens, Some(1));
}

#[test]
fn usage_is_read_with_its_details_and_without() {
    let usage = |usage: &str| {
        let chunk = format!(r#"{{"choices":[],"usage":{usage}}}"#);
        read(EndpointKind::Chat, &chunk).unwrap().usage
    };
    let full = r#"{"prompt_tokens":10,"completion_tokens":5,"total_tokens":15,
        "prompt_tokens_details":{"cached_tokens":8,"audio_tokens":null},
        "completion_tokens_details":{"reasoning_tokens":2}}"#;
    let expected = Usage {
        prompt_tokens: Some(10),
        completion_tokens: Some(5),
        cached_tokens: Some(8),
        reasoning_tokens: Some(2),
    };
    assert_eq!(usage(full), Some(expected));
    let bare = r#"{"prompt_tokens":10,"prompt_tokens_details":null,"reasoning_tokens":3}"#;
    let expected = Usage {
        prompt_tokens: Some(10),
        reasoning_tokens: Some(3),
        ..Usage::default()
    };
    assert_eq!(usage(bare), Some(expected));
    let written = r#"{"prompt_tokens":11.0,"completion_tokens":-1}"#;
    let expected = Usage {
        prompt_tokens: Some(11),
        ..Usage::default()
    };
    assert_eq!(usage(written), Some(expected));
    assert_eq!(usage("null"), None);
}

#[test]
fn errors_inside_a_good_response_are_failures() {
    let cases = [
        (
            r#"{"error":{"message":"out of memory","type":"x","code":500}}"#,
            "out of memory",
        ),
        (r#"{"error":"overloaded"}"#, "overloaded"),
        (r#"{"error":{"code":7}}"#, r#"{"code":7}"#),
        (
            r#"{"object":"error","message":"too long","code":40303}"#,
            "\"too long\"",
        ),
    ];
    for (chunk, said) in cases {
        let failure = read(EndpointKind::Chat, chunk).unwrap_err();
        assert_eq!(failure.class, FailureClass::StreamError);
        assert!(
            said.contains(failure.message.rsplit(": ").next().unwrap()),
            "{}",
            failure.message
        );
    }
    assert!(read(EndpointKind::Chat, r#"{"choices":[],"error":null}"#).is_ok());
}

#[test]
fn what_is_no_json_of_the_api_is_named_as_such() {
    for chunk in ["<html>", r#"{"choices":7}"#, ""] {
        let failure = read(EndpointKind::Chat, chunk).unwrap_err();
        assert_eq!(failure.class, FailureClass::InvalidResponse, "{chunk}");
    }
}
