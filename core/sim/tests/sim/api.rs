//! The OpenAI API.

use aiperf_sim::Outcome;

use crate::client::{Client, chat, fast, get, start};

#[test]
fn a_chat_stream_has_role_tokens_finish_usage_and_end() {
    let sim = start(fast());
    let response = chat(
        &sim,
        r#","stream":true,"max_tokens":4,"stream_options":{"include_usage":true}"#,
    );
    assert_eq!(response.status, 200);
    assert!(
        response.head.contains("content-type: text/event-stream"),
        "{}",
        response.head
    );
    let events = response.events();
    assert_eq!(events.len(), 1 + 4 + 1 + 1);
    assert_eq!(events[0]["choices"][0]["delta"]["role"], "assistant");
    assert_eq!(events[0]["choices"][0]["delta"]["content"], "");
    for token in &events[1..5] {
        let content = token["choices"][0]["delta"]["content"].as_str().unwrap();
        assert_eq!(content.split_whitespace().count(), 1, "{content:?}");
        assert!(token["choices"][0]["finish_reason"].is_null());
    }
    assert_eq!(events[5]["choices"][0]["finish_reason"], "length");
    assert_eq!(events[6]["choices"].as_array().unwrap().len(), 0);
    assert_eq!(events[6]["usage"]["prompt_tokens"], 3);
    assert_eq!(events[6]["usage"]["completion_tokens"], 4);
    assert_eq!(events[6]["usage"]["total_tokens"], 7);
}

#[test]
fn a_completion_stream_has_text_and_no_role() {
    let sim = start(fast());
    let mut client = Client::connect(&sim);
    let body = r#"{"model":"sim-model","prompt":"a b","stream":true,"max_tokens":2}"#;
    client.send("POST", "/v1/completions", "", body).unwrap();
    let events = client.response().unwrap().events();
    assert_eq!(
        events.len(),
        3,
        "two tokens and the finish, no usage unless asked for"
    );
    assert!(
        events[0]["choices"][0]["text"]
            .as_str()
            .unwrap()
            .starts_with(' ')
    );
    assert_eq!(events[2]["choices"][0]["finish_reason"], "length");
}

#[test]
fn an_answer_that_is_not_streamed_is_the_same_in_one_piece() {
    let sim = start(fast());
    let whole = chat(&sim, r#","max_tokens":5"#).json();
    assert_eq!(whole["object"], "chat.completion");
    let content = whole["choices"][0]["message"]["content"].as_str().unwrap();
    assert_eq!(content.split_whitespace().count(), 5);
    assert_eq!(whole["choices"][0]["finish_reason"], "length");
    assert_eq!(whole["usage"]["completion_tokens"], 5);
    assert_eq!(sim.truth().requests[0].token_ns.len(), 5);
}

#[test]
fn without_a_maximum_the_model_stops_by_itself() {
    let sim = start(fast());
    let whole = chat(&sim, "").json();
    assert_eq!(whole["usage"]["completion_tokens"], 32);
    assert_eq!(whole["choices"][0]["finish_reason"], "stop");
    assert_eq!(sim.truth().requests[0].outcome, Outcome::Stop);
}

#[test]
fn a_connection_is_kept_for_request_after_request() {
    let sim = start(fast());
    let mut client = Client::connect(&sim);
    for _ in 0..3 {
        assert_eq!(
            client
                .chat(r#","stream":true,"max_tokens":100"#)
                .unwrap()
                .events()
                .len(),
            102
        );
    }
    let totals = sim.truth().totals;
    assert_eq!((totals.connections, totals.completed), (1, 3));
}

#[test]
fn requests_sent_ahead_are_answered_in_order() {
    let sim = start(fast());
    let mut client = Client::connect(&sim);
    client.send_chat(r#","max_tokens":1"#).unwrap();
    client.send_chat(r#","max_tokens":2"#).unwrap();
    for tokens in [1, 2] {
        assert_eq!(
            client.response().unwrap().json()["usage"]["completion_tokens"],
            tokens
        );
    }
}

#[test]
fn a_request_may_arrive_byte_by_byte() {
    let sim = start(fast());
    let mut client = Client::connect(&sim);
    let body = r#"{"prompt":"a","max_tokens":1}"#;
    let request = format!(
        "POST /v1/completions HTTP/1.1\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    for byte in request.bytes() {
        client.write(&[byte]).unwrap();
    }
    assert_eq!(client.response().unwrap().status, 200);
}

#[test]
fn a_client_that_asks_first_is_told_to_send_its_body() {
    let sim = start(fast());
    let mut client = Client::connect(&sim);
    let body = r#"{"prompt":"a","max_tokens":1}"#;
    let head = format!(
        "POST /v1/completions HTTP/1.1\r\nexpect: 100-continue\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    client.write(head.as_bytes()).unwrap();
    assert_eq!(client.line().unwrap(), "HTTP/1.1 100 Continue");
    assert_eq!(client.line().unwrap(), "");
    client.write(body.as_bytes()).unwrap();
    assert_eq!(client.response().unwrap().status, 200);
}

#[test]
fn a_client_that_wants_to_close_is_obeyed() {
    let sim = start(fast());
    let mut client = Client::connect(&sim);
    client
        .send("GET", "/health", "connection: close\r\n", "")
        .unwrap();
    assert!(
        client
            .response()
            .unwrap()
            .head
            .contains("connection: close")
    );
    assert!(client.line().is_err(), "the server closed");
}

#[test]
fn the_other_routes_answer() {
    let sim = start(fast());
    assert_eq!(get(&sim, "/v1/models").json()["data"][0]["id"], "sim-model");
    assert_eq!(get(&sim, "/health").status, 200);
    assert_eq!(get(&sim, "/version?x=1").status, 200);
}

#[test]
fn errors_have_the_form_that_clients_know() {
    let sim = start(fast());
    let check = |response: &crate::client::Response, status: u16, kind: &str| {
        assert_eq!(response.status, status, "{}", response.body);
        let error = &response.json()["error"];
        assert_eq!(
            (&error["type"], &error["code"]),
            (&kind.into(), &status.into())
        );
        assert!(!error["message"].as_str().unwrap().is_empty());
    };
    check(&get(&sim, "/nowhere"), 404, "NotFoundError");
    check(&get(&sim, "/v1/completions"), 405, "BadRequestError");
    check(&chat(&sim, r#","model":"other""#), 404, "NotFoundError");
    check(
        &chat(&sim, r#","max_tokens":"many""#),
        400,
        "BadRequestError",
    );
    let totals = sim.truth().totals;
    assert_eq!((totals.rejected, totals.finished), (2, 2));
}

#[test]
fn a_malformed_request_is_answered_and_the_connection_closed() {
    let sim = start(fast());
    let mut client = Client::connect(&sim);
    client.write(b"what is this\r\n\r\n").unwrap();
    assert_eq!(client.response().unwrap().status, 400);
    assert!(client.line().is_err());
}
