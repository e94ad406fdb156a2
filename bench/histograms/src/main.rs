//! How wrong percentiles of scraped histograms are, over data sets whose truth is known.
//!
//! `aiperf-bench-histograms [--seeds N] [--torn SHARE] [--write] [FILE ...]`: files hold cases, one
//! JSON object a line; without files the built-in data sets are used, a share of their pages torn.
//! `--write` prints the cases, for another estimator to add its `reference`.
#![expect(clippy::print_stdout, reason = "its output is what it is for")]

mod case;
mod datasets;
mod layouts;
mod score;

use std::error::Error;
use std::fs::File;
use std::io::BufReader;

use case::Case;
use score::{Score, Summary, by};

/// Nobody has estimated anything, such as the reference without a file that has its estimates.
const NONE: &str = "-";

fn main() -> Result<(), Box<dyn Error>> {
    let (mut seeds, mut torn, mut write, mut cases) = (3, 0.0, false, Vec::new());
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        if argument == "--seeds" {
            seeds = arguments.next().ok_or("--seeds needs a number")?.parse()?;
        } else if argument == "--torn" {
            torn = arguments.next().ok_or("--torn needs a share")?.parse()?;
        } else if argument == "--write" {
            write = true;
        } else {
            cases.extend(Case::read(BufReader::new(File::open(argument)?))?);
        }
    }
    if cases.is_empty() {
        cases = datasets::cases(seeds, torn);
    }
    if write {
        for case in &cases {
            println!("{}", serde_json::to_string(case)?);
        }
        return Ok(());
    }
    // All cases are one exporter's.
    let torn = cases.iter().any(score::is_torn);
    let scores: Vec<Score> = cases.iter().map(|case| Score::of(case, torn)).collect();
    print_errors(&scores);
    print_datasets(&scores);
    print_bounds(&scores);
    print_cost(&scores);
    Ok(())
}

/// Order of rates, which are no keys.
fn thousandths(score: &Score) -> u64 {
    score.rate.to_bits()
}

fn summaries(scores: &[&Score]) -> [Summary; 3] {
    let of = |errors: fn(&Score) -> &[Option<f64>]| {
        Summary::of(
            scores
                .iter()
                .flat_map(|score| errors(score))
                .flatten()
                .copied(),
        )
    };
    [of(|s| &s.linear), of(|s| &s.reference), of(|s| &s.ours)]
}

fn print_errors(scores: &[Score]) {
    println!("relative error in %: median / mean (capped at 500) / share above 20 / worst");
    println!("rate\tlinear\treference\tours\tstd median");
    for group in by(scores, thousandths).values() {
        let cells = summaries(group).map(|s| {
            if s.median.is_nan() {
                return NONE.to_owned();
            }
            format!(
                "{:.1} / {:.1} / {:.1} / {:.0}",
                100.0 * s.median,
                100.0 * s.mean,
                100.0 * s.above,
                100.0 * s.worst
            )
        });
        let std = Summary::of(group.iter().filter_map(|score| score.std));
        println!(
            "{}\t{}\t{:.1}",
            group[0].rate,
            cells.join("\t"),
            100.0 * std.median
        );
    }
}

fn print_datasets(scores: &[Score]) {
    println!("\nby data set: median / worst");
    println!("data set\trate\tlinear\treference\tours");
    for ((dataset, _), group) in by(scores, |s| (s.dataset.clone(), thousandths(s))) {
        let cells = summaries(&group).map(|s| match s.median {
            median if median.is_nan() => NONE.to_owned(),
            median => format!("{:.1} / {:.0}", 100.0 * median, 100.0 * s.worst),
        });
        println!("{dataset}\t{}\t{}", group[0].rate, cells.join("\t"));
    }
}

fn print_bounds(scores: &[Score]) {
    println!(
        "\nbounds: hold / all of quantiles, of others, wider than edges, width as a share of the bucket \
         (p10 / p50 / p90)"
    );
    for group in by(scores, thousandths).values() {
        let held = [0, 1].map(|kind| {
            let held: u32 = group.iter().map(|score| score.held[kind].0).sum();
            let all: u32 = group.iter().map(|score| score.held[kind].1).sum();
            format!("{held} / {all}")
        });
        let held = held.join("\t");
        let wide: u32 = group.iter().map(|score| score.too_wide).sum();
        let mut widths: Vec<f64> = group.iter().flat_map(|score| score.width.clone()).collect();
        widths.sort_by(f64::total_cmp);
        let at = |tenths: usize| {
            widths
                .get(widths.len() * tenths / 10)
                .copied()
                .unwrap_or_default()
        };
        println!(
            "{}\t{held}\t{wide}\t{:.2} / {:.2} / {:.2}",
            group[0].rate,
            at(1),
            at(5),
            at(9)
        );
    }
}

fn print_cost(scores: &[Score]) {
    println!("\ncost: ns per interval added, ms to finish (mean / worst)");
    for group in by(scores, thousandths).values() {
        let intervals: u32 = group.iter().map(|score| score.intervals).sum();
        let add: f64 = group.iter().map(|score| score.add.as_secs_f64()).sum();
        let finish = Summary::of(group.iter().map(|score| score.finish.as_secs_f64()));
        println!(
            "{}\t{:.0}\t{:.2} / {:.2}",
            group[0].rate,
            add * 1e9 / f64::from(intervals),
            finish.mean * 1e3,
            finish.worst * 1e3
        );
    }
}
