//! What histograms count.

use super::*;

/// A histogram page with one bucket at 1.
fn histogram(b: &mut Batch, below: f64, all: f64, sum: f64) {
    let h = MetricKind::Histogram;
    push(b, "h", h, "h_bucket", &[("le", "1")], below);
    push(b, "h", h, "h_bucket", &[("le", "+Inf")], all);
    push(b, "h", h, "h_sum", &[], sum);
    push(b, "h", h, "h_count", &[], all);
}

fn increase(bench: &Bench, start: u32, end: u32) -> (Vec<f64>, u64) {
    let server = bench
        .store
        .endpoint(bench.endpoint)
        .servers()
        .next()
        .unwrap();
    let (parts, resets) = server.families()[0].groups()[0].increase(start, end);
    (parts.iter().map(|part| part.total).collect(), resets)
}

#[test]
fn histograms_increase_from_barrier_to_barrier() {
    let mut bench = Bench::new();
    bench.tick(|b| histogram(b, 1.0, 2.0, 10.0));
    bench.page(Barrier::Start, |b| histogram(b, 2.0, 4.0, 20.0));
    bench.tick(|b| histogram(b, 3.0, 6.0, 30.0));
    bench.page(Barrier::End, |b| histogram(b, 4.0, 8.0, 40.0));
    bench.page(Barrier::End, |b| histogram(b, 5.0, 9.0, 41.0));
    assert_eq!(increase(&bench, 1, 4), (vec![3.0, 5.0, 21.0, 5.0], 0));
}

#[test]
fn a_histogram_that_the_start_page_lacks_counts_from_zero() {
    let mut bench = Bench::new();
    bench.page(Barrier::Start, |b| b.gauge("z", &[], 0.0));
    bench.page(Barrier::End, |b| histogram(b, 1.0, 2.0, 3.0));
    assert_eq!(increase(&bench, 0, 1), (vec![1.0, 2.0, 3.0, 2.0], 0));
}

#[test]
fn a_reset_of_one_bucket_is_a_reset_of_the_histogram() {
    let mut bench = Bench::new();
    bench.page(Barrier::Start, |b| histogram(b, 4.0, 4.0, 1.0));
    bench.tick(|b| histogram(b, 5.0, 5.0, 2.0));
    // The sum and +Inf are already past their old values when the first page after a restart comes.
    bench.page(Barrier::End, |b| histogram(b, 1.0, 7.0, 9.0));
    assert_eq!(increase(&bench, 0, 2), (vec![2.0, 8.0, 10.0, 8.0], 1));
}
