//! Runs that a function makes up.

use std::time::Duration;

use aiperf_plugin_sdk::report::{ClientMetric, Metadata, Report, RequestTotals, Stats};
use serde_json::{Value as Json, json};

use super::*;

fn plan(values: &[u32], runs: u32) -> SweepPlan {
    let axis = Axis {
        setting: "load.concurrency".to_owned(),
        values: values.iter().map(|value| json!(value)).collect(),
    };
    SweepPlan {
        axes: if values.is_empty() {
            vec![]
        } else {
            vec![axis]
        },
        mode: SweepMode::Grid,
        num_profile_runs: runs,
        cooldown: Duration::ZERO,
        confidence_level: 0.95,
        objectives: Vec::new(),
        search: None,
    }
}

/// A server that gives 100 tokens a second to each of 8 streams at most, the others wait.
fn report(place: &Place<'_>) -> Report {
    let concurrency = place
        .cell
        .values
        .first()
        .and_then(|(_, value)| value.as_f64());
    let concurrency = concurrency.unwrap_or(1.0);
    let metric = |avg: f64, unit: &str| ClientMetric {
        stats: Stats {
            avg: Some(avg),
            p99: Some(avg * 2.0),
            ..Stats::default()
        },
        unit: unit.to_owned(),
        ..ClientMetric::default()
    };
    let noise = f64::from(place.run);
    let metrics = [
        (
            "output_token_throughput",
            concurrency.min(8.0) * 100.0 + noise,
            "tokens/sec",
        ),
        ("time_to_first_token", 20.0 * concurrency, "ms"),
    ];
    let metrics = metrics.map(|(key, avg, unit)| (key.to_owned(), metric(avg, unit)));
    Report {
        metadata: Metadata::default(),
        llm_metrics: metrics.into_iter().collect(),
        requests: Some(RequestTotals {
            sent: 10,
            done: 10,
            ..RequestTotals::default()
        }),
        ..Report::default()
    }
}

fn ran(report: Report) -> Ran {
    Ran {
        report: Ok(report),
        folder: None,
        go_on: true,
    }
}

/// Carries a plan out. Returns the folders in order, the summary, and both files.
fn conducted(
    plan: &SweepPlan,
    mut run: impl FnMut(&Place<'_>) -> Ran,
) -> (Vec<String>, Summary, Json, String) {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("sweep");
    let mut files = SweepFiles::claim(&dir, std::sync::Arc::default()).unwrap();
    let mut folders = Vec::new();
    let mut ended = 0;
    let summary = conduct(
        plan,
        "1.0",
        &mut files,
        &mut |place| {
            folders.push(place.folder.clone());
            assert_eq!(place.number + 1, folders.len() as u64);
            Some(run(place))
        },
        &mut |summary, at| {
            ended += 1;
            assert!(!summary.cells[at].runs.is_empty() && !summary.complete);
            assert!(dir.join(JSON_FILE).exists(), "after each run");
        },
    );
    assert_eq!((ended, files.problem()), (folders.len(), None));
    let read = |name| std::fs::read_to_string(dir.join(name)).unwrap();
    let json = serde_json::from_str(&read(JSON_FILE)).unwrap();
    (folders, summary, json, read(CSV_FILE))
}

#[test]
fn rounds_take_all_cells() {
    let (folders, summary, json, csv) =
        conducted(&plan(&[1, 4, 16], 2), |place| ran(report(place)));
    assert_eq!(
        folders,
        [
            "concurrency_1/run_1",
            "concurrency_4/run_1",
            "concurrency_16/run_1",
            "concurrency_1/run_2",
            "concurrency_4/run_2",
            "concurrency_16/run_2",
        ]
    );
    assert!(summary.complete);
    let spread = summary.cells[1]
        .spread("output_token_throughput", "avg")
        .unwrap();
    assert_eq!(
        (spread.runs, spread.mean, spread.min, spread.max),
        (2, 401.5, 401.0, 402.0)
    );
    // t(0.95, 1) = 12.706, std = 1/√2
    assert!((spread.ci_high.unwrap() - 401.5 - 12.7062 / 2.0).abs() < 1e-3);
    let number = &json["cells"][1]["metrics"]["output_token_throughput"]["avg"];
    assert_eq!(number["mean"].as_f64(), Some(spread.mean));
    assert_eq!(number["ci_low"].as_f64(), spread.ci_low);
    let line = csv
        .lines()
        .find(|line| line.starts_with("4,output_token_throughput,tokens/sec,avg,"))
        .unwrap();
    let cells: Vec<&str> = line.split(',').skip(4).collect();
    assert_eq!(cells[..2], ["2", "401.5"]);
    assert_eq!(cells[6].parse::<f64>().ok(), spread.ci_high);
}

#[test]
fn the_front_leaves_out_what_only_waits() {
    let (_, summary, ..) = conducted(&plan(&[1, 4, 8, 16], 1), |place| ran(report(place)));
    let front = &summary.pareto[0];
    assert_eq!(front.minimize, "time_to_first_token:p99");
    // 16 streams get no more tokens than 8, later.
    assert_eq!(
        (front.cells.as_slice(), summary.pareto.len()),
        ([0, 1, 2].as_slice(), 1)
    );
}

#[test]
fn values_that_look_alike_have_folders_of_their_own() {
    let mut sweep = plan(&[1], 1);
    sweep.axes[0].setting = "endpoint.model".to_owned();
    sweep.axes[0].values = [
        json!("a/b"),
        json!("a_b"),
        json!("A_b"),
        json!("x".repeat(300)),
    ]
    .into();
    let (folders, ..) = conducted(&sweep, |place| ran(report(place)));
    assert_eq!(folders[..3], ["model_a_b", "model_a_b-2", "model_A_b-3"]);
    assert_eq!(folders[3].len(), 120);
}

#[test]
fn repeated_runs_need_no_cell() {
    let (folders, summary, ..) = conducted(&plan(&[], 12), |place| ran(report(place)));
    assert_eq!(
        (folders[0].as_str(), folders[11].as_str()),
        ("run_01", "run_12")
    );
    assert_eq!(summary.cells.len(), 1);
}

#[test]
fn a_run_without_a_report_costs_itself_only() {
    let mut sweep = plan(&[1, 4], 2);
    sweep.objectives = vec!["time_to_first_token <= 1000".parse().unwrap()];
    let (_, summary, json, _) = conducted(&sweep, |place| match place.number {
        1 => Ran {
            report: Err("the server is gone".to_owned()),
            folder: None,
            go_on: true,
        },
        _ => ran(report(place)),
    });
    assert!(summary.complete);
    assert_eq!(json["cells"][1]["runs"][0]["error"], "the server is gone");
    let spread = summary.cells[1]
        .spread("time_to_first_token", "avg")
        .unwrap();
    assert_eq!(spread.runs, 1);
    let kept: Vec<bool> = summary.cells.iter().map(CellSummary::keeps_slo).collect();
    assert_eq!(
        kept,
        [true, false],
        "nothing is known to be kept without a report"
    );
}

#[test]
fn whoever_ends_it_has_what_ran() {
    let (folders, summary, json, _) = conducted(&plan(&[1, 4, 8], 1), |place| Ran {
        go_on: place.number < 1,
        ..ran(report(place))
    });
    assert_eq!((folders.len(), summary.complete), (2, false));
    assert_eq!(json["complete"], false);
    assert!(summary.cells[2].runs.is_empty());
}

#[test]
fn a_search_finds_the_largest_load_that_keeps_its_limits() {
    let mut sweep = plan(&[], 1);
    sweep.objectives = vec![
        "time_to_first_token:p99 <= 900".parse().unwrap(),
        Objective::no_failures(),
    ];
    sweep.search = Some(SearchPlan {
        setting: "load.concurrency".to_owned(),
        min: 1.0,
        max: 256.0,
        precision: 0.01,
        whole: true,
    });
    let (folders, summary, json, _) = conducted(&sweep, |place| ran(report(place)));
    // p99 is 40 ms for each.
    assert_eq!(summary.search.as_ref().unwrap().largest_kept, Some(22.0));
    assert_eq!(json["search"]["smallest_broken"], 23.0);
    assert_eq!(
        folders[..3],
        ["concurrency_1", "concurrency_2", "concurrency_4"]
    );
    assert_eq!(json["cells"][0]["values"]["load.concurrency"], 1);
    assert_eq!(sweep.runs(), None);
}
#[test]
fn a_failed_request_breaks_the_limits() {
    let mut sweep = plan(&[1], 1);
    sweep.objectives = vec![Objective::no_failures()];
    let (_, summary, ..) = conducted(&sweep, |place| {
        let mut report = report(place);
        report.requests = Some(RequestTotals {
            sent: 10,
            done: 9,
            failed: 1,
            ..RequestTotals::default()
        });
        ran(report)
    });
    let slo = &summary.cells[0].slo[0];
    assert_eq!((slo.value, slo.kept), (Some(0.1), false));
}

#[test]
fn a_folder_with_something_in_it_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("sweep");
    let claim = || SweepFiles::claim(&dir, std::sync::Arc::default()).unwrap();
    let first = claim();
    assert_eq!(first.dir(), dir);
    first.put("aiperf.toml", b"x").unwrap();
    assert_eq!(claim().dir(), folder.path().join("sweep-2"));
}
