use aiperf_plugin_sdk::MetricKind;
use proptest::prelude::*;

use super::*;
use crate::store::tests::{Bench, push};

/// A histogram on a page: buckets by edge as written, sum and count.
#[derive(Debug, Clone, Default)]
struct Page {
    buckets: Vec<(&'static str, f64)>,
    sum: Option<f64>,
    count: Option<f64>,
}

impl Page {
    fn new(buckets: &[(&'static str, f64)], sum: f64) -> Self {
        Self {
            buckets: buckets.to_vec(),
            sum: Some(sum),
            count: buckets.last().map(|(_, count)| *count),
        }
    }
}

fn filled(pages: &[Option<Page>]) -> Bench {
    let mut bench = Bench::new();
    let kind = MetricKind::Histogram;
    for page in pages {
        bench.tick(|b| {
            b.gauge("other", &[], 0.0);
            let Some(page) = page else { return };
            for (le, value) in &page.buckets {
                push(b, "h", kind, "h_bucket", &[("le", le)], *value);
            }
            if let Some(sum) = page.sum {
                push(b, "h", kind, "h_sum", &[], sum);
            }
            if let Some(count) = page.count {
                push(b, "h", kind, "h_count", &[], count);
            }
        });
    }
    bench
}

/// Edges and intervals of the one histogram.
fn intervals(bench: &Bench, start: u32, end: u32) -> (Vec<f64>, Vec<Interval>) {
    let endpoint = bench.store.endpoint(bench.endpoint);
    let Some(server) = endpoint.servers().next() else {
        return Default::default();
    };
    let families = server.families();
    let Some(family) = families.iter().find(|family| family.name() == "h") else {
        return Default::default();
    };
    let intervals = family.groups()[0].intervals(start, end);
    (intervals.edges().to_vec(), intervals.collect())
}

fn check(pages: &[Option<Page>], start: u32, end: u32, expect: &[(u32, &[f64], Option<f64>)]) {
    let (_, found) = intervals(&filled(pages), start, end);
    let found: Vec<_> = found
        .iter()
        .map(|i| (i.page, &i.counts[..], i.sum))
        .collect();
    assert_eq!(found, expect);
}

#[test]
fn the_window_starts_from_its_start_page_or_from_zero() {
    let pages = [
        None,
        Some(Page::new(&[("1", 1.0), ("+Inf", 2.0)], 5.0)),
        Some(Page::new(&[("1", 1.0), ("+Inf", 2.0)], 5.0)),
        Some(Page::new(&[("1", 3.0), ("+Inf", 5.0)], 9.0)),
    ];
    let last: (u32, &[f64], _) = (3, &[2.0, 1.0], Some(4.0));
    check(&pages, 0, 3, &[(1, &[1.0, 1.0], Some(5.0)), last]);
    check(&pages, 1, 3, &[last]);
    check(&pages, 2, 3, &[last]);
    check(&pages, 1, 2, &[]);
}

#[test]
fn buckets_may_stand_in_any_order_and_lack_infinity() {
    let page = |a, b, c| Page {
        buckets: vec![("10", b), ("2", a), ("1e3", b)],
        sum: None,
        count: Some(c),
    };
    let pages = [Some(page(1.0, 2.0, 3.0)), Some(page(2.0, 5.0, 7.0))];
    check(&pages, 0, 1, &[(1, &[1.0, 2.0, 0.0, 1.0], None)]);
    assert_eq!(intervals(&filled(&pages), 0, 1).0, [2.0, 10.0, 1000.0]);
}

#[test]
fn after_a_reset_the_page_counts_from_zero() {
    let pages = [
        Some(Page::new(&[("1", 4.0), ("+Inf", 9.0)], 50.0)),
        // Only one bucket is below its old value.
        Some(Page::new(&[("1", 3.0), ("+Inf", 12.0)], 60.0)),
        Some(Page::new(&[("1", 3.0), ("+Inf", 13.0)], 62.0)),
    ];
    let (_, found) = intervals(&filled(&pages), 0, 2);
    assert_eq!(found[0].counts, [3.0, 9.0]);
    assert_eq!(
        (found[0].sum, found[0].cumulative_sum, found[0].reset),
        (Some(60.0), 60.0, true)
    );
    assert_eq!((found[1].sum, found[1].reset), (Some(2.0), false));
}

#[test]
fn a_torn_page_is_told_and_right_again_with_the_next() {
    let pages = [
        Some(Page::new(&[("1", 4.0), ("+Inf", 4.0)], 1.0)),
        Some(Page::new(&[("1", 6.0), ("+Inf", 5.0)], 2.0)),
        Some(Page::new(&[("1", 6.0), ("+Inf", 7.0)], 3.0)),
    ];
    let (_, found) = intervals(&filled(&pages), 0, 2);
    assert!(found[0].is_torn() && !found[1].is_torn());
    let joined: Vec<f64> = found[0]
        .counts
        .iter()
        .zip(&found[1].counts)
        .map(|(a, b)| a + b)
        .collect();
    assert_eq!(joined, [2.0, 1.0]);
}

#[test]
fn a_new_edge_is_a_new_layout() {
    let pages = [
        Some(Page::new(&[("1", 1.0), ("+Inf", 1.0)], 1.0)),
        Some(Page::new(&[("1", 2.0), ("2", 2.0), ("+Inf", 3.0)], 5.0)),
        Some(Page::new(&[("1", 3.0), ("2", 3.0), ("+Inf", 4.0)], 6.0)),
    ];
    let bench = filled(&pages);
    let (edges, found) = intervals(&bench, 0, 2);
    assert_eq!(edges, [1.0, 2.0]);
    assert_eq!(
        found.iter().map(|i| i.layout_changed).collect::<Vec<_>>(),
        [true, false]
    );
    let (edges, found) = intervals(&bench, 1, 2);
    assert_eq!((edges.len(), found[0].layout_changed), (2, false));
}

#[test]
fn a_sum_that_is_not_finite_is_unknown_until_a_restart() {
    let page = |count, sum| Some(Page::new(&[("1", count), ("+Inf", count)], sum));
    let pages = [
        page(1.0, 1.0),
        page(2.0, f64::NAN),
        page(3.0, 5.0),
        page(1.0, 0.5),
    ];
    let (_, found) = intervals(&filled(&pages), 0, 3);
    let sums: Vec<_> = found.iter().map(|interval| interval.sum).collect();
    assert_eq!(sums, [None, None, Some(0.5)]);
}

/// What a page says, found without the store's help.
#[derive(Clone)]
struct Seen {
    edges: Vec<(f64, f64)>,
    total: f64,
    count: Option<f64>,
    sum: Option<f64>,
}

/// Reads pages one by one. `order` is in which order edges were first written.
fn seen(page: &Page, order: &[&str]) -> Option<Seen> {
    let finite = |value: Option<f64>| value.filter(|value| value.is_finite());
    let mut edges: Vec<(f64, f64)> = Vec::new();
    let mut infinite = None;
    for text in order {
        let on_page = page.buckets.iter().rev().find(|(le, _)| le == text);
        let Some(value) = finite(on_page.map(|(_, value)| *value)) else {
            continue;
        };
        let le: f64 = text.parse().unwrap();
        if le.is_infinite() {
            infinite = Some(value);
            continue;
        }
        edges.retain(|(known, _)| known.total_cmp(&le).is_ne());
        edges.push((le, value));
    }
    edges.sort_by(|a, b| a.0.total_cmp(&b.0));
    Some(Seen {
        edges,
        total: infinite.or(finite(page.count))?,
        count: finite(page.count),
        sum: finite(page.sum),
    })
}

fn naive(pages: &[Option<Page>], start: u32, end: u32) -> Vec<Interval> {
    let mut order: Vec<&str> = Vec::new();
    for (le, _) in pages.iter().flatten().flat_map(|page| &page.buckets) {
        if !order.contains(le) {
            order.push(le);
        }
    }
    let all: Vec<(u32, Seen)> = (0..)
        .zip(pages)
        .filter_map(|(at, page)| Some((at, seen(page.as_ref()?, &order)?)))
        .filter(|(at, _)| *at <= end)
        .collect();
    let Some((_, last)) = all.last() else {
        return Vec::new();
    };
    let layout: Vec<f64> = last.edges.iter().map(|(le, _)| *le).collect();
    let first = all.partition_point(|(at, _)| *at <= start);
    let mut before = first.checked_sub(1).map(|at| all[at].1.clone());
    let mut found = Vec::new();
    for (page, now) in &all[first..] {
        let interval = naive_interval(*page, before.as_ref(), now, &layout);
        let told = interval.reset
            || interval.counts.iter().any(|count| *count != 0.0)
            || interval.sum.is_some_and(|sum| sum != 0.0);
        found.extend(told.then_some(interval));
        before = Some(now.clone());
    }
    found
}

fn naive_interval(page: u32, before: Option<&Seen>, now: &Seen, layout: &[f64]) -> Interval {
    let at = |seen: &Seen, le: f64| {
        seen.edges
            .iter()
            .find(|(known, _)| known.total_cmp(&le).is_eq())
            .map(|e| e.1)
    };
    let reset = before.is_some_and(|before| {
        now.total < before.total
            || now
                .count
                .zip(before.count)
                .is_some_and(|(now, before)| now < before)
            || layout.iter().any(|le| {
                at(now, *le)
                    .zip(at(before, *le))
                    .is_some_and(|(now, before)| now < before)
            })
    });
    let before = before.filter(|_| !reset);
    // Observations not above an edge: those of the highest edge that the page has up to there.
    let below = |seen: &Seen, le: f64| {
        let mut known = layout.iter().rev().filter(|edge| **edge <= le);
        known.find_map(|edge| at(seen, *edge)).unwrap_or(0.0)
    };
    let rise = |le: f64| below(now, le) - before.map_or(0.0, |before| below(before, le));
    let mut cumulative: Vec<f64> = layout.iter().map(|le| rise(*le)).collect();
    cumulative.push(now.total - before.map_or(0.0, |before| before.total));
    let mut counts = cumulative.clone();
    for at in 1..counts.len() {
        counts[at] = cumulative[at] - cumulative[at - 1];
    }
    let same = |seen: &Seen| {
        seen.edges
            .iter()
            .map(|(le, _)| *le)
            .eq(layout.iter().copied())
    };
    let base = before.map_or(Some(0.0), |before| before.sum);
    Interval {
        page,
        counts,
        sum: now.sum.zip(base).map(|(now, base)| now - base),
        cumulative_sum: now.sum.unwrap_or(f64::NAN),
        reset,
        layout_changed: !same(now) || before.is_some_and(|before| !same(before)),
    }
}

fn page() -> impl Strategy<Value = Page> {
    let le = prop::sample::select(vec!["1", "1.0", "0.5", "2", "8", "+Inf", "Inf"]);
    let count = prop_oneof![
        8 => (0_u8..9).prop_map(f64::from),
        1 => Just(2.5),
        1 => prop_oneof![Just(f64::NAN), Just(f64::INFINITY)],
    ];
    let buckets = prop::collection::vec((le, count.clone()), 0..7);
    let sum = prop::option::weighted(0.9, prop_oneof![9 => -1.0..50.0_f64, 1 => Just(f64::NAN)]);
    (buckets, sum, prop::option::weighted(0.8, count)).prop_map(|(buckets, sum, count)| Page {
        buckets,
        sum,
        count,
    })
}

/// Pages as a server writes them: each observation raises its bucket and those above.
fn growing() -> impl Strategy<Value = Vec<Option<Page>>> {
    let events = prop::collection::vec((0_usize..4, 0_u8..30), 0..40);
    events.prop_map(|events| {
        let mut counts = [0.0; 4];
        let mut sum = 0.0;
        let page = |(bucket, what): (usize, u8)| {
            match what {
                0 => return None,
                1 => (counts, sum) = ([0.0; 4], 0.0),
                _ => counts[bucket..].iter_mut().for_each(|count| *count += 1.0),
            }
            sum += f64::from(what) / 7.0;
            let edges = ["0.5", "1", "2", "+Inf"];
            Some(Page::new(
                &edges.into_iter().zip(counts).collect::<Vec<_>>(),
                sum,
            ))
        };
        events.into_iter().map(page).collect()
    })
}

fn same(a: &[Interval], b: &[Interval]) -> bool {
    // NaN stands for an unknown sum in both.
    format!("{a:?}") == format!("{b:?}")
}

proptest! {
    #[test]
    fn any_pages_give_what_the_naive_reading_gives(
        pages in prop::collection::vec(prop::option::weighted(0.8, page()), 0..12),
        start in 0_u32..12,
        len in 0_u32..12,
    ) {
        let (_, found) = intervals(&filled(&pages), start, start + len);
        let expect = naive(&pages, start, start + len);
        prop_assert!(same(&found, &expect), "{found:?}\n{expect:?}");
    }

    #[test]
    fn growing_pages_give_what_the_naive_reading_gives(
        pages in growing(),
        start in 0_u32..40,
        len in 0_u32..40,
    ) {
        let bench = filled(&pages);
        let (_, found) = intervals(&bench, start, start + len);
        prop_assert!(same(&found, &naive(&pages, start, start + len)));
        for interval in &found {
            prop_assert!(!interval.layout_changed && !interval.is_torn());
        }
    }
}
