//! Conversations of several turns: from files and flags to files.

use aiperf_sim::{Sim, SimConfig};
use serde_json::{Value, json};

use super::context::Context;
use super::recording::report;

/// Runs a profile against a server; the lines of its requests in the order of sending.
fn run(context: &Context, sim: &Sim, args: &str) -> Vec<Value> {
    let url = sim.url();
    let mut all = vec!["profile", "--url", &url];
    all.extend("--ui none --no-server-metrics --artifact-dir out --osl 3".split(' '));
    all.extend(args.split_whitespace());
    context.succeed(&all);
    let mut lines = context.json_lines("out/profile_export.jsonl");
    lines.sort_by_key(|line| line["id"].as_u64());
    lines
}

#[test]
fn a_file_of_conversations_is_sent_turn_by_turn() {
    let sim = Sim::start(SimConfig::default()).expect("a simulated server");
    let context = Context::new();
    let long = json!({"session_id": "x", "turns": [
        {"text": "one two"}, {"text": "three", "delay": 2}, {"text": "four five six"},
    ]});
    let short = json!({"session_id": "y", "turns": [{"text": "seven"}]});
    context.write("talks.jsonl", &format!("{long}\n{short}\n"));
    let lines = run(&context, &sim, "--input-file talks.jsonl --concurrency 2");
    let of = |id: &str| -> Vec<(u64, u64)> {
        let mine = lines.iter().filter(|line| line["conversation_id"] == id);
        let number = |value: &Value| value.as_u64().expect("a number");
        mine.map(|line| {
            (
                number(&line["turn_index"]),
                number(&line["input_sequence_length"]),
            )
        })
        .collect()
    };
    // Each question stands behind the ones before it and their answers of three words.
    assert_eq!(of("x"), [(0, 2), (1, 6), (2, 12)]);
    assert_eq!(of("y"), [(0, 1)]);
    let numbers: Vec<_> = lines
        .iter()
        .map(|line| line["session_num"].as_u64())
        .collect();
    assert!(numbers.contains(&Some(0)) && numbers.contains(&Some(1)));
    assert_eq!(sim.stop().totals.completed, 4);

    let ran = report(&context, &["--format", "json"]);
    let again: Value = serde_json::from_str(&ran.stdout).expect("valid JSON");
    let written = context.json("out/aiperf.json");
    assert_eq!(again["llm_metrics"], written["llm_metrics"]);
}

#[test]
fn sharegpt_asks_the_questions_of_people() {
    let sim = Sim::start(SimConfig::default()).expect("a simulated server");
    let context = Context::new();
    let talk = json!([{"id": "t", "conversations": [
        {"from": "human", "value": "a b"}, {"from": "gpt", "value": "c d e f g h i j"},
        {"from": "human", "value": "k"}, {"from": "gpt", "value": "l"},
    ]}]);
    context.write("talk.json", &talk.to_string());
    let lines = run(&context, &sim, "--input-file talk.json");
    let lengths: Vec<_> = lines
        .iter()
        .map(|line| {
            let asked = &line["requested_output_tokens"];
            (line["input_sequence_length"].clone(), asked.clone())
        })
        .collect();
    // What the model says is what is said again, as long as the answer in the file.
    assert_eq!(lengths, [(json!(2), json!(4)), (json!(7), json!(1))]);
}

#[test]
fn made_up_conversations_have_as_many_turns_as_asked_for() {
    let sim = Sim::start(SimConfig::default()).expect("a simulated server");
    let context = Context::new();
    let lines = run(
        &context,
        &sim,
        "--num-sessions 4 --session-turns-mean 3 --session-turn-delay-mean 1 --isl 5 --num-users 2 \
         --user-centric-rate 200",
    );
    // The second of the two users has one turn of three behind him.
    assert_eq!(lines.len(), 11);
    let settings = &context.json("out/aiperf.json")["metadata"]["settings"];
    assert_eq!(
        (&settings["num_users"], &settings["user_centric_rate"]),
        (&json!(2), &json!(200.0))
    );
    assert_eq!(settings["conversation_num"], 4);
    let last = lines.iter().filter(|line| line["turn_index"] == 2);
    // Five words a turn, and three an answer.
    assert!(last.clone().all(|line| line["input_sequence_length"] == 21));
    assert_eq!(last.count(), 3);
    assert!(
        lines
            .iter()
            .all(|line| line.get("conversation_id").is_none())
    );
}

#[test]
fn what_does_not_go_together_is_told() {
    let context = Context::new();
    for (args, expected) in [
        ("--num-users 3", "`--num-users` needs a rate"),
        ("--user-centric-rate 3", "`--user-centric-rate` needs users"),
        (
            "--user-centric-rate 3 --num-users 2 --concurrency 4",
            "`--user-centric-rate` is a pace of its own",
        ),
        ("--rate-of conversations", "`--rate-of` needs a rate"),
        (
            "--conversation-turn-mean 3 --endpoint-type embeddings",
            "`embeddings` has no answers",
        ),
    ] {
        let mut all = vec!["profile"];
        all.extend(args.split_whitespace());
        let ran = context.run(&all);
        assert_eq!(ran.code, Some(2), "{args}");
        assert!(ran.stderr.contains(expected), "{args}: {}", ran.stderr);
    }
}

#[test]
fn a_rate_is_one_of_requests_or_of_conversations() {
    let sim = Sim::start(SimConfig::default()).expect("a simulated server");
    let context = Context::new();
    let session =
        "--conversation-turn-mean 3 --isl 4 --request-rate 400 --arrival-pattern constant";
    let lines = run(&context, &sim, &format!("{session} --request-count 20"));
    assert_eq!(lines.len(), 20, "a count is one of requests");
    let settings = |context: &Context| {
        context.json("out/aiperf.json")["metadata"]["settings"]["rate_of"].clone()
    };
    assert_eq!(settings(&context), "requests");
    let context = Context::new();
    let more =
        format!("{session} --rate-of conversations --num-sessions 7 --num-warmup-sessions 2");
    let lines = run(&context, &sim, &more);
    assert_eq!(settings(&context), "conversations");
    let report = context.json("out/aiperf.json");
    let requests = &report["requests"];
    assert_eq!(requests["sent"], 21, "{requests}");
    let warmup = lines.iter().filter(|line| line["phase"] == "warmup");
    assert_eq!(warmup.count(), 6, "two conversations, to their ends");
}
