//! The part of a phase in which load is at its plateau. See `docs/metrics.md#steady-state`.

use aiperf_plugin_sdk::report::{RequestTotals, SteadyReport};

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

/// Why there is none.
const NONE: &str = "no_requests";
const SHORT: &str = "too_short";

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
        Err(why) => return none(why),
    };
    let folded = timeline.is_folded();
    let inside = if folded {
        blocks(phase.index, log, timeline, (begin, end))
    } else {
        Some(cut(phase.index, log, (begin, end, concurrency)))
    };
    let Some(inside) = inside else {
        return none(SHORT);
    };
    let Inside {
        window: (begin, end, concurrency),
        requests,
        totals,
    } = inside;
    let seconds = (end - begin) as f64 / 1e9;
    SteadyReport {
        start_ns: Some(phase.wall_ns(begin)),
        end_ns: Some(phase.wall_ns(end)),
        duration_seconds: Some(seconds),
        concurrency: Some(concurrency),
        llm_metrics: requests.metrics(&totals, seconds, generates),
        requests: Some(totals),
        note: if folded { "folded" } else { "" }.to_owned(),
    }
}

/// What was seen in a window: its begin, its end, how many were in flight.
struct Inside {
    window: (i64, i64, f64),
    requests: Requests,
    totals: RequestTotals,
}

/// Where there is none, and why.
fn none(why: &str) -> SteadyReport {
    SteadyReport {
        note: why.to_owned(),
        ..SteadyReport::default()
    }
}

/// Of requests that are all kept one by one.
fn cut(phase: u32, log: &RequestLog, window: (i64, i64, f64)) -> Inside {
    let cuts = Cuts::around(window.0, window.1);
    // Before, inside, behind.
    let totals = totals::sliced(log, phase, cuts).into_iter().nth(1);
    let requests = Requests::sliced(log, phase, cuts).into_iter().nth(1);
    Inside {
        window,
        requests: requests.unwrap_or_default(),
        totals: totals.unwrap_or_default(),
    }
}

/// Of requests some of which are folded: as many whole blocks as the window has.
fn blocks(
    phase: u32,
    log: &RequestLog,
    timeline: &Timeline,
    (begin, end): (i64, i64),
) -> Option<Inside> {
    let mut blocks = log.past(phase)?.blocks().clone();
    for (at, row) in log.rows(phase).enumerate() {
        blocks.take(&row);
        // What is a statistic in the end need not be kept until then.
        if at % 4096 == 0 {
            blocks.settle();
        }
    }
    let (begin, end, requests, slot) = blocks.between(begin, end)?;
    Some(Inside {
        window: (begin, end, timeline.average(begin, end)?),
        requests,
        totals: slot.finish(),
    })
}

/// Begin and end of the plateau, and how many requests are in flight on average.
fn find(timeline: &Timeline) -> Result<(i64, i64, f64), &'static str> {
    let (from, to) = timeline.bounds();
    // From the last send on there is less load with every response.
    let end = timeline.last_send.ok_or(NONE)?.clamp(from, to);
    let in_flight = timeline.time_in_flight().ok_or(NONE)?;
    let level = timeline.median(from, end).filter(|level| *level > 0.0);
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
