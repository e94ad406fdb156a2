use super::*;

fn plan(endpoint: Endpoint, body: &str) -> Result<Plan, Refusal> {
    let config = SimConfig {
        output_tokens: 8,
        context_length: 100,
        ..SimConfig::default()
    };
    Plan::from_body(endpoint, body.as_bytes(), &config, false)
}

fn tokens(endpoint: Endpoint, body: &str) -> u32 {
    plan(endpoint, body).unwrap().prompt_tokens
}

#[test]
fn a_word_is_a_token_wherever_it_stands() {
    let chat = r#"{"messages":[{"role":"system","content":"be  brief"},
        {"role":"user","content":[{"type":"text","text":"one\ttwo"},{"type":"image_url","image_url":{"url":"a b"}}]},
        {"role":"assistant","content":null}]}"#;
    assert_eq!(tokens(Endpoint::Chat, chat), 4);
    assert_eq!(tokens(Endpoint::Completions, r#"{"prompt":"a b c"}"#), 3);
    assert_eq!(
        tokens(Endpoint::Completions, r#"{"prompt":["a b","c"]}"#),
        3
    );
    assert_eq!(tokens(Endpoint::Completions, r#"{"prompt":[17,4,99]}"#), 3);
}

#[test]
fn each_api_asks_in_its_own_words() {
    let read = |endpoint, body: &str| {
        let plan = plan(endpoint, body).unwrap();
        (
            plan.prompt_tokens,
            plan.items,
            plan.output_tokens,
            plan.stream,
        )
    };
    let cases = [
        (
            Endpoint::Responses,
            r#"{"input":"a b","max_output_tokens":3,"stream":true}"#,
            (2, 1, 3, true),
        ),
        (
            Endpoint::Messages,
            r#"{"system":"x","messages":[{"role":"user","content":"a"}],"max_tokens":3}"#,
            (2, 1, 3, false),
        ),
        (
            Endpoint::GenerateStream,
            r#"{"inputs":"a","parameters":{"max_new_tokens":2}}"#,
            (1, 1, 2, true),
        ),
        (
            Endpoint::Embeddings,
            r#"{"input":["a b","c"],"stream":true}"#,
            (3, 2, 0, false),
        ),
        (
            Endpoint::Rerank,
            r#"{"query":"q","documents":["a","b c"]}"#,
            (4, 2, 0, false),
        ),
        (
            Endpoint::NimRanking,
            r#"{"query":{"text":"q"},"passages":[{"text":"a b"}]}"#,
            (3, 1, 0, false),
        ),
    ];
    for (endpoint, body, expected) in cases {
        assert_eq!(read(endpoint, body), expected, "{body}");
    }
}

#[test]
fn the_length_follows_the_request() {
    let length = |extra: &str| {
        let body = format!(r#"{{"prompt":"a"{extra}}}"#);
        let plan = plan(Endpoint::Completions, &body).unwrap();
        (plan.output_tokens, plan.finish == Finish::Stop)
    };
    assert_eq!(length(""), (8, true));
    assert_eq!(length(r#","max_tokens":3"#), (3, false));
    assert_eq!(
        length(r#","max_tokens":3,"max_completion_tokens":4"#),
        (4, false)
    );
    assert_eq!(length(r#","min_tokens":20"#), (20, true));
    assert_eq!(length(r#","ignore_eos":true"#), (99, false));
}

#[test]
fn stopping_early_respects_the_request() {
    let length = |extra: &str| {
        let body = format!(r#"{{"prompt":"a","max_tokens":20{extra}}}"#);
        let mut plan = plan(Endpoint::Completions, &body).unwrap();
        plan.stop_early();
        (plan.output_tokens, plan.finish == Finish::Stop)
    };
    assert_eq!(length(""), (10, true));
    assert_eq!(length(r#","min_tokens":15"#), (15, true));
    assert_eq!(length(r#","ignore_eos":true"#), (20, false));
}

#[test]
fn bad_requests_are_refused() {
    let status = |body: &str| plan(Endpoint::Chat, body).unwrap_err().0;
    assert_eq!(status("{"), 400);
    assert_eq!(status("{}"), 400);
    assert_eq!(status(r#"{"messages":[],"max_tokens":0}"#), 400);
    assert_eq!(status(r#"{"messages":[],"max_tokens":101}"#), 400);
    assert_eq!(status(r#"{"messages":[],"n":2}"#), 400);
    assert_eq!(status(r#"{"messages":[],"model":"other"}"#), 404);
}
