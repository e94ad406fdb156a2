use proptest::prelude::*;

use super::*;

fn timeline(requests: &[(i64, i64)], from: i64, to: i64) -> Timeline {
    let (mut starts, mut ends): (Vec<i64>, Vec<i64>) = requests
        .iter()
        .map(|(start, length)| (*start, start + length))
        .unzip();
    starts.sort_unstable();
    ends.sort_unstable();
    Timeline {
        from,
        to,
        last_send: starts.last().copied(),
        events: Events::Exact { starts, ends },
        open_loop: false,
    }
}

/// In flight in the tick that begins at `at`: what changes, changes between ticks.
fn level(requests: &[(i64, i64)], at: i64) -> u64 {
    let inside = |(start, length): &&(i64, i64)| (*start..start + length).contains(&at);
    requests.iter().filter(inside).count() as u64
}

proptest! {
    #[test]
    fn what_is_in_flight_is_what_counting_at_each_moment_gives(
        requests in prop::collection::vec((0_i64..40, 1_i64..30), 0..12),
        from in 0_i64..10,
        length in 1_i64..60,
    ) {
        let to = from + length;
        let line = timeline(&requests, from, to);
        let levels: Vec<u64> = (from..to).map(|at| level(&requests, at)).collect();
        let sum: u64 = levels.iter().sum();
        let average = sum as f64 / length as f64;
        prop_assert!((line.average(from, to).unwrap() - average).abs() < 1e-9);
        let mut sorted = levels.clone();
        sorted.sort_unstable();
        let median = sorted[(levels.len() - 1) / 2] as f64;
        prop_assert_eq!(line.median(from, to), Some(median));
        let report = line.report(|at| at);
        prop_assert_eq!(report.max, *sorted.last().unwrap());
        prop_assert_eq!(report.series.len(), 1);
        prop_assert!((report.series[0].avg - average).abs() < 1e-9);
        let first = (from..to).find(|at| level(&requests, *at) as f64 >= 0.95 * 3.0);
        prop_assert_eq!(line.reaches(from, to, 3.0, 0.95), first);
    }

    #[test]
    fn a_series_covers_the_window_and_has_its_average(
        requests in prop::collection::vec((0_i64..4_000, 1_i64..2_000), 1..20),
        seconds in 1_i64..4_000,
    ) {
        let ms = |at: i64| at * 1_000_000;
        let requests: Vec<_> = requests.iter().map(|(at, length)| (ms(*at), ms(*length))).collect();
        let to = seconds * 1_000_000_000;
        let report = timeline(&requests, 0, to).report(|at| at);
        let interval = report.interval_seconds;
        let points = report.series.len() as f64;
        prop_assert!(report.series.len() <= 300 && points * interval >= seconds as f64 - 1e-9);
        let area: f64 = report.series.iter().enumerate().map(|(at, point)| {
            let length = interval.min(seconds as f64 - at as f64 * interval);
            point.avg * length
        }).sum();
        prop_assert!((area / seconds as f64 - report.avg.unwrap()).abs() < 1e-6);
        prop_assert_eq!(report.series.iter().map(|point| point.max).max(), Some(report.max));
    }
}

#[test]
fn a_request_that_follows_a_response_is_not_beside_it() {
    let line = timeline(&[(0, 5), (5, 5), (10, 5)], 0, 15);
    assert_eq!(line.report(|at| at).max, 1);
    assert_eq!(line.average(0, 15), Some(1.0));
}
