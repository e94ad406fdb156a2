//! What chunks and answers of `chat` and `completions` mean.

use super::*;
use crate::load::failure::FailureClass;

fn delta(delta: &str) -> Reply {
    let chunk =
        format!(r#"{{"id":"1","choices":[{{"index":0,"delta":{delta},"finish_reason":null}}]}}"#);
    read(EndpointKind::Chat, &chunk).unwrap_or_else(|failure| panic!("{chunk}: {failure:?}"))
}

#[test]
fn a_count_that_nobody_can_have_is_no_count() {
    let usage = |counts: &str| {
        let text = format!(r#"{{"choices":[],"usage":{{{counts}}}}}"#);
        read(EndpointKind::Chat, &text).unwrap().usage.unwrap()
    };
    for (count, expected) in [
        ("4294967294", Some(4_294_967_294)),
        ("4294967295", None),
        ("4294967295.0", None),
        ("4294967296", None),
        ("18446744073709551615", None),
        ("-1", None),
        ("0.5", None),
    ] {
        let read = usage(&format!(r#""prompt_tokens":7,"completion_tokens":{count}"#));
        assert_eq!(read.prompt_tokens, Some(7));
        assert_eq!(read.completion_tokens, expected, "{count}");
    }
    let sum = usage(r#""input_tokens":9,"cache_read_input_tokens":18446744073709551615"#);
    assert_eq!((sum.prompt_tokens, sum.cached_tokens), (None, None));
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
        ..Reply::default()
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
        ..Usage::default()
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

/// As `OpenAI`, Anthropic and `DeepSeek` show it in the references of their APIs.
#[test]
fn what_was_put_into_caches_and_what_was_predicted_is_read_as_each_api_says_it() {
    let openai = read(
        EndpointKind::Chat,
        r#"{"choices":[],"usage":{"prompt_tokens":1117,"completion_tokens":46,"total_tokens":1163,
            "prompt_tokens_details":{"cached_tokens":0,"cache_write_tokens":1024,"audio_tokens":0},
            "completion_tokens_details":{"reasoning_tokens":0,"audio_tokens":0,
            "accepted_prediction_tokens":18,"rejected_prediction_tokens":10}}}"#,
    );
    let expected = Usage {
        prompt_tokens: Some(1117),
        completion_tokens: Some(46),
        cached_tokens: Some(0),
        cache_write_tokens: Some(1024),
        reasoning_tokens: Some(0),
        accepted_prediction_tokens: Some(18),
        rejected_prediction_tokens: Some(10),
    };
    assert_eq!(openai.unwrap().usage, Some(expected));
    let anthropic = read(
        EndpointKind::Messages,
        r#"{"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant",
            "content":[],"model":"claude","stop_reason":null,"stop_sequence":null,
            "usage":{"input_tokens":25,"cache_creation_input_tokens":2048,
            "cache_read_input_tokens":512,"output_tokens":1}}}"#,
    );
    let expected = Usage {
        prompt_tokens: Some(25 + 2048 + 512),
        completion_tokens: Some(1),
        cached_tokens: Some(512),
        cache_write_tokens: Some(2048),
        ..Usage::default()
    };
    assert_eq!(anthropic.unwrap().usage, Some(expected));
    let deepseek = read(
        EndpointKind::Chat,
        r#"{"choices":[],"usage":{"prompt_tokens":16,"completion_tokens":10,"total_tokens":26,
            "prompt_cache_hit_tokens":12,"prompt_cache_miss_tokens":4}}"#,
    );
    assert_eq!(deepseek.unwrap().usage.unwrap().cached_tokens, Some(12));
}

/// As vLLM sends it with the last chunk.
#[test]
fn drafts_are_counted_where_the_server_says_it() {
    let chunk = |metrics: &str| {
        let usage = r#"{"prompt_tokens":9,"total_tokens":21,"completion_tokens":12}"#;
        let chunk = format!(r#"{{"choices":[],"usage":{usage},"metrics":{metrics}}}"#);
        read(EndpointKind::Chat, &chunk).unwrap().drafts
    };
    let said = r#"{"time_to_first_token_ms":1.5,"speculative_decoding":{
        "mean_acceptance_length":2.4,"draft_acceptance_rate":0.4666666666666667,
        "acceptance_histogram":[1,2,1,1],"num_accepted_draft_tokens":7,"num_draft_tokens":15,
        "num_spec_steps":5,"num_spec_tokens":3}}"#;
    let expected = Drafts {
        steps: 5,
        proposed: 15,
        accepted: 7,
    };
    assert_eq!(chunk(said), Some(expected));
    for silent in [
        "null",
        "{}",
        r#"{"speculative_decoding":null}"#,
        r#"{"speculative_decoding":{"num_spec_steps":-1}}"#,
        r#""fast""#,
    ] {
        assert_eq!(chunk(silent), None, "{silent}");
    }
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
