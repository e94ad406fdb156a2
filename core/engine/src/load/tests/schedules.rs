//! Traces, against the simulated server's own record of what came when.

use std::collections::HashMap;

use aiperf_sim::{Sim, SimConfig};

use super::*;

#[test]
fn requests_of_a_trace_are_due_at_its_times_and_never_sent_earlier() {
    let sim = Sim::start(SimConfig {
        ttft: Duration::from_millis(2),
        itl: Duration::from_micros(100),
        ..SimConfig::default()
    })
    .unwrap();
    let line = |at: u32| {
        let length = 10 + at;
        format!(
            "{{\"timestamp\": {at}, \"input_length\": {length}, \"output_length\": 3, \"hash_ids\": [1]}}\n"
        )
    };
    let trace: String = [30, 10, 90, 10, 20].map(line).concat();
    let replay = Replay {
        from: None,
        until: Some(Duration::from_millis(40)),
        auto_offset: true,
        speedup: 0.5,
    };
    let dataset = Dataset::of_text(&trace, DatasetFormat::MooncakeTrace);
    let (dataset, moments) = dataset.scheduled(replay).unwrap();
    let mut plan = plan(&sim.url(), vec![count(1, 4)]);
    plan.model = SimConfig::default().model;
    plan.phases[0].arrival = ArrivalPlan::Schedule(Arc::clone(&moments));
    plan.phases[0].concurrency = None;
    plan.prompts.file = Some((Arc::new(dataset), Sampling::Sequential));
    let (outcomes, records) = run(plan);
    let truth = sim.stop();
    assert_eq!((outcomes[0].ok, truth.totals.finished), (4, 4));
    let by_id: HashMap<u64, _> = truth
        .requests
        .iter()
        .map(|one| (one.x_request_id.as_ref().unwrap().parse().unwrap(), one))
        .collect();
    let start = outcomes[0].start;
    // (what is due, how long the prompt is) in the order of time.
    let expected = [(0, 20), (0, 20), (20, 30), (40, 40)];
    for (id, (ms, length)) in (1..).zip(expected) {
        let row = records.rows().find(|row| row.id == id).unwrap();
        let truth = by_id[&id];
        assert_eq!(row.intended, start.after(Duration::from_millis(ms)));
        assert_eq!((truth.prompt_tokens, truth.completion_tokens), (length, 3));
        let sent = row.start.unwrap();
        assert!(row.intended <= sent && sent.0 <= truth.arrival_ns, "{id}");
    }
}
