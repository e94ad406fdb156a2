//! All APIs against the simulated server, and what its answers are counted as.

use aiperf_sim::{Faults, RequestTruth, Sim, SimConfig, Truth};

use super::*;
use crate::http::MonoNs;

fn start(change: impl FnOnce(&mut SimConfig)) -> Sim {
    let mut config = SimConfig {
        ttft: Duration::from_millis(2),
        itl: Duration::from_micros(100),
        ..SimConfig::default()
    };
    change(&mut config);
    Sim::start(config).unwrap()
}

fn asking(sim: &Sim, endpoint: EndpointKind, n: u64) -> LoadPlan {
    let mut plan = plan(&sim.url(), vec![count(4, n)]);
    plan.model = SimConfig::default().model;
    plan.endpoint = endpoint;
    plan.streaming = endpoint.generates();
    plan.output_tokens = Some(TokenCount {
        mean: 12.0,
        stddev: 4.0,
    });
    plan
}

fn sum(records: &RequestRecords, of: impl Fn(&RequestRow<'_>) -> Option<u32>) -> u64 {
    records
        .rows()
        .filter_map(|row| of(&row))
        .map(u64::from)
        .sum()
}

/// Each request beside the server's own record of it.
fn joined<'a>(
    records: &'a RequestRecords,
    truth: &'a Truth,
) -> impl Iterator<Item = (RequestRow<'a>, &'a RequestTruth)> {
    let by_id = |id: u64| {
        let id = id.to_string();
        let mut requests = truth.requests.iter();
        requests.find(|request| request.x_request_id.as_ref() == Some(&id))
    };
    records.rows().map(move |row| {
        let request = by_id(row.id).unwrap();
        (row, &**request)
    })
}

fn run_against(sim: Sim, plan: LoadPlan) -> (RequestRecords, Truth) {
    let (_, records) = run(plan);
    (records, sim.stop())
}

#[test]
fn every_api_that_generates_has_the_tokens_of_the_server() {
    for endpoint in EndpointKind::ALL
        .into_iter()
        .filter(|kind| kind.generates())
    {
        for streaming in [true, false] {
            let sim = start(|_| ());
            let mut plan = asking(&sim, endpoint, 40);
            plan.streaming = streaming;
            if let EndpointKind::Raw | EndpointKind::Template = endpoint {
                let body = r#"{"messages":{{messages}},"max_tokens":{{max_tokens}},"stream":{{stream}},
                    "stream_options":{"include_usage":true}}"#;
                plan.template = Some(Arc::new(Template::parse(body).unwrap()));
                plan.endpoint = EndpointKind::Template;
                plan.endpoint_path = Some("/v1/chat/completions".to_owned());
            }
            let (records, truth) = run_against(sim, plan);
            let name = format!("{endpoint:?} streaming {streaming}");
            assert!(
                records.rows().all(|row| row.outcome == Outcome::Ok),
                "{name}"
            );
            let totals = truth.totals;
            assert_eq!(totals.completed, 40, "{name}");
            let output = sum(&records, |row| row.usage.completion_tokens);
            let input = sum(&records, |row| row.usage.prompt_tokens);
            assert_eq!(
                (input, output),
                (totals.prompt_tokens, totals.completion_tokens),
                "{name}"
            );
            let chunks = sum(&records, |row| Some(row.chunks));
            assert_eq!(chunks, if streaming { output } else { 0 }, "{name}");
            for row in records.rows() {
                assert_eq!(row.finish, Some(FinishReason::Length), "{name}");
                assert_eq!(row.first_output, row.first_token, "{name}");
                assert!(row.request_bytes > 20 && row.response_bytes > 20, "{name}");
            }
        }
    }
}

#[test]
fn vectors_and_scores_have_no_tokens_and_no_first_one() {
    for endpoint in EndpointKind::ALL
        .into_iter()
        .filter(|kind| !kind.generates())
    {
        let sim = start(|_| ());
        let mut plan = asking(&sim, endpoint, 20);
        plan.prompts.batch_size = 3;
        let (records, truth) = run_against(sim, plan);
        assert_eq!(truth.totals.completed, 20, "{endpoint:?}");
        for row in records.rows() {
            assert_eq!(row.outcome, Outcome::Ok, "{endpoint:?}: {:?}", row.error);
            assert_eq!((row.first_token, row.chunks, row.gaps.len()), (None, 0, 0));
            assert_eq!(row.usage.completion_tokens, None, "{endpoint:?}");
        }
        if endpoint != EndpointKind::TeiRankings {
            let input = sum(&records, |row| row.usage.prompt_tokens);
            assert_eq!(input, truth.totals.prompt_tokens, "{endpoint:?}");
        }
    }
}

#[test]
fn the_first_output_token_comes_after_the_reasoning() {
    for endpoint in [
        EndpointKind::Chat,
        EndpointKind::Responses,
        EndpointKind::Messages,
    ] {
        let sim = start(|config| config.reasoning_tokens = 3);
        let plan = asking(&sim, endpoint, 20);
        let (records, truth) = run_against(sim, plan);
        for (row, request) in joined(&records, &truth) {
            let reasoning = 3.min(request.completion_tokens);
            let thought: u64 = row.gaps.clone().take(reasoning as usize).sum();
            let first = row.first_token.unwrap();
            let expected = (request.completion_tokens > 3)
                .then(|| MonoNs(first.0.saturating_add_unsigned(thought)));
            assert_eq!(row.first_output, expected, "{endpoint:?}");
            let told = endpoint != EndpointKind::Messages;
            assert_eq!(row.usage.reasoning_tokens, told.then_some(reasoning));
        }
    }
}

#[test]
fn chunks_of_several_tokens_are_known_where_the_server_counts_in_each() {
    let sim = start(|config| config.tokens_per_chunk = 4);
    let mut plan = asking(&sim, EndpointKind::Chat, 20);
    plan.per_chunk_usage = true;
    let (records, truth) = run_against(sim, plan);
    for (row, request) in joined(&records, &truth) {
        let tokens = request.completion_tokens;
        assert_eq!(row.chunks, tokens.div_ceil(4));
        assert_eq!(row.first_chunk_tokens, Some(tokens.min(4)));
        assert_eq!(row.usage.completion_tokens, Some(tokens));
    }
}

#[test]
fn a_tool_call_is_an_answer() {
    let sim = start(|_| ());
    let mut plan = asking(&sim, EndpointKind::Chat, 4);
    let tool = serde_json::json!([{"type": "function", "function": {"name": "look_up"}}]);
    plan.extra_inputs.insert("tools".to_owned(), tool);
    let (records, truth) = run_against(sim, plan);
    for (row, request) in joined(&records, &truth) {
        assert_eq!(row.finish, Some(FinishReason::ToolCalls));
        // The name comes in a chunk of its own.
        assert_eq!(row.chunks, request.completion_tokens + 1);
    }
}

#[test]
fn answers_that_break_off_are_failures_of_their_kind() {
    type Case = (&'static str, fn(&mut Faults));
    let cases: [Case; 3] = [
        ("stream_error", |faults| faults.stream_error_every = 2),
        ("incomplete_stream", |faults| faults.end_every = 2),
        ("closed_early", |faults| faults.cut_every = 2),
    ];
    let kinds = [
        EndpointKind::Chat,
        EndpointKind::Completions,
        EndpointKind::Responses,
        EndpointKind::Messages,
        EndpointKind::Generate,
    ];
    for (class, fault) in cases {
        for endpoint in kinds {
            let sim = start(|config| fault(&mut config.faults));
            let plan = asking(&sim, endpoint, 20);
            let (records, truth) = run_against(sim, plan);
            assert_eq!(truth.totals.cut, 10);
            let failed: Vec<_> = records
                .rows()
                .filter_map(|row| match row.outcome {
                    Outcome::Failed(failure) => Some(failure.as_str()),
                    _ => None,
                })
                .collect();
            assert_eq!(failed, [class; 10], "{endpoint:?}");
        }
    }
}

#[test]
fn several_servers_take_turns() {
    let sims = [start(|_| ()), start(|_| ()), start(|_| ())];
    let mut plan = asking(&sims[0], EndpointKind::Chat, 30);
    plan.threads = 2;
    plan.more_origins = sims[1..]
        .iter()
        .map(|sim| Origin::parse(&sim.url()).unwrap())
        .collect();
    let (outcomes, _) = run(plan);
    assert_eq!(outcomes[0].ok, 30);
    let shares = sims.map(|sim| sim.stop().totals.completed);
    assert_eq!(shares, [10, 10, 10]);
}
