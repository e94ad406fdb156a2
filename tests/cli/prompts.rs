//! Prompts from files, and what goes with prompts.

use aiperf_sim::{Sim, SimConfig};
use serde_json::Value;

use super::context::Context;

/// Runs `n` requests one after the other, so that servers see the file's order.
fn profile(context: &Context, sim: &Sim, n: &str, more: &[&str]) -> Value {
    let url = sim.url();
    let mut args = vec![
        "profile",
        "--url",
        &url,
        "-n",
        n,
        "--artifact-dir",
        "out",
        "--ui",
        "none",
    ];
    args.extend(more);
    context.succeed(&args);
    context.json("out/aiperf.json")
}

fn sim() -> Sim {
    Sim::start(SimConfig::default()).expect("a simulated server")
}

#[test]
fn a_file_is_asked_in_its_order_with_its_own_lengths() {
    let (sim, context) = (sim(), Context::new());
    let lines = "{\"text\":\"one\",\"output_length\":3}\n{\"text\":\"one two\"}\n\
                 {\"system\":\"be\",\"text\":\"one two three\",\"output_length\":4}\n";
    context.write("prompts.jsonl", lines);
    let report = profile(
        &context,
        &sim,
        "3",
        &["--input-file", "prompts.jsonl", "--osl", "6"],
    );
    let truth = sim.stop();
    let asked: Vec<_> = truth
        .requests
        .iter()
        .map(|request| (request.prompt_tokens, request.completion_tokens))
        .collect();
    assert_eq!(asked, [(1, 3), (2, 6), (4, 4)]);
    assert_eq!(report["requests"]["completion_tokens"], 13);
    let inputs = context.json("out/inputs.json");
    let generator = &inputs["phases"][0]["generator"];
    assert_eq!(
        (&generator["kind"], &generator["conversations"]),
        (&"file".into(), &3.into())
    );
    assert_eq!(inputs["phases"][0]["prompts"][2]["prompt"], "one two three");
}

#[test]
fn bodies_are_sent_as_they_are() {
    let (sim, context) = (sim(), Context::new());
    let body = r#"{"model":"sim-model","prompt":"a b c","max_tokens":2,"stream":true}"#;
    context.write("bodies.jsonl", &format!("{body}\n{body}\n"));
    let url = format!("{}/v1/completions", sim.url());
    let args = [
        "profile",
        "--url",
        &url,
        "--endpoint-type",
        "raw",
        "--input-file",
        "bodies.jsonl",
    ];
    let more = [
        "-n",
        "2",
        "-m",
        "sim-model",
        "--artifact-dir",
        "out",
        "--ui",
        "none",
    ];
    context.succeed(&[&args[..], &more[..]].concat());
    let truth = sim.stop();
    assert_eq!(
        (truth.totals.prompt_tokens, truth.totals.completion_tokens),
        (6, 4)
    );
    let report = context.json("out/aiperf.json");
    let metric = |name: &str| report["llm_metrics"][name]["n"].as_u64();
    assert_eq!(metric("time_to_first_token"), Some(2));
}

#[test]
fn prompts_that_repeat_are_told() {
    let (sim, context) = (sim(), Context::new());
    context.write("prompts.txt", "one\ntwo\n");
    let url = sim.url();
    let args = [
        "profile",
        "--url",
        &url,
        "-n",
        "5",
        "--input-file",
        "prompts.txt",
    ];
    let ran = context.succeed(
        &[
            &args[..],
            &["--osl", "2", "--artifact-dir", "out", "--ui", "none"],
        ]
        .concat(),
    );
    assert!(
        ran.stderr
            .contains("2 prompts for 5 requests: they are sent again"),
        "{}",
        ran.stderr
    );
}

#[test]
fn a_trace_gives_lengths_and_its_times_are_told_to_be_left_out() {
    let (sim, context) = (sim(), Context::new());
    let lines = "{\"timestamp\":0,\"input_length\":20,\"output_length\":3,\"hash_ids\":[1]}\n\
                 {\"timestamp\":5000,\"input_length\":600,\"output_length\":2,\"hash_ids\":[1,2]}\n";
    context.write("trace.jsonl", lines);
    let url = sim.url();
    let args = ["profile", "--url", &url, "-n", "2", "--artifact-dir", "out"];
    let more = [
        "--ui",
        "none",
        "--input-file",
        "trace.jsonl",
        "--concurrency",
        "1",
    ];
    let ran = context.succeed(&[&args[..], &more[..]].concat());
    let truth = sim.stop();
    let asked: Vec<_> = truth
        .requests
        .iter()
        .map(|request| (request.prompt_tokens, request.completion_tokens))
        .collect();
    assert_eq!(asked, [(20, 3), (600, 2)]);
    let told = ran
        .stderr
        .contains("the times in the file are not followed");
    assert!(told, "{}", ran.stderr);
    let settings = &context.json("out/aiperf.json")["metadata"]["settings"];
    assert_eq!(settings.get("fixed_schedule"), None);
}

#[test]
fn a_trace_is_replayed_unless_it_is_told_not_to_be() {
    let turn = |at| {
        format!(
            "{{\"session_id\":\"a\",\"timestamp\":{at},\"input_length\":8,\"output_length\":2}}\n"
        )
    };
    let scheduled = |more: &[&str]| {
        let (sim, out, context) = (sim(), "out", Context::new());
        context.write("trace.jsonl", &[0, 1, 2].map(turn).concat());
        let url = sim.url();
        let args = [
            "profile",
            "--url",
            &url,
            "--artifact-dir",
            out,
            "--ui",
            "none",
        ];
        let file = ["--input-file", "trace.jsonl"];
        let ran = context.succeed(&[&args[..], &file[..], more].concat());
        assert!(!ran.stderr.contains("are not followed"), "{}", ran.stderr);
        let report = context.json("out/aiperf.json");
        let lines = context.json_lines("out/profile_export.jsonl").into_iter();
        let longest = lines.filter_map(|line| line["turn_index"].as_u64()).max();
        let settings = &report["metadata"]["settings"];
        (settings["fixed_schedule"] == true, longest)
    };
    assert_eq!(scheduled(&[]), (true, Some(2)));
    assert_eq!(scheduled(&["--open-loop-strict"]), (true, None), "no turns");
    assert!(!scheduled(&["--no-fixed-schedule"]).0);
}

#[test]
fn a_given_system_prompt_stands_before_those_that_have_none() {
    let context = Context::new();
    context.write("system.txt", "be brief and kind");
    context.write(
        "p.jsonl",
        "{\"text\":\"one two\"}\n{\"text\":\"three\",\"system\":\"be long\"}\n",
    );
    let asked = |more: &[&str]| {
        let sim = sim();
        let url = sim.url();
        let args = ["profile", "--url", &url, "-n", "2", "--concurrency", "1"];
        let quiet = ["--ui", "none", "--no-server-metrics"];
        context.succeed(&[&args[..], &quiet, more].concat());
        let truth = sim.stop();
        let words = truth.requests.iter().map(|request| request.prompt_tokens);
        words.collect::<Vec<_>>()
    };
    let file = ["--input-file", "p.jsonl"];
    let given = ["--system-prompt-file", "system.txt"];
    assert_eq!(asked(&[&file[..], &given].concat()), [6, 3]);
    assert_eq!(
        asked(&["--isl", "5", "--system-prompt", "be brief"]),
        [7, 7]
    );
    let talk = ["--conversation-turn-mean", "2", "--isl", "5", "--osl", "3"];
    // The second turn has it once, and what was said.
    assert_eq!(asked(&[&talk[..], &given].concat()), [9, 17]);
}

#[test]
fn images_are_sent_and_make_no_words() {
    let (sim, context) = (sim(), Context::new());
    let images = [
        "--image-width-mean",
        "20",
        "--image-height-mean",
        "10",
        "--image-batch-size",
        "2",
    ];
    let report = profile(
        &context,
        &sim,
        "4",
        &[&images[..], &["--isl", "10", "--osl", "2"]].concat(),
    );
    let metrics = &report["llm_metrics"];
    assert_eq!(metrics["input_sequence_length"]["avg"], 10.0);
    let sent = &metrics["num_images"];
    assert_eq!((&sent["avg"], &sent["n"]), (&2.0.into(), &4.into()));
    assert_eq!(metrics["image_latency"]["unit"], "ms/image");
    let inputs = context.json("out/inputs.json");
    assert_eq!(inputs["phases"][0]["generator"]["images"]["per_request"], 2);
}

#[test]
fn files_that_are_wrong_are_told_with_their_lines() {
    let context = Context::new();
    context.write("p.jsonl", "{\"text\":\"a\"}\n{\"text\":7}\n");
    context.write(
        "t.jsonl",
        "{\"turns\":[{\"text\":\"a\"},{\"text\":\"b\"}]}\n",
    );
    let error = |args: &[&str]| {
        let ran = context.run(&[&["profile"], args].concat());
        assert_eq!(ran.code, Some(2), "{}", ran.stderr);
        ran.stderr
    };
    let wrong = error(&["--input-file", "p.jsonl"]);
    assert!(
        wrong.contains("`p.jsonl` line 2: invalid type: integer `7`"),
        "{wrong}"
    );
    let wrong = error(&["--input-file", "t.jsonl", "--endpoint-type", "embeddings"]);
    assert!(wrong.contains("`embeddings` has no answers"), "{wrong}");
    let wrong = error(&["--endpoint-type", "raw"]);
    assert!(wrong.contains("needs bodies"), "{wrong}");
    let wrong = error(&["--image-width-mean", "9"]);
    assert!(wrong.contains("give `image_height_mean` too"), "{wrong}");
    let wrong = error(&["--image-source", "p.jsonl"]);
    assert!(
        wrong.contains("is no PNG, JPEG, GIF or WebP image"),
        "{wrong}"
    );
    let wrong = error(&["--tokenizer", "none"]);
    assert!(
        wrong.contains("was built without tokenizers") || wrong.contains("cannot be read"),
        "{wrong}"
    );
}
