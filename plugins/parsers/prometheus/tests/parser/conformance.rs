//! Cases from elsewhere: `AIPERF_CONFORMANCE` names a file of cases (one JSON object a line, with
//! `format`, `input` or `input_b64`, `valid`, `tier` and `expect`), `AIPERF_CORPUS` a folder of real
//! pages. Without them these tests only say that they were skipped.

use std::collections::BTreeMap;
use std::path::Path;

use base64::prelude::{BASE64_STANDARD, Engine as _};

use crate::support::{Reading, count_sample_lines, read};
use aiperf_parser_prometheus::Format;
use serde_json::Value;

/// The bytes of a case: `input_b64` where it is not UTF-8, else `input`.
fn input(case: &Value) -> Vec<u8> {
    match case["input_b64"].as_str() {
        Some(text) => BASE64_STANDARD.decode(text).unwrap(),
        None => case["input"].as_str().unwrap().as_bytes().to_vec(),
    }
}

/// What differs from the case's samples, if anything does.
fn difference(reading: &Reading, expect: &Value, format: Format) -> Option<String> {
    let expect = expect.as_array().cloned().unwrap_or_default();
    if expect.len() != reading.samples.len() {
        return Some(format!(
            "{} samples, expected {}",
            reading.samples.len(),
            expect.len()
        ));
    }
    for (sample, expect) in reading.samples.iter().zip(&expect) {
        let labels: BTreeMap<_, _> = sample.labels.iter().cloned().collect();
        let wanted: BTreeMap<String, String> =
            serde_json::from_value(expect["labels"].clone()).unwrap();
        let value: f64 = expect["value"].as_str()?.parse().unwrap_or(f64::NAN);
        let same_value =
            value.to_bits() == sample.value.to_bits() || (value.is_nan() && sample.value.is_nan());
        let scale = if format == Format::OpenMetrics {
            1e9
        } else {
            1e6
        };
        let time = expect["timestamp"]
            .as_f64()
            .map(|time| (time * scale).round());
        let same_time = time == sample.time_ns.map(|ns| ns as f64);
        if sample.name != expect["name"].as_str().unwrap() || labels != wanted {
            return Some(format!("{sample:?}, expected {expect}"));
        }
        if !same_value || !same_time {
            return Some(format!("{sample:?}, expected {expect}"));
        }
    }
    None
}

/// What is wrong with the reading of a case.
fn failure(case: &Value) -> Option<String> {
    let format = match case["format"].as_str().unwrap() {
        "openmetrics" => Format::OpenMetrics,
        _ => Format::PrometheusText,
    };
    let reading = read(&input(case), format);
    match (
        case["valid"].as_bool().unwrap(),
        reading.diagnostics.first(),
    ) {
        (true, Some(first)) => Some(format!("reported {first:?}")),
        (true, None) => difference(&reading, &case["expect"], format),
        (false, None) => Some("nothing reported".to_owned()),
        (false, Some(_)) => None,
    }
}

#[test]
fn reference_cases() {
    let Some(path) = std::env::var_os("AIPERF_CONFORMANCE") else {
        println!("skipped: AIPERF_CONFORMANCE is not set");
        return;
    };
    let text = std::fs::read_to_string(path).unwrap();
    let mut tiers: BTreeMap<(String, bool), (usize, usize)> = BTreeMap::new();
    let mut gate = Vec::new();
    for line in text.lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        let tier = case["tier"].as_str().unwrap().to_owned();
        let counts = tiers
            .entry((tier.clone(), case["valid"].as_bool().unwrap()))
            .or_default();
        counts.1 += 1;
        match failure(&case) {
            None => counts.0 += 1,
            Some(why) => {
                println!(
                    "{tier}: {}: {why}: {:?}",
                    case["id"],
                    String::from_utf8_lossy(&input(&case))
                        .chars()
                        .take(200)
                        .collect::<String>()
                );
                if tier == "agree" {
                    gate.push(case["id"].to_string());
                }
            }
        }
    }
    for ((tier, valid), (met, all)) in &tiers {
        println!("{tier}, valid {valid}: {met} of {all}");
    }
    assert!(
        gate.is_empty(),
        "cases on which all references agree: {gate:?}"
    );
}

#[test]
fn corpus_pages() {
    let Some(folder) = std::env::var_os("AIPERF_CORPUS") else {
        println!("skipped: AIPERF_CORPUS is not set");
        return;
    };
    let mut pages = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path
            .extension()
            .is_some_and(|extension| extension == "prom")
        {
            check_page(&path);
            pages += 1;
        }
    }
    println!("{pages} pages");
    assert!(pages > 0, "no page in the folder");
}

fn check_page(path: &Path) {
    let page = std::fs::read(path).unwrap();
    let reading = read(&page, Format::detect("", &page));
    assert_eq!(reading.diagnostics, [], "{}", path.display());
    assert_eq!(
        reading.samples.len(),
        count_sample_lines(&page),
        "{}",
        path.display()
    );
}
