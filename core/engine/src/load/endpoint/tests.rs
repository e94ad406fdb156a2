//! What all APIs have in common, and what their own tests are made with.

mod replies;
mod vllm;

use std::time::Duration;

use serde_json::{Value, json};

use super::*;
use crate::http::{Origin, Secret, Tls};
use crate::load::conversation::Prompt;
use crate::load::plan::TokenCount;
use crate::load::prompt::PromptPlan;
use crate::load::sse::Decoder;

/// What a recorded answer comes down to.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Played {
    /// Texts that users see, chunk by chunk.
    pub(super) texts: Vec<&'static str>,
    /// Texts of a model that thinks.
    pub(super) reasoning: Vec<&'static str>,
    /// Tokens so far, of the chunks with text that say it.
    pub(super) counts: Vec<u32>,
    pub(super) finish: Option<FinishReason>,
    /// Tokens of the prompt and of the answer.
    pub(super) usage: (Option<u32>, Option<u32>),
    pub(super) cached: Option<u32>,
    pub(super) items: usize,
    /// The stream said that it ends.
    pub(super) done: bool,
}

/// Plays what a real server sent: a stream, or a whole body.
pub(super) fn play(kind: EndpointKind, bytes: &[u8]) -> Played {
    let endpoint = endpoint(kind);
    let mut played = Played::default();
    let mut usage = Usage::default();
    let mut take = |data: &[u8]| {
        if data == b"[DONE]" {
            played.done = true;
            return;
        }
        let mut said = Said::default();
        said.begin(true);
        let reply = endpoint.read(data, &mut said);
        let reply = reply.unwrap_or_else(|failure| panic!("{failure:?}"));
        played.done |= reply.ends;
        played.finish = reply.finish.or(played.finish);
        played.items += reply.items;
        usage.update(reply.usage.unwrap_or_default());
        let count = reply.usage.and_then(|usage| usage.completion_tokens);
        if reply.text_bytes > 0 {
            // Leaked, so that expectations are plain texts.
            let leak = |text: String| (!text.is_empty()).then(|| &*text.leak());
            played.texts.extend(leak(said.text));
            played.reasoning.extend(leak(said.reasoning));
            played
                .counts
                .extend(count.filter(|_| reply.finish.is_none()));
        }
    };
    if bytes.starts_with(b"data") || bytes.starts_with(b"event") {
        let mut decoder = Decoder::new();
        decoder.feed(bytes, |event| take(event.data)).unwrap();
    } else {
        take(bytes);
    }
    played.usage = (usage.prompt_tokens, usage.completion_tokens);
    played.cached = usage.cached_tokens;
    played
}

/// The body that asks `prompt` for at most 7 tokens.
pub(super) fn written(kind: EndpointKind, prompt: &Prompt) -> Value {
    fill(&plan("http://h", kind), prompt, true)
}

/// Reads an event or an answer.
pub(super) fn read(kind: EndpointKind, json: &str) -> Result<Reply, Failure> {
    endpoint(kind).read(json.as_bytes(), &mut Said::default())
}

pub(super) fn endpoint(kind: EndpointKind) -> Endpoint {
    Endpoint::new(&plan("http://h", kind)).unwrap()
}

fn fill(plan: &LoadPlan, prompt: &Prompt, with_stream_options: bool) -> Value {
    let body = BodyTemplate::new(plan).fill(&Asked {
        prompt,
        max_tokens: plan.output_tokens.map(|_| 7),
        with_stream_options,
    });
    serde_json::from_slice(&body).expect("a body is valid JSON")
}

fn plan(url: &str, endpoint: EndpointKind) -> LoadPlan {
    LoadPlan {
        endpoint,
        origin: Origin::parse(url).unwrap(),
        more_origins: Vec::new(),
        endpoint_path: None,
        model: "m\"1".to_owned(),
        streaming: endpoint.generates(),
        per_chunk_usage: false,
        template: None,
        response_field: None,
        headers: HeaderMap::new(),
        session_header: None,
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
        prompts: PromptPlan::default(),
        random_seed: 1,
        request_timeout: Duration::from_secs(1),
        connect_timeout: Duration::from_secs(1),
        reuse: crate::http::Reuse::Pooled,
        http_version: crate::http::HttpVersion::default(),
        http2_streams: 1,
        kernel_stamps: false,
        tls: Tls::default(),
        proxies: crate::http::Proxies::default(),
        secrets: Arc::default(),
        phases: Vec::new(),
        threads: 1,
        both_ends: false,
    }
}

fn chat(url: &str) -> LoadPlan {
    plan(url, EndpointKind::Chat)
}

fn path(plan: &LoadPlan) -> String {
    endpoint_path(plan, &plan.origin)
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
        assert_eq!(path(&chat(url)), endpoint, "{url}");
        assert_eq!(models_path(&chat(url).origin), models, "{url}");
    }
}

#[test]
fn completions_are_not_mistaken_for_chat_completions() {
    let completions = |url| path(&plan(url, EndpointKind::Completions));
    assert_eq!(completions("http://h/v1"), "/v1/completions");
    assert_eq!(completions("http://h/v1/completions"), "/v1/completions");
    assert_eq!(
        path(&chat("http://h/v1/completions")),
        "/v1/completions/v1/chat/completions"
    );
}

#[test]
fn each_api_has_its_place() {
    use EndpointKind::*;
    for (kind, url, expected) in [
        (Responses, "http://h/v1", "/v1/responses"),
        (Messages, "http://h", "/v1/messages"),
        (Embeddings, "http://h/v1/embeddings", "/v1/embeddings"),
        (Rankings, "http://h", "/v1/rerank"),
        (CohereRankings, "http://h", "/v2/rerank"),
        (NimRankings, "http://h/v1", "/v1/ranking"),
        (TeiRankings, "http://h/tei", "/tei/rerank"),
        (Generate, "http://h", "/generate_stream"),
        (Generate, "http://h/generate_stream", "/generate_stream"),
        (Raw, "http://h/any/thing", "/any/thing"),
        (Template, "http://h", "/"),
    ] {
        assert_eq!(path(&plan(url, kind)), expected, "{kind:?} {url}");
    }
    let whole = LoadPlan {
        streaming: false,
        ..plan("http://h", Generate)
    };
    assert_eq!(path(&whole), "/generate");
    let origin = Origin::parse("http://h/v1/embeddings").unwrap();
    assert_eq!(models_path(&origin), "/v1/models");
}

#[test]
fn a_path_given_apart_is_taken_as_it_is() {
    let mut plan = chat("http://h/base");
    plan.endpoint_path = Some("/custom/chat".to_owned());
    assert_eq!(path(&plan), "/base/custom/chat");
}

fn body(plan: &LoadPlan, prompt: &str, with_stream_options: bool) -> Value {
    let prompt = Prompt {
        text: prompt.to_owned(),
        ..Prompt::default()
    };
    fill(plan, &prompt, with_stream_options)
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
fn counts_can_be_asked_for_with_each_chunk() {
    let mut plan = chat("http://h");
    plan.per_chunk_usage = true;
    let expected = json!({"include_usage": true, "continuous_usage_stats": true});
    assert_eq!(body(&plan, "hi", true)["stream_options"], expected);
}

#[test]
fn the_user_s_members_go_where_the_api_s_parameters_are() {
    let mut plan = plan("http://h", EndpointKind::Generate);
    plan.extra_inputs = json!({"max_new_tokens": 3, "top_p": 0.5})
        .as_object()
        .cloned()
        .unwrap();
    let parameters = json!({"details": true, "max_new_tokens": 3, "top_p": 0.5});
    assert_eq!(body(&plan, "hi", true)["parameters"], parameters);
}

#[test]
fn a_prompt_that_is_a_body_is_sent_as_it_is() {
    let prompt = Prompt {
        body: Some(r#"{"x":[1]}"#.into()),
        ..Prompt::default()
    };
    for kind in [EndpointKind::Raw, EndpointKind::Chat] {
        assert_eq!(written(kind, &prompt), json!({"x": [1]}));
    }
}

#[test]
fn each_server_has_its_own_host_and_path() {
    let mut plan = chat("http://a:1/v1");
    plan.more_origins = vec![Origin::parse("http://u:p@b:2/base").unwrap()];
    let endpoint = Endpoint::new(&plan).unwrap();
    let request = |server| endpoint.request(server, (1, 1), Bytes::new());
    let host = |server| {
        request(server).headers()["host"]
            .to_str()
            .unwrap()
            .to_owned()
    };
    assert_eq!(
        (host(0), request(0).uri().path().to_owned()),
        ("a:1".to_owned(), "/v1/chat/completions".to_owned())
    );
    assert_eq!(
        (host(1), request(1).uri().path().to_owned()),
        ("b:2".to_owned(), "/base/v1/chat/completions".to_owned())
    );
    assert!(request(0).headers().get("authorization").is_none());
    assert!(request(1).headers().get("authorization").is_some());
}

#[test]
fn anthropic_s_api_has_the_key_in_two_places() {
    let mut plan = plan("http://h", EndpointKind::Messages);
    plan.api_key = Some(Secret::new("k"));
    let request = Endpoint::new(&plan)
        .unwrap()
        .request(0, (1, 1), Bytes::new());
    let header = |name: &str| request.headers()[name].to_str().unwrap();
    assert_eq!(
        (header("x-api-key"), header("authorization")),
        ("k", "Bearer k")
    );
    assert_eq!(header("anthropic-version"), "2023-06-01");
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
        .request(0, (42, 42), Bytes::from_static(b"{}"));
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
