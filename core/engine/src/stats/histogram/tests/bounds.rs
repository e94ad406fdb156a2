//! Bounds hold, are sharp, and follow from what was seen only.

use super::*;

/// The same estimator, made to forget its intervals.
fn by_grid(mut estimator: HistogramEstimator) -> HistogramEstimator {
    estimator.complete = false;
    estimator
}

fn pooled(series: &Series) -> HistogramEstimator {
    let mut estimator = HistogramEstimator::new(&series.edges, series.integer, BoundScope::Pooled);
    series.feed(&mut estimator);
    estimator
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn truth_lies_within_bounds(series in series()) {
        let truth = series.sorted();
        let (first, last) = (truth.first().copied(), truth.last().copied());
        let slack = 1e-9 * series.size();
        for estimator in [series.estimator(), by_grid(series.estimator()), pooled(&series)] {
            let estimate = all_ranks(&series, &estimator);
            for (value, quantile) in at_ranks(&series).iter().zip(&estimate.quantiles) {
                prop_assert!(within(quantile.bounds, *value, slack), "{value} {quantile:?}");
            }
            prop_assert_eq!(estimate.min.is_some(), first.is_some());
            for (bounds, value) in [(estimate.min, first), (estimate.max, last)] {
                prop_assert!(bounds.zip(value).is_none_or(|(bounds, value)| within(bounds, value, slack)));
            }
            let n = truth.len() as f64;
            let mean = truth.iter().sum::<f64>() / n;
            let std = (truth.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n).sqrt();
            if let Some(bounds) = estimate.std_bounds {
                prop_assert!(within(bounds, std, root_slack(1e-6 * series.size())), "{std} {bounds:?}");
                prop_assert!(within(bounds, estimate.std.unwrap(), 0.0));
            }
            prop_assert_eq!(estimate.inconsistent, 0);
        }
    }

    #[test]
    fn less_information_gives_wider_bounds_within_edges(series in series()) {
        let slack = 1e-9 * series.size();
        let sharp = all_ranks(&series, &series.estimator());
        let grid = all_ranks(&series, &by_grid(series.estimator()));
        let pooled = all_ranks(&series, &pooled(&series));
        let mut edges_only = HistogramEstimator::new(&series.edges, series.integer, BoundScope::Buckets);
        series.feed(&mut edges_only);
        let edges = all_ranks(&series, &edges_only);
        for at in 0..sharp.quantiles.len() {
            let of = |estimate: &HistogramEstimate| estimate.quantiles[at].bounds;
            prop_assert!(inside(of(&sharp), of(&grid), slack));
            prop_assert!(inside(of(&sharp), of(&pooled), slack));
            prop_assert!(inside(of(&grid), of(&edges), slack));
            prop_assert!(inside(of(&pooled), of(&edges), slack));
        }
        for (narrow, wide) in [(sharp.min, grid.min), (sharp.max, grid.max)] {
            prop_assert!(narrow.zip(wide).is_none_or(|(narrow, wide)| inside(narrow, wide, slack)));
        }
    }

    #[test]
    fn bounds_rise_with_rank(series in series()) {
        for estimator in [series.estimator(), by_grid(series.estimator())] {
            let estimate = all_ranks(&series, &estimator);
            let slack = 1e-9 * series.size();
            for pair in estimate.quantiles.windows(2) {
                let (a, b) = (pair[0].bounds, pair[1].bounds);
                let upper = |bounds: ValueBounds| bounds.upper.unwrap_or(f64::INFINITY);
                prop_assert!(a.lower.unwrap() <= b.lower.unwrap() + slack);
                prop_assert!(upper(a) <= upper(b) + slack);
                prop_assert!(a.lower.unwrap() <= upper(a) + slack);
            }
        }
    }

    #[test]
    fn splitting_an_interval_never_widens(series in series(), at in 0..30_usize, cut in 0..40_usize) {
        let mut split = series.clone();
        let at = at % split.intervals.len();
        let rest = {
            let interval = &mut split.intervals[at];
            interval.split_off(cut.min(interval.len()))
        };
        split.intervals.insert(at + 1, rest);
        split.intervals.push(Vec::new());
        let whole = all_ranks(&series, &series.estimator());
        let parts = all_ranks(&split, &split.estimator());
        for (part, whole) in parts.quantiles.iter().zip(&whole.quantiles) {
            prop_assert!(inside(part.bounds, whole.bounds, 1e-9 * series.size()));
        }
    }

    #[test]
    fn order_of_intervals_and_where_they_were_seen_do_not_matter(
        series in series(),
        cut in 0..30_usize,
    ) {
        let mut turned = series.clone();
        let cut = cut % turned.intervals.len();
        turned.intervals.rotate_left(cut);
        let (first, second) = series.split(cut);
        let mut merged = first.estimator();
        merged.merge(&second.estimator());
        let slack = 1e-9 * series.size();
        for grid in [false, true] {
            let form = |estimator| if grid { by_grid(estimator) } else { estimator };
            let straight = all_ranks(&series, &form(series.estimator()));
            for other in [turned.estimator(), merged.clone()] {
                let other = all_ranks(&series, &form(other));
                for (a, b) in straight.quantiles.iter().zip(&other.quantiles) {
                    prop_assert!(inside(a.bounds, b.bounds, slack), "{a:?} {b:?}");
                    prop_assert!(inside(b.bounds, a.bounds, slack), "{a:?} {b:?}");
                }
            }
        }
    }

    #[test]
    fn units_do_not_matter(series in series(), shift in -8..9_i32) {
        let unit = 2_f64.powi(shift);
        let mut scaled = Series { integer: false, ..series.clone() };
        let straight = all_ranks(&series, &scaled.estimator());
        scaled.start *= unit;
        scaled.edges.iter_mut().for_each(|edge| *edge *= unit);
        scaled.intervals.iter_mut().flatten().for_each(|value| *value *= unit);
        let scaled = all_ranks(&scaled, &scaled.estimator());
        for (a, b) in straight.quantiles.iter().zip(&scaled.quantiles) {
            let bounds = ValueBounds {
                lower: a.bounds.lower.map(|lower| lower * unit),
                upper: a.bounds.upper.map(|upper| upper * unit),
            };
            prop_assert_eq!(b.bounds, bounds);
            let (value, expected) = (b.value.unwrap(), a.value.unwrap() * unit);
            prop_assert!((value - expected).abs() <= 1e-6 * series.size() * unit, "{value} {expected}");
        }
    }

    #[test]
    fn another_edge_never_widens(series in series(), edge in 0.0..1.0_f64) {
        let mut finer = Series { integer: false, ..series.clone() };
        let coarse = all_ranks(&finer, &finer.estimator());
        finer.edges.push(edge * series.edges.last().unwrap());
        finer.edges.sort_by(f64::total_cmp);
        finer.edges.dedup();
        let finer = all_ranks(&finer, &finer.estimator());
        for (fine, coarse) in finer.quantiles.iter().zip(&coarse.quantiles) {
            prop_assert!(inside(fine.bounds, coarse.bounds, 1e-9 * series.size()));
        }
    }

    #[test]
    fn whole_numbers_never_widen(series in series().prop_filter("whole", |series| series.integer)) {
        let whole = all_ranks(&series, &series.estimator());
        let real = Series { integer: false, ..series.clone() };
        let real = all_ranks(&real, &real.estimator());
        for (whole, real) in whole.quantiles.iter().zip(&real.quantiles) {
            prop_assert!(inside(whole.bounds, real.bounds, 1e-9 * series.size()));
        }
    }

    #[test]
    fn what_was_counted_before_does_not_matter(series in series()) {
        let fresh = Series { start: 0.0, ..series.clone() };
        let (fresh, used) = (fresh.estimator(), series.estimator());
        let (fresh, used) = (all_ranks(&series, &fresh), all_ranks(&series, &used));
        // An accumulator of 1e7 loses digits that one of zero has.
        let slack = 1e-3 * series.size();
        for (fresh, used) in fresh.quantiles.iter().zip(&used.quantiles) {
            prop_assert!(inside(fresh.bounds, used.bounds, slack));
            prop_assert!(inside(used.bounds, fresh.bounds, slack));
        }
    }
}

/// All ways in which few observations can lie on a raster of values.
fn all_ways(series: &Series, raster: usize) -> Vec<Vec<f64>> {
    let top = 2.0 * series.edges.last().unwrap();
    let values: Vec<f64> = (0..=raster)
        .map(|step| top * step as f64 / raster as f64)
        .collect();
    let mut ways: Vec<Vec<f64>> = vec![Vec::new()];
    for interval in &series.intervals {
        let mut own: Vec<Vec<f64>> = vec![Vec::new()];
        for _ in interval {
            let more = |way: &Vec<f64>| -> Vec<Vec<f64>> {
                values
                    .iter()
                    .map(|value| [way.as_slice(), &[*value]].concat())
                    .collect()
            };
            own = own.iter().flat_map(more).collect();
        }
        let sum: f64 = interval.iter().sum();
        own.retain(|way| {
            let same_sum = (way.iter().sum::<f64>() - sum).abs() < 1e-9;
            same_sum && series.counts(way) == series.counts(interval)
        });
        ways = ways
            .iter()
            .flat_map(|way| own.iter().map(move |more| [way.as_slice(), more].concat()))
            .collect();
    }
    ways
}

#[test]
fn bounds_are_sharp() {
    // On the raster of all_ways, so that what is possible is found.
    for intervals in [
        [&[0.5, 1.5][..], &[1.5]],
        [&[0.25, 0.75, 2.5], &[0.5]],
        [&[1.5, 1.75], &[1.25, 2.75]],
        [&[0.25, 0.25], &[0.75, 3.5]],
    ] {
        let series = Series::new(&[1.0, 2.0], &intervals);
        let estimate = all_ranks(&series, &series.estimator());
        let mut extremes = vec![(f64::INFINITY, f64::NEG_INFINITY); estimate.quantiles.len()];
        let mut stds = (f64::INFINITY, f64::NEG_INFINITY);
        for mut way in all_ways(&series, 16) {
            way.sort_by(f64::total_cmp);
            for (extreme, value) in extremes.iter_mut().zip(&way) {
                *extreme = (extreme.0.min(*value), extreme.1.max(*value));
            }
            let (n, mean) = (way.len() as f64, way.iter().sum::<f64>() / way.len() as f64);
            let std = (way.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n).sqrt();
            stds = (stds.0.min(std), stds.1.max(std));
        }
        // Edges belong to the bucket below, a raster of a quarter is 0.25 off at most.
        for (quantile, (least, most)) in estimate.quantiles.iter().zip(extremes) {
            let (lower, upper) = (
                quantile.bounds.lower.unwrap(),
                quantile.bounds.upper.unwrap(),
            );
            assert!(
                lower <= least && least <= lower + 0.2501,
                "{least} {quantile:?} {intervals:?}"
            );
            assert!(
                most <= upper + 1e-9 && upper <= most + 0.2501,
                "{most} {quantile:?} {intervals:?}"
            );
        }
        let std = estimate.std_bounds.unwrap();
        assert!(within(std, stds.0, 1e-6) && within(std, stds.1, 1e-6));
        assert!(stds.0 - std.lower.unwrap() < 0.25 && std.upper.unwrap() - stds.1 < 0.25);
    }
}
