//! The part of a phase in which load is at its plateau. See `docs/metrics.md#steady-state`.

use aiperf_plugin_sdk::report::SteadyReport;

use super::PhaseWindow;
use super::client::Requests;
use super::cuts::Cuts;
use super::requests::RequestLog;
use super::timeline::Timeline;
use super::totals;

/// The plateau is reached where this share of its level is.
const REACHED: f64 = 0.95;

/// How far the means of both halves may be apart, as a share of the mean.
const APART: f64 = 0.1;

/// How many standard errors chance explains.
const CHANCE: f64 = 3.0;

/// The steady state of a phase, or why there is none.
pub(super) fn report(
    phase: &PhaseWindow,
    log: &RequestLog,
    timeline: &Timeline,
    generates: bool,
) -> SteadyReport {
    let (begin, end, concurrency) = match find(timeline) {
        Ok(window) => window,
        Err(why) => {
            return SteadyReport {
                note: why.to_owned(),
                ..SteadyReport::default()
            };
        }
    };
    let cuts = Cuts::around(begin, end);
    let seconds = (end - begin) as f64 / 1e9;
    // Before, inside, behind.
    let totals = totals::sliced(log, phase.index, cuts).into_iter().nth(1);
    let requests = Requests::sliced(log, phase.index, cuts).into_iter().nth(1);
    let totals = totals.unwrap_or_default();
    let requests = requests.unwrap_or_default();
    SteadyReport {
        start_ns: Some(phase.wall_ns(begin)),
        end_ns: Some(phase.wall_ns(end)),
        duration_seconds: Some(seconds),
        concurrency: Some(concurrency),
        llm_metrics: requests.metrics(&totals, seconds, generates),
        requests: Some(totals),
        note: if timeline.folded { "folded" } else { "" }.to_owned(),
    }
}

/// Begin and end of the plateau, and how many requests are in flight on average.
fn find(timeline: &Timeline) -> Result<(i64, i64, f64), &'static str> {
    const NONE: &str = "no_requests";
    const SHORT: &str = "too_short";
    let (from, to) = timeline.bounds();
    // From the last send on there is less load with every response.
    let end = timeline.last_send.ok_or(NONE)?.clamp(from, to);
    let in_flight = timeline.time_in_flight().ok_or(NONE)?;
    let level = timeline.median(from, end).filter(|level| *level > 0);
    let level = level.ok_or(SHORT)?;
    let begin = timeline.reaches(from, end, level, REACHED).ok_or(SHORT)?;
    if ((end - begin) as f64) < in_flight {
        return Err(SHORT);
    }
    let middle = begin + (end - begin) / 2;
    let mean = |from, to| timeline.average(from, to).ok_or(SHORT);
    let (first, second) = (mean(begin, middle)?, mean(middle, end)?);
    let all = mean(begin, end)?;
    // Independent arrivals leave 2 mean time / length of the square of the error of each half's mean.
    let chance = if timeline.open_loop {
        CHANCE * (8.0 * all * in_flight / (end - begin) as f64).sqrt()
    } else {
        0.0
    };
    if (second - first).abs() > APART * all + chance {
        return Err("not_steady");
    }
    Ok((begin, end, all))
}
