//! GPUs: who is who, what is known of their families, and what is made of them.

use proptest::prelude::*;

use super::*;
use crate::http::MonoNs;
use crate::load::{Outcome, RequestRecord};

const ENERGY: &str = "DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION";
const POWER: &str = "DCGM_FI_DEV_POWER_USAGE";
const UTIL: &str = "DCGM_FI_DEV_GPU_UTIL";

/// Labels of a GPU or, with a `GPU_I_ID`, of an instance.
fn gpu(host: &str, uuid: &str, part: &str) -> String {
    let part = match part {
        "" => String::new(),
        part => format!(",GPU_I_ID={part},GPU_I_PROFILE=1g.5gb"),
    };
    format!("gpu=0,UUID={uuid},Hostname={host}{part}")
}

/// An untyped page, as old exporters serve it.
fn add(batch: &mut Batch, family: &str, labels: &str, value: f64) {
    push(batch, family, MetricKind::Unknown, family, labels, value);
}

/// Pages before, during and after the load.
fn pages(bench: &mut Bench, fill: impl Fn(&mut Batch, f64)) {
    for (seconds, barrier) in [
        (9.9, Barrier::Start),
        (11.0, Barrier::Tick),
        (12.0, Barrier::Tick),
        (13.0, Barrier::Tick),
        (14.1, Barrier::End),
    ] {
        bench.page(seconds, barrier, |batch| fill(batch, seconds));
    }
}

fn answers(count: u32, tokens: u32) -> RequestLog {
    let mut records = RequestLog::default();
    for id in 0..count {
        let start = MonoNs(at(10.0).mono_ns);
        let mut record = RequestRecord::new(0);
        record.begin(u64::from(id), 0, start);
        record.start = Some(start);
        record.end = MonoNs(at(14.0).mono_ns);
        record.outcome = Outcome::Ok;
        record.usage.completion_tokens = Some(tokens);
        records.push(&record);
    }
    records
}

fn derived<'a>(report: &'a Report, name: &str) -> &'a aiperf_plugin_sdk::report::DerivedReport {
    let found = report.derived.iter().find(|one| one.name == name);
    found.unwrap_or_else(|| panic!("no {name} in {:?}", report.derived))
}

#[test]
fn every_gpu_and_instance_has_a_row_with_its_own_values() {
    let mut bench = Bench::new();
    let all = [
        (gpu("a", "GPU-1", ""), 10.0),
        (gpu("a", "GPU-1", "7"), 20.0),
        (gpu("a", "GPU-1", "13"), 30.0),
        // Another host has a GPU by the same index, a third one even by the same id.
        (gpu("b", "GPU-2", ""), 40.0),
        (gpu("c", "GPU-1", ""), 50.0),
        (format!("{},pod=x", gpu("b", "GPU-2", "")), 60.0),
    ];
    pages(&mut bench, |batch, _| {
        for (labels, value) in &all {
            add(batch, UTIL, labels, *value);
        }
        // Of no GPU.
        add(batch, UTIL, "", 99.0);
    });
    let report = bench.report();
    let rows: Vec<_> = report
        .devices
        .iter()
        .map(|device| {
            let host = device.labels["host"].as_str();
            let value = device.values["utilization"].stats.avg.unwrap();
            (host, device.id.as_str(), device.part.as_deref(), value)
        })
        .collect();
    assert_eq!(
        rows,
        [
            ("a", "GPU-1", None, 10.0),
            ("a", "GPU-1", Some("7"), 20.0),
            ("a", "GPU-1", Some("13"), 30.0),
            ("b", "GPU-2", None, 40.0),
            ("b", "GPU-2", None, 60.0),
            ("c", "GPU-1", None, 50.0),
        ]
    );
    assert_eq!(report.devices[4].labels["pod"], "x");
}

#[test]
fn pages_without_types_have_the_right_ones() {
    let mut bench = Bench::new();
    let labels = gpu("a", "GPU-1", "");
    pages(&mut bench, |batch, seconds| {
        add(batch, ENERGY, &labels, 1e6 * seconds);
        add(batch, "DCGM_FI_PROF_PCIE_TX_BYTES", &labels, 5e6);
        add(batch, "DCGM_FI_DEV_XID_ERRORS", &labels, 79.0);
        // `DCGM_INT64_NOT_FOUND` as the nearest double.
        add(batch, "DCGM_FI_DEV_MEMORY_TEMP", &labels, 2_f64.powi(63));
    });
    let report = bench.report();
    let energy = metric(&report.servers[0], ENERGY);
    assert_eq!(
        (energy.kind, energy.unit.as_str()),
        (MetricKind::Counter, "mJ")
    );
    assert!((energy.total.unwrap() - 4.2e6).abs() < 1.0);
    let rate = metric(&report.servers[0], "DCGM_FI_PROF_PCIE_TX_BYTES");
    assert_eq!(
        (rate.kind, rate.unit.as_str()),
        (MetricKind::Gauge, "bytes/sec")
    );
    let code = metric(&report.servers[0], "DCGM_FI_DEV_XID_ERRORS");
    assert_eq!(
        (code.stats.seven(), code.n, code.note.as_str()),
        ([None; 7], 3, "code")
    );
    assert_eq!(metric(&report.servers[0], "DCGM_FI_DEV_MEMORY_TEMP").n, 0);
    let values = &report.devices[0].values;
    assert_eq!(values["xid"].last, Some(79.0));
    assert!((values["energy"].total.unwrap() - 4200.0).abs() < 1e-6);
    let alarm = report
        .warnings
        .iter()
        .find(|one| one.code == "device_error");
    assert_eq!(alarm.unwrap().subject, "GPU GPU-1");
}

#[test]
fn a_counter_since_boot_does_not_count_from_zero() {
    let mut bench = Bench::new();
    pages(&mut bench, |batch, seconds| {
        add(batch, UTIL, &gpu("a", "GPU-1", ""), 1.0);
        if seconds > 11.5 {
            add(batch, ENERGY, &gpu("a", "GPU-1", ""), 5e9 + 1e6 * seconds);
        }
    });
    let total = metric(&bench.server(), ENERGY).total.unwrap();
    assert!((total - 2.1e6).abs() < 1.0, "{total}");
}

#[test]
fn energy_is_divided_by_what_the_clients_got() {
    let mut bench = Bench::new();
    bench.records = Some(answers(4, 50));
    pages(&mut bench, |batch, seconds| {
        for (uuid, part, watts) in [
            ("GPU-1", "", 100.0),
            // The power of an instance is that of its GPU.
            ("GPU-1", "7", 100.0),
            ("GPU-1", "13", 100.0),
            // All that is shown of this one.
            ("GPU-2", "1", 300.0),
        ] {
            add(batch, POWER, &gpu("a", uuid, part), watts);
            add(batch, ENERGY, &gpu("a", uuid, part), 1e3 * watts * seconds);
        }
    });
    let report = bench.report();
    let row = |name| {
        let row = derived(&report, name);
        (row.value.unwrap(), row.unit.as_str(), row.devices)
    };
    let close = |a: f64, b: f64| (a - b).abs() < 1e-9 * b;
    let joules = 400.0 * 4.2;
    for (name, unit, expected) in [
        ("gpu_power", "W", 400.0),
        ("gpu_energy", "J", joules),
        ("energy_per_request", "J/request", joules / 4.0),
        ("energy_per_output_token", "J/token", joules / 200.0),
    ] {
        let (value, said, devices) = row(name);
        assert!(close(value, expected), "{name}: {value}");
        assert_eq!((said, devices), (unit, 2));
    }
}

#[test]
fn without_an_energy_counter_power_is_integrated() {
    let mut bench = Bench::new();
    bench.records = Some(answers(2, 10));
    pages(&mut bench, |batch, _| {
        add(batch, POWER, &gpu("a", "GPU-1", ""), 250.0);
    });
    let report = bench.report();
    let row = derived(&report, "energy_per_request");
    assert_eq!((row.numerator, row.value), (Some(1000.0), Some(500.0)));
    assert_eq!(row.formula, "average(DCGM_FI_DEV_POWER_USAGE) * seconds");
}

#[test]
fn nothing_is_divided_by_nothing() {
    let mut bench = Bench::new();
    pages(&mut bench, |batch, _| {
        add(batch, POWER, &gpu("a", "GPU-1", ""), 250.0);
    });
    let report = bench.report();
    let row = derived(&report, "energy_per_request");
    assert_eq!((row.denominator, row.value), (Some(0.0), None));
    bench.records = None;
    let names: Vec<_> = bench
        .report()
        .derived
        .into_iter()
        .map(|row| row.name)
        .collect();
    assert_eq!(names, ["gpu_power", "gpu_energy"]);
}

/// Readings every half second, of energy that an exporter looks at every `period` seconds.
fn looked_at_every(period: f64) -> Report {
    let mut bench = Bench::new();
    for half in 19..=29 {
        let seconds = f64::from(half) / 2.0;
        let barrier = match half {
            19 => Barrier::Start,
            29 => Barrier::End,
            _ => Barrier::Tick,
        };
        let seen = (seconds / period).floor() * period;
        bench.page(seconds, barrier, |batch| {
            add(batch, ENERGY, &gpu("a", "GPU-1", ""), 1e5 * seen);
        });
    }
    bench.report()
}

#[test]
fn a_slow_source_is_found_out() {
    let slow = |report: &Report| {
        let mut warnings = report.warnings.iter();
        warnings.find(|one| one.code == "slow_source").cloned()
    };
    assert_eq!(slow(&looked_at_every(0.5)), None);
    assert_eq!(slow(&looked_at_every(1.0)), None);
    let warning = slow(&looked_at_every(2.0)).unwrap();
    assert!(
        warning.message.contains("move every 2.0 s only"),
        "{}",
        warning.message
    );
    assert!(warning.remedy.contains("--collect-interval"));
    let warning = slow(&looked_at_every(30.0)).unwrap();
    assert!(
        warning.message.contains("hardly move"),
        "{}",
        warning.message
    );
}

proptest! {
    /// However a GPU is cut into instances, pods and pages' order, its energy counts once.
    #[test]
    fn energy_is_the_sum_over_gpus(
        gpus in prop::collection::vec((1_u32..1000, prop::collection::btree_set(1_u8..9, 0..4), any::<bool>()), 1..6),
        requests in 1_u32..5,
    ) {
        let mut bench = Bench::new();
        bench.records = Some(answers(requests, 7));
        let mut lines = Vec::new();
        for (index, (watts, parts, shows_whole)) in gpus.iter().enumerate() {
            let uuid = format!("GPU-{index}");
            if *shows_whole || parts.is_empty() {
                lines.push((gpu("a", &uuid, ""), *watts));
            }
            lines.extend(parts.iter().map(|part| (gpu("a", &uuid, &part.to_string()), *watts)));
        }
        pages(&mut bench, |batch, seconds| {
            for (labels, watts) in &lines {
                add(batch, ENERGY, labels, 1e3 * f64::from(*watts) * seconds);
            }
        });
        let report = bench.report();
        let watts: u32 = gpus.iter().map(|(watts, ..)| watts).sum();
        let joules = f64::from(watts) * 4.2;
        let row = derived(&report, "energy_per_request");
        prop_assert!((row.numerator.unwrap() - joules).abs() < 1e-6 * joules);
        prop_assert!((row.value.unwrap() * f64::from(requests) - joules).abs() < 1e-6 * joules);
        prop_assert_eq!(row.devices, gpus.len() as u64);
        prop_assert_eq!(report.devices.len(), lines.len());
    }
}
