use proptest::prelude::*;

use super::*;

fn close(a: Option<f64>, b: f64) -> bool {
    a.is_some_and(|a| (a - b).abs() <= 1e-9 * b.abs().max(1.0))
}

/// numpy's definition, word for word: sort, position (n-1)p, linear between neighbours.
fn naive_percentile(values: &[f64], p: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let position = (sorted.len() - 1) as f64 * p / 100.0;
    let (low, high) = (position.floor(), position.ceil());
    let pick = |at: f64| sorted[format!("{at}").parse::<usize>().unwrap()];
    pick(low) * (1.0 - (position - low)) + pick(high) * (position - low)
}

proptest! {
    #[test]
    fn the_seven_equal_the_naive_ones(values in prop::collection::vec(-1e6..1e6_f64, 1..200)) {
        let stats = summary(&mut values.clone());
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        let variance = values.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / n;
        prop_assert!(close(stats.avg, mean));
        prop_assert!((stats.std.unwrap() - variance.sqrt()).abs() < 1e-6);
        prop_assert_eq!(stats.min, values.iter().copied().reduce(f64::min));
        prop_assert_eq!(stats.max, values.iter().copied().reduce(f64::max));
        for (stat, p) in [(stats.p50, 50.0), (stats.p90, 90.0), (stats.p99, 99.0)] {
            prop_assert!(close(stat, naive_percentile(&values, p)), "p{p}");
        }
    }

    #[test]
    fn percentiles_are_between_neighbours_and_rise(
        mut values in prop::collection::vec(prop::num::f64::NORMAL, 1..30),
        p in 0.0..100.0_f64,
        more in 0.0..50.0_f64,
    ) {
        let low = percentile(&mut values, p).unwrap();
        let high = percentile(&mut values, (p + more).min(100.0)).unwrap();
        prop_assert!(low <= high);
        prop_assert!(values.iter().any(|value| *value <= low));
    }

    #[test]
    fn order_and_unit_of_weights_do_not_matter(
        pairs in prop::collection::vec((0..5_u8, 1..9_u8), 1..30),
        turn in 0..30_usize,
    ) {
        let split = |pairs: &[(u8, u8)], unit: f64| {
            let (values, weights): (Vec<f64>, Vec<f64>) =
                pairs.iter().map(|(v, w)| (f64::from(*v), f64::from(*w) * unit)).unzip();
            weighted_summary(&values, &weights)
        };
        let mut turned = pairs.clone();
        turned.rotate_left(turn % pairs.len());
        let (here, there) = (split(&pairs, 1.0), split(&turned, 1e9));
        for (a, b) in here.seven().into_iter().zip(there.seven()) {
            prop_assert!((a.unwrap() - b.unwrap()).abs() < 1e-9, "{here:?} {there:?}");
        }
    }

    #[test]
    fn weighted_percentiles_equal_the_naive_ones(
        pairs in prop::collection::vec((-50..50_i32, 1..9_u8), 2..30),
        p in prop::sample::select(vec![50.0, 90.0, 99.0]),
    ) {
        let mut sorted = pairs.clone();
        sorted.sort_unstable();
        let middle = |k: usize| {
            let before: f64 = sorted[..k].iter().map(|(_, w)| f64::from(*w)).sum();
            before + f64::from(sorted[k].1) / 2.0
        };
        let (first, last) = (middle(0), middle(sorted.len() - 1));
        let target = first + (last - first) * p / 100.0;
        let k = (1..sorted.len()).find(|k| middle(*k) >= target - 1e-9).unwrap();
        let share = (target - middle(k - 1)) / (middle(k) - middle(k - 1));
        let (low, high) = (f64::from(sorted[k - 1].0), f64::from(sorted[k].0));
        let expected = low + (high - low) * share;
        let (values, weights): (Vec<f64>, Vec<f64>) =
            pairs.iter().map(|(v, w)| (f64::from(*v), f64::from(*w))).unzip();
        let stats = weighted_summary(&values, &weights);
        let got = match p { 50.0 => stats.p50, 90.0 => stats.p90, _ => stats.p99 };
        prop_assert!((got.unwrap() - expected).abs() < 1e-6, "{got:?} {expected}");
    }

    #[test]
    fn equal_weights_change_nothing(
        values in prop::collection::vec(-1e6..1e6_f64, 1..100),
        weight in 0.1..10.0_f64,
    ) {
        let plain = summary(&mut values.clone());
        let weighted = weighted_summary(&values, &vec![weight; values.len()]);
        for (a, b) in weighted.seven().into_iter().zip(plain.seven()) {
            prop_assert!((a.unwrap() - b.unwrap()).abs() < 1e-6, "{weighted:?} {plain:?}");
        }
    }

    #[test]
    fn a_weight_of_two_means_the_value_twice(
        values in prop::collection::vec(-1e3..1e3_f64, 2..50),
        doubled in prop::collection::vec(any::<bool>(), 50),
    ) {
        let weights: Vec<f64> = values.iter().zip(&doubled).map(|(_, d)| f64::from(1 + u8::from(*d))).collect();
        let repeated: Vec<f64> = values
            .iter()
            .zip(&weights)
            .flat_map(|(value, weight)| std::iter::repeat_n(*value, if *weight > 1.5 { 2 } else { 1 }))
            .collect();
        let mean = repeated.iter().sum::<f64>() / repeated.len() as f64;
        prop_assert!(close(weighted_summary(&values, &weights).avg, mean));
    }

    #[test]
    fn weights_fill_the_window(gaps in prop::collection::vec(1..1000_i64, 1..50), tail in 0..1000_i64) {
        let mut times = Vec::new();
        let mut now = 1_730_000_000_000_000_000;
        let start = now;
        for gap in gaps {
            now += gap * 1_000_000;
            times.push(now);
        }
        let end = now + tail * 1_000_000;
        let weights = nearest_weights(&times, start, end);
        let window = (end - start) as f64;
        prop_assert_eq!(Some(weights.iter().sum::<f64>()), Some(window));
        prop_assert!(weights.iter().all(|weight| *weight >= 0.0));
    }

    #[test]
    fn a_counter_that_restarts_loses_nothing(
        steps in prop::collection::vec((0..100_u32, prop::bool::weighted(0.1)), 1..100),
    ) {
        // The truth: what was counted in all. What is read: the counter, which restarts at times.
        // A restart shows only if the counter is then below where it was.
        let (mut counter, mut total, mut readings, mut shown) = (0.0, 0.0, Vec::new(), 0);
        for (step, restart) in steps {
            let step = f64::from(step);
            if restart && step < counter {
                counter = 0.0;
                shown += 1;
            }
            counter += step;
            total += step;
            readings.push(Some(counter));
        }
        let increases = increases(Running::new(Some(0.0)), &readings);
        prop_assert_eq!(Some(increases.steps.iter().sum::<f64>()), Some(total));
        prop_assert_eq!(Some(increases.total), Some(total));
        prop_assert_eq!(increases.resets, shown);
    }

    #[test]
    fn without_a_restart_the_total_is_the_difference(
        steps in prop::collection::vec(0.0..1.0_f64, 1..50),
        base in 0.0..1e6_f64,
    ) {
        let mut counter = base;
        let readings: Vec<_> = steps.iter().map(|step| { counter += step; Some(counter) }).collect();
        let total = increases(Running::new(Some(base)), &readings).total;
        prop_assert_eq!(Some(total), Some(counter - base));
    }

    #[test]
    fn rates_leave_no_increase_out(
        readings in prop::collection::vec((0..1000_i64, 0..100_u32), 2..50),
    ) {
        let mut now = 0;
        let (mut times, mut steps) = (Vec::new(), Vec::new());
        for (gap, step) in readings {
            now += gap * 1_000_000;
            times.push(now);
            steps.push(if gap > 0 { f64::from(step) } else { 0.0 });
        }
        steps[0] = 0.0;
        let rates = rates(&times, &steps);
        let mut gaps: Vec<_> = times.windows(2).map(|t| t[1] - t[0]).filter(|g| *g > 0).collect();
        gaps.sort_unstable();
        prop_assert!(rates.len() <= gaps.len());
        prop_assert_eq!(rates.is_empty(), gaps.is_empty());
        let all = steps.iter().sum::<f64>() / ((times[times.len() - 1] - times[0]) as f64 / 1e9);
        if let Some(first) = rates.first() {
            let least = rates.iter().copied().fold(*first, f64::min);
            let most = rates.iter().copied().fold(*first, f64::max);
            prop_assert!(least <= all * (1.0 + 1e-9) && all <= most * (1.0 + 1e-9), "{rates:?} {all}");
        }
    }
}

#[test]
fn nothing_in_nothing_out() {
    assert_eq!(summary(&mut []).seven(), [None; 7]);
    assert_eq!(weighted_summary(&[], &[]).seven(), [None; 7]);
    assert_eq!(percentile(&mut [], 50.0), None);
    assert!(rates(&[5], &[1.0]).is_empty());
}

#[test]
fn unknown_base_and_gaps_in_the_readings() {
    let readings = [Some(5.0), None, Some(8.0), Some(f64::NAN), Some(2.0)];
    let increases = increases(Running::default(), &readings);
    assert_eq!(increases.steps, [0.0, 0.0, 3.0, 0.0, 2.0]);
    assert_eq!((increases.total, increases.resets), (5.0, 1));
}

#[test]
fn short_intervals_are_joined() {
    let second = 1_000_000_000;
    let times = [0, second, 2 * second, 2 * second + 1, 3 * second];
    let rates = rates(&times, &[9.0, 10.0, 20.0, 1.0, 29.0]);
    assert_eq!(rates, [10.0, 20.0, 30.0]);
}

#[test]
fn a_base_that_is_no_number_is_unknown() {
    for base in [None, Some(f64::NAN), Some(f64::INFINITY)] {
        let found = increases(Running::new(base), &[Some(5.0), Some(8.0)]);
        assert_eq!((found.steps, found.total), (vec![0.0, 3.0], 3.0));
    }
}
