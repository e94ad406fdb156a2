//! What vLLM 0.32.0 answered, on each of its APIs, with `--enable-prompt-tokens-details`.

use super::*;
use crate::load::failure::FailureClass;

/// 8 tokens asked, 5 tokens answered, none of them from the cache.
fn answered(texts: &[&'static str]) -> Played {
    Played {
        texts: texts.to_vec(),
        finish: Some(FinishReason::Length),
        usage: (Some(8), Some(5)),
        cached: Some(0),
        done: true,
        ..Played::default()
    }
}

#[test]
fn chat_begins_with_a_chunk_of_the_role_and_ends_with_one_of_the_usage() {
    let played = play(
        EndpointKind::Chat,
        include_bytes!("../golden/vllm_chat.sse"),
    );
    let texts = [" no", "kwargs", "ception", "class", " func"];
    assert_eq!(played, answered(&texts));
}

#[test]
fn chat_in_one_piece_says_the_same() {
    let played = play(
        EndpointKind::Chat,
        include_bytes!("../golden/vllm_chat.json"),
    );
    let whole = Played {
        done: false,
        ..answered(&[" moretupleiplags.__"])
    };
    assert_eq!(played, whole);
}

#[test]
fn usage_in_each_chunk_counts_the_tokens_so_far() {
    let bytes = include_bytes!("../golden/vllm_chat_continuous_usage.sse");
    let expected = Played {
        counts: vec![1, 2, 3, 4],
        ..answered(&[" //", " key", "\u{1f}", "we", " Ex"])
    };
    assert_eq!(play(EndpointKind::Chat, bytes), expected);
}

#[test]
fn completions_and_messages_and_responses() {
    let completions = play(
        EndpointKind::Completions,
        include_bytes!("../golden/vllm_completions.sse"),
    );
    let texts = [").", " left", "ined", "ces", " This"];
    assert_eq!(completions.texts, texts);
    assert_eq!((completions.usage.1, completions.done), (Some(5), true));

    let messages = play(
        EndpointKind::Messages,
        include_bytes!("../golden/vllm_messages.sse"),
    );
    let texts = ["ar", "ked", " change", "chars", "ls"];
    assert_eq!(messages, answered(&texts));

    let responses = play(
        EndpointKind::Responses,
        include_bytes!("../golden/vllm_responses.sse"),
    );
    let texts = ["upp", "oices", "9999", " prefix", "oo"];
    assert_eq!(
        (responses.texts, responses.cached),
        (texts.to_vec(), Some(0))
    );
    assert_eq!(responses.usage, (Some(8), Some(5)));
}

#[test]
fn what_a_request_wrote_into_the_cache_has_a_name_of_its_own() {
    let chunk = r#"{"choices":[],"usage":{"prompt_tokens":40,"total_tokens":42,"completion_tokens":2,
        "prompt_tokens_details":{"cached_tokens":16,"created_cache_tokens":24}}}"#;
    let usage = read(EndpointKind::Chat, chunk).unwrap().usage.unwrap();
    assert_eq!(
        (usage.cached_tokens, usage.cache_write_tokens),
        (Some(16), Some(24))
    );
}

#[test]
fn an_error_in_mid_stream_is_one_though_it_says_nothing() {
    let bytes = include_bytes!("../golden/vllm_chat_error.sse");
    let mut failures = Vec::new();
    let endpoint = endpoint(EndpointKind::Chat);
    let mut decoder = Decoder::new();
    let fed = decoder.feed(bytes, |event| {
        if event.data != b"[DONE]" {
            failures.push(endpoint.read(event.data, &mut Said::default()).unwrap_err());
        }
    });
    fed.unwrap();
    let classes: Vec<_> = failures.iter().map(|failure| failure.class).collect();
    assert_eq!(classes, [FailureClass::StreamError]);
}
