//! The rule, page by page.

use super::*;

const A: EndpointId = EndpointId(0);
const B: EndpointId = EndpointId(1);

fn series(endpoint: EndpointId, id: u32, name: &str, value: f64) -> Watched {
    Watched {
        endpoint,
        series: id,
        name: name.to_owned(),
        value,
    }
}

fn vllm(requests: f64, tokens: f64, running: f64) -> Vec<Watched> {
    vec![
        series(A, 0, "vllm:request_success_total", requests),
        series(A, 1, "vllm:generation_tokens_total", tokens),
        series(A, 2, "vllm:num_requests_running", running),
    ]
}

fn expected(troubled: bool) -> Expected {
    Expected {
        requests: 10,
        completion_tokens: Some(320),
        troubled,
    }
}

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn begun() -> Settle {
    let mut settle = Settle::default();
    settle.begin(&[A], &vllm(5.0, 100.0, 0.0));
    settle
}

fn basis(
    settle: &mut Settle,
    page: &[Watched],
    troubled: bool,
    waited: u64,
) -> Option<SettleBasis> {
    let verdicts = settle.look(&[A], page, &expected(troubled), ms(waited));
    verdicts.get(&A).map(|verdict| verdict.basis)
}

#[test]
fn equal_counters_settle_at_the_first_scrape() {
    let page = vllm(15.0, 420.0, 0.0);
    assert_eq!(
        basis(&mut begun(), &page, false, 2),
        Some(SettleBasis::Equal)
    );
}

#[test]
fn a_gauge_that_lags_costs_one_more_scrape() {
    let mut settle = begun();
    let page = vllm(15.0, 420.0, 2.0);
    assert_eq!(basis(&mut settle, &page, false, 2), None);
    assert_eq!(
        basis(&mut settle, &page, false, 10),
        Some(SettleBasis::Equal)
    );
}

#[test]
fn counters_that_lag_are_waited_for() {
    let mut settle = begun();
    assert_eq!(basis(&mut settle, &vllm(14.0, 400.0, 0.0), false, 2), None);
    let page = vllm(15.0, 420.0, 0.0);
    assert_eq!(
        basis(&mut settle, &page, false, 10),
        Some(SettleBasis::Equal)
    );
}

#[test]
fn other_clients_are_noticed_at_once_and_the_family_is_not_trusted_again() {
    let mut settle = begun();
    let page = vllm(18.0, 500.0, 0.0);
    let verdicts = settle.look(&[A], &page, &expected(false), ms(2));
    assert_eq!(verdicts[&A].basis, SettleBasis::Unequal);
    assert!((verdicts[&A].families[0].seen - 400.0).abs() < 0.5);
    // It ends the wait as soon as it stands still, and is still no match.
    settle.begin(&[A], &page);
    assert_eq!(basis(&mut settle, &page, false, 2), None);
    assert_eq!(
        basis(&mut settle, &page, false, 10),
        Some(SettleBasis::Unequal)
    );
}

#[test]
fn standing_still_below_the_clients_numbers_ends_after_a_while() {
    let mut settle = begun();
    let page = vllm(14.0, 400.0, 0.0);
    assert_eq!(basis(&mut settle, &page, false, 2), None);
    assert_eq!(basis(&mut settle, &page, false, 100), None);
    assert_eq!(
        basis(&mut settle, &page, false, 260),
        Some(SettleBasis::Unequal)
    );
}

#[test]
fn cancelled_requests_settle_when_nothing_moves_and_nothing_runs() {
    let mut settle = begun();
    assert_eq!(basis(&mut settle, &vllm(12.0, 400.0, 3.0), true, 2), None);
    assert_eq!(basis(&mut settle, &vllm(12.0, 410.0, 0.0), true, 8), None);
    let page = vllm(12.0, 410.0, 0.0);
    assert_eq!(
        basis(&mut settle, &page, true, 20),
        Some(SettleBasis::Stable)
    );
}

#[test]
fn workers_are_added_up() {
    let mut settle = Settle::default();
    settle.begin(&[A, B], &[]);
    let name = "vllm:request_success_total";
    let page = [series(A, 0, name, 4.0), series(B, 1, name, 6.0)];
    let verdicts = settle.look(&[A, B], &page, &expected(false), ms(2));
    assert_eq!(verdicts[&A].basis, SettleBasis::Equal);
    assert!((verdicts[&B].families[0].seen - 10.0).abs() < 0.5);
    // One that is still looked at is added to one that is not.
    let verdicts = settle.look(&[B], &page, &expected(false), ms(4));
    assert_eq!(verdicts[&B].basis, SettleBasis::Equal);
}

#[test]
fn a_page_without_known_families_is_stable_at_once() {
    let page = [series(A, 0, "node_load1", 0.5)];
    assert_eq!(
        basis(&mut begun(), &page, false, 2),
        Some(SettleBasis::Stable)
    );
}

#[test]
fn a_server_whose_start_is_unknown_is_judged_by_standing_still_and_stays_trusted() {
    let mut settle = Settle::default();
    settle.begin(&[], &[]);
    let page = vllm(1015.0, 42_000.0, 0.0);
    assert_eq!(basis(&mut settle, &page, false, 2), None);
    let verdicts = settle.look(&[A], &page, &expected(false), ms(10));
    assert_eq!(verdicts[&A].basis, SettleBasis::Stable);
    assert_eq!(verdicts[&A].families, []);
    settle.begin(&[A], &page);
    let page = vllm(1025.0, 42_320.0, 0.0);
    assert_eq!(
        basis(&mut settle, &page, false, 2),
        Some(SettleBasis::Equal)
    );
}
