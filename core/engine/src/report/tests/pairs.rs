//! Clients beside servers, by pages written after real ones. All of them are about the same load: 4
//! requests, 40 prompt tokens of which 8 cached, 5 tokens an answer; the client saw the first one after
//! 100 ms and the others every 20 ms, the server (queue of 10 ms included) after 90 ms and every 20 ms.

use std::collections::BTreeSet;

use aiperf_parser_prometheus::{Format, parse_page};
use aiperf_plugin_sdk::report::PairReport;

use super::*;
use crate::http::MonoNs;
use crate::knowledge::{Knowledge, Quantity, QuantityKind};
use crate::load::{FailureClass, Outcome, RequestRecord, Usage};

const MS: i64 = 1_000_000;

/// Every page, by the software and role that it is to show.
const PAGES: [(&str, &str); 12] = [
    ("vllm engine", include_str!("pages/vllm.prom")),
    (
        "dynamo frontend",
        include_str!("pages/dynamo_frontend.prom"),
    ),
    ("dynamo router", include_str!("pages/dynamo_frontend.prom")),
    (
        "dynamo worker.backend",
        include_str!("pages/dynamo_worker.prom"),
    ),
    ("sglang engine", include_str!("pages/sglang.prom")),
    ("sglang engine", include_str!("pages/sglang_old.prom")),
    ("tensorrt_llm engine", include_str!("pages/trtllm.prom")),
    (
        "tensorrt_llm engine",
        include_str!("pages/trtllm_dynamo.prom"),
    ),
    ("tgi engine", include_str!("pages/tgi.prom")),
    ("llamacpp engine", include_str!("pages/llamacpp.prom")),
    ("triton engine", include_str!("pages/triton.prom")),
    ("nothing", "# TYPE other_seconds gauge\nother_seconds 1\n"),
];

fn record(id: u64) -> RequestRecord {
    let start = MonoNs(at(10.0).mono_ns + i64::try_from(id).unwrap() * 1_000 * MS);
    let mut record = RequestRecord::new(0);
    record.begin(id, 0, start);
    record.start = Some(start);
    record.end = MonoNs(start.0 + 180 * MS);
    record
}

fn answered(id: u64) -> RequestRecord {
    let mut record = record(id);
    let start = record.start.unwrap().0;
    for token in 0..5 {
        record.token(MonoNs(start + (100 + 20 * token) * MS), 5);
    }
    record.outcome = Outcome::Ok;
    record.usage = Usage {
        prompt_tokens: Some(10),
        completion_tokens: Some(5),
        cached_tokens: Some(2),
        ..Usage::default()
    };
    record
}

fn load() -> Vec<RequestRecord> {
    (0..4).map(answered).collect()
}

/// The report of a run against servers with these pages.
fn run(pages: &[&str], load: &[RequestRecord]) -> Report {
    let mut bench = Bench::new();
    let first = bench.endpoint;
    for (index, text) in pages.iter().enumerate() {
        bench.endpoint = match index {
            0 => first,
            index => bench.store.add_endpoint(EndpointInfo {
                url: format!("http://h:{}/metrics", index + 1),
                ..EndpointInfo::default()
            }),
        };
        bench.page(9.0, Barrier::Start, |b| b.gauge("up", &[], 1.0));
        for (seconds, barrier) in [(12.0, Barrier::Tick), (14.1, Barrier::End)] {
            let page =
                |batch: &mut Batch| parse_page(text.as_bytes(), Format::PrometheusText, batch);
            bench.text(seconds, barrier, text, page);
        }
    }
    let mut records = RequestLog::default();
    for record in load {
        records.push(record);
    }
    bench.records = Some(records);
    bench.report_of_model("tiny")
}

fn page(name: &str) -> &'static str {
    PAGES
        .iter()
        .find(|(software, _)| *software == name)
        .unwrap()
        .1
}

fn row<'a>(report: &'a Report, software: &str, name: &str) -> &'a PairReport {
    let is_it = |pair: &&PairReport| pair.software == software && pair.name == name;
    let found = report.pairs.iter().find(is_it);
    found.unwrap_or_else(|| panic!("no {name} of {software} among {:#?}", report.pairs))
}

fn causes(pair: &PairReport) -> Vec<(&str, Option<f64>)> {
    let causes = pair.causes.iter();
    causes
        .map(|cause| {
            (
                cause.code.as_str(),
                cause.amount.map(|a| (a * 1e6).round() / 1e6),
            )
        })
        .collect()
}

#[test]
fn every_rule_of_the_table_makes_a_row_from_a_page() {
    let mut seen = BTreeSet::new();
    for (software, text) in PAGES {
        let report = run(&[text], &load());
        let of_it = report.pairs.iter();
        let of_it = of_it.filter(|pair| format!("{} {}", pair.software, pair.role) == software);
        seen.extend(of_it.map(|pair| (pair.name.clone(), pair.family.clone())));
    }
    for software in Knowledge::embedded().software() {
        for rule in &software.pairs {
            let family = &rule.families[0];
            let name = rule.quantity.as_str();
            let is_seen = seen
                .iter()
                .any(|(n, f)| n == name && f.starts_with(family.as_str()));
            assert!(is_seen, "{name} of {} from {family}", software.name);
        }
    }
}

#[test]
fn all_pages_say_the_same_of_the_same_load() {
    for (software, text) in PAGES {
        let report = run(&[text], &load());
        for pair in &report.pairs {
            let what = format!("{software}: {pair:?}");
            let quantity = Quantity::ALL
                .into_iter()
                .find(|q| q.as_str() == pair.name)
                .unwrap();
            let off = |expected: f64| (pair.difference.unwrap() - expected).abs() < 1e-6;
            match quantity {
                Quantity::QueueTime => {
                    assert!((pair.server.avg.unwrap() - 10.0).abs() < 1e-6, "{what}");
                    assert_eq!(
                        pair.part_of.as_deref(),
                        Some("time_to_first_token"),
                        "{what}"
                    );
                    assert!(
                        pair.client.avg.is_none() && pair.causes.is_empty(),
                        "{what}"
                    );
                }
                Quantity::TimeToFirstToken | Quantity::RequestLatency => {
                    assert!(off(10.0), "{what}");
                    let cause = &causes(pair)[0];
                    assert_eq!(*cause, ("network_and_client", Some(10.0)), "{what}");
                }
                Quantity::InterTokenLatency if pair.software == "llamacpp" => {
                    assert_eq!(causes(pair), [("mean_per_token", Some(4.0))], "{what}");
                }
                Quantity::Concurrency => {
                    let sum: f64 = pair.causes.iter().filter_map(|cause| cause.amount).sum();
                    assert!(off(sum), "{what}");
                }
                Quantity::PromptTokens if pair.software == "llamacpp" => {
                    assert_eq!(causes(pair), [("cached_tokens", Some(8.0))], "{what}");
                }
                _ => {
                    assert!(off(0.0) && pair.causes.is_empty(), "{what}");
                }
            }
            if quantity.kind() == QuantityKind::Total {
                assert!(pair.client_n.is_none() && pair.server_n.is_none(), "{what}");
            }
        }
    }
    assert!(run(&[page("nothing")], &load()).pairs.is_empty());
}

#[test]
fn workers_are_added_up_and_their_frontend_is_not_added_to_them() {
    let (frontend, worker) = (page("dynamo frontend"), page("dynamo worker.backend"));
    let load: Vec<_> = (0..8).map(answered).collect();
    let report = run(&[frontend, worker, worker], &load);
    let requests = |role: &str| {
        let mut pairs = report.pairs.iter();
        pairs
            .find(|pair| pair.role == role && pair.name == "request_count")
            .unwrap()
    };
    let workers = requests("worker.backend");
    assert_eq!(workers.server.avg, Some(8.0));
    assert_eq!(workers.servers, ["server-1", "server-2"]);
    assert!(workers.causes.is_empty());
    let frontend = requests("frontend");
    assert_eq!(frontend.server.avg, Some(4.0));
    assert_eq!(causes(frontend), [("unseen_servers", Some(4.0))]);
    let latency = report.pairs.iter();
    let mut latency = latency.filter(|pair| pair.name == "request_latency");
    let latency = latency.find(|pair| pair.role == "worker.backend").unwrap();
    let (p50, bounds) = (latency.server.p50.unwrap(), latency.server_bounds["p50"]);
    assert_eq!(latency.server_n, Some(8.0));
    assert!(bounds.lower.unwrap() <= p50 && p50 <= bounds.upper.unwrap());
    assert!(bounds.upper.unwrap() <= 250.0);
}

#[test]
fn parts_of_a_deployment_that_each_count_everything_are_not_added() {
    let decode = page("dynamo worker.backend");
    let prefill = decode.replace("backend", "prefill");
    let report = run(&[decode, &prefill], &load());
    let counts = report
        .pairs
        .iter()
        .filter(|pair| pair.name == "request_count");
    let counts: Vec<_> = counts
        .map(|p| (p.role.as_str(), p.server.avg, p.difference))
        .collect();
    let (four, none) = (Some(4.0), Some(0.0));
    assert_eq!(
        counts,
        [
            ("worker.backend", four, none),
            ("worker.prefill", four, none)
        ]
    );
    let times = report.pairs.iter();
    for pair in times.filter(|pair| pair.name == "request_latency") {
        assert_eq!(causes(pair), [("disaggregation", Some(10.0))]);
    }
}

#[test]
fn a_router_that_counts_both_legs_is_explained() {
    let text = page("dynamo router");
    let twice = [
        (
            "router_requests_total{dynamo_component=\"backend\",dynamo_namespace=\"dynamo\",router_id=\"1\"} 4",
            "router_requests_total{dynamo_component=\"backend\",dynamo_namespace=\"dynamo\",router_id=\"1\"} 8",
        ),
        (
            "router_output_sequence_tokens_sum{dynamo_component=\"backend\",dynamo_namespace=\"dynamo\",router_id=\"1\"} 20",
            "router_output_sequence_tokens_sum{dynamo_component=\"backend\",dynamo_namespace=\"dynamo\",router_id=\"1\"} 24",
        ),
    ];
    let text = twice.iter().fold(text.to_owned(), |text, (from, to)| {
        assert!(text.contains(from));
        text.replace(from, to)
    });
    let report = run(&[&text], &load());
    let router = |name: &str| {
        let mut pairs = report.pairs.iter().filter(|pair| pair.role == "router");
        pairs.find(|pair| pair.name == name).unwrap()
    };
    assert_eq!(
        causes(router("request_count")),
        [("disaggregation", Some(-4.0))]
    );
    assert_eq!(
        causes(router("completion_tokens")),
        [("disaggregation", Some(-4.0))]
    );
    assert!(router("prompt_tokens").causes.is_empty());
}

#[test]
fn others_requests_are_noticed_in_totals_and_not_blamed_on_the_network() {
    let report = run(&[page("vllm engine")], &load()[..3]);
    let of = |name: &str| row(&report, "vllm", name);
    assert_eq!(causes(of("request_count")), [("foreign_load", Some(-1.0))]);
    assert_eq!(
        causes(of("completion_tokens")),
        [("foreign_load", Some(-5.0))]
    );
    assert_eq!(causes(of("time_to_first_token")), [("foreign_load", None)]);
    assert_eq!(causes(of("concurrency")), [("foreign_load", None)]);
}

/// A server that does not count requests times them.
#[test]
fn others_requests_are_noticed_by_what_was_timed() {
    let untold = page("vllm engine").replace("request_success", "acme");
    let report = run(&[&untold], &load()[..3]);
    let concurrency = row(&report, "vllm", "concurrency");
    assert_eq!(causes(concurrency), [("foreign_load", None)]);
}

#[test]
fn cancelled_and_failed_requests_are_said_to_be_uncertain() {
    let mut load = load();
    load[3] = RequestRecord {
        outcome: Outcome::Cancelled,
        ..record(3)
    };
    let report = run(&[page("dynamo worker.backend")], &load);
    let requests = row(&report, "dynamo", "request_count");
    assert_eq!(causes(requests), [("cancelled_requests", Some(-1.0))]);
    let latency = row(&report, "dynamo", "request_latency");
    assert_eq!(causes(latency), [("cancelled_requests", None)]);
    load[3].outcome = Outcome::Failed(FailureClass::HttpStatus);
    let report = run(&[page("vllm engine")], &load);
    let tokens = row(&report, "vllm", "completion_tokens");
    assert_eq!(causes(tokens), [("failed_requests", None)]);
}

#[test]
fn tokens_that_the_client_guessed_are_said_to_be() {
    let mut load = load();
    for record in &mut load {
        record.usage = Usage::default();
        record.estimated_isl = 9;
    }
    let report = run(&[page("vllm engine")], &load);
    let prompts = row(&report, "vllm", "prompt_tokens");
    assert_eq!(prompts.client.avg, Some(36.0));
    assert_eq!(causes(prompts), [("estimated_client_tokens", None)]);
    let cached = row(&report, "vllm", "cached_tokens");
    assert_eq!(cached.server.avg, Some(8.0));
    assert_eq!(causes(cached), [("not_reported", None)]);
}

#[test]
fn a_first_token_that_is_held_back_is_not_blamed_on_the_whole_way() {
    let mut load = load();
    for record in &mut load {
        record.first_token = record.first_token.map(|at| MonoNs(at.0 + 40 * MS));
    }
    let report = run(&[page("vllm engine")], &load);
    let ttft = row(&report, "vllm", "time_to_first_token");
    let parts = [
        ("first_token_held_back", Some(40.0)),
        ("network_and_client", Some(10.0)),
    ];
    assert_eq!(causes(ttft), parts);
    let itl = row(&report, "vllm", "inter_token_latency");
    assert_eq!(causes(itl), [("first_token_held_back", Some(-10.0))]);
}

#[test]
fn answers_of_different_length_weigh_differently() {
    // The server's page as it is, but one answer of 2 tokens and one of 8 instead of two of 5.
    let mut load = load();
    let pace = [(2_u32, 30_i64), (8, 130 / 7)];
    for (record, (tokens, gap)) in load.iter_mut().zip(pace) {
        let start = record.start.unwrap().0;
        record.usage.completion_tokens = Some(tokens);
        let end = start + (100 + gap * (i64::from(tokens) - 1)) * MS;
        record.last_token = Some(MonoNs(end));
    }
    let report = run(&[page("vllm engine")], &load);
    let itl = row(&report, "vllm", "inter_token_latency");
    let by_request = (30.0 + 18.0 + 20.0 + 20.0) / 4.0;
    let by_gap = (30.0 + 7.0 * 18.0 + 8.0 * 20.0) / 16.0;
    let close = |a: f64, b: f64| (a - b).abs() < 1e-6;
    assert!(close(itl.client.avg.unwrap(), by_request), "{itl:?}");
    assert!(
        close(itl.causes[0].amount.unwrap(), by_request - by_gap),
        "{itl:?}"
    );
    let sum: f64 = itl.causes.iter().filter_map(|cause| cause.amount).sum();
    assert!(close(sum, itl.difference.unwrap()), "{itl:?}");
}
