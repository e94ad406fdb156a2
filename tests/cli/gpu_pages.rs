//! Recorded pages of GPUs against what stands in their lines: each GPU and instance once, with the values of its own
//! lines, and nothing where a line says that there is none.

use std::collections::BTreeMap;

use serde_json::Value;

use super::context::Context;
use super::peer;

macro_rules! page {
    ($name:literal) => {
        include_str!(concat!(
            "../../plugins/parsers/prometheus/tests/pages/dcgm-exporter-",
            $name,
            ".prom"
        ))
    };
}

const PAGES: [&str; 3] = [
    page!("a100-mig-nvidia-docs"),
    page!("readme-emptylabels"),
    page!("t4-datadog"),
];

/// Values of devices and the fields that they are read from, as they are or in hundredths.
const VALUES: [(&str, &str, f64); 7] = [
    ("utilization", "DCGM_FI_DEV_GPU_UTIL", 1.0),
    ("utilization", "DCGM_FI_PROF_GR_ENGINE_ACTIVE", 100.0),
    ("memory_used", "DCGM_FI_DEV_FB_USED", 1.0),
    ("power", "DCGM_FI_DEV_POWER_USAGE", 1.0),
    ("temperature", "DCGM_FI_DEV_GPU_TEMP", 1.0),
    ("sm_clock", "DCGM_FI_DEV_SM_CLOCK", 1.0),
    ("xid", "DCGM_FI_DEV_XID_ERRORS", 1.0),
];

/// Host, UUID and instance.
type Device = (String, String, String);

/// Each line of a page that is of a device, without aiperf's parser: whose it is, its field, its value.
fn lines(page: &str) -> Vec<(Device, String, f64)> {
    let of_devices = page.lines().filter_map(|line| {
        let (field, rest) = line.split_once('{')?;
        let (labels, value) = rest.rsplit_once('}')?;
        let pairs = labels.split(',').filter_map(|pair| pair.split_once('='));
        let pairs: Vec<_> = pairs.collect();
        let label = |name: &str| {
            let found = pairs.iter().find(|(label, _)| label.trim() == name);
            found.map(|(_, value)| value.trim_matches('"').to_owned())
        };
        let device = |uuid| {
            let text = |name| label(name).unwrap_or_default();
            (text("Hostname"), uuid, text("GPU_I_ID"))
        };
        Some((
            device(label("UUID")?),
            field.to_owned(),
            value.trim().parse().ok()?,
        ))
    });
    of_devices.collect()
}

/// What `collect` makes of a page.
fn read(page: String) -> Value {
    let url = peer::serve(move |_, stream| {
        let answer = peer::response("text/plain; version=0.0.4", "", page.as_bytes());
        peer::send(stream, &answer)
    });
    let context = Context::new();
    let options = format!("[collectors.dcgm.options]\nurls = [\"{url}\"]\n");
    context.write("gpus.toml", &options);
    context.succeed(&[
        "collect",
        "--once",
        "--artifact-dir",
        "out",
        "--config",
        "gpus.toml",
    ]);
    context.json("out/aiperf.json")
}

fn devices(report: &Value) -> Vec<(Device, &Value)> {
    let all = report["devices"].as_array().expect("a list").iter();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    all.map(|one| {
        let host = text(&one["labels"]["host"]);
        ((host, text(&one["id"]), text(&one["part"])), &one["values"])
    })
    .collect()
}

/// What a value of a device is at its only reading.
fn at_once(value: &Value) -> Option<f64> {
    value["avg"].as_f64().or_else(|| value["last"].as_f64())
}

#[test]
fn each_device_once_with_the_values_of_its_own_lines() {
    // Alone, and the same twice over from hosts that share one page.
    let other = |page: &str| {
        page.replace("Hostname=\"", "Hostname=\"other-")
            .replace("GPU-", "GPU-f")
    };
    let pages = PAGES
        .iter()
        .flat_map(|page| [(*page).to_owned(), format!("{page}\n{}", other(page))]);
    for page in pages {
        let report = read(page.clone());
        let devices = devices(&report);
        let mut fields: BTreeMap<Device, BTreeMap<String, f64>> = BTreeMap::new();
        for (device, field, value) in lines(&page) {
            fields.entry(device).or_default().insert(field, value);
        }
        let mut shown: Vec<_> = devices.iter().map(|(device, _)| device).collect();
        shown.sort();
        assert_eq!(shown, fields.keys().collect::<Vec<_>>(), "{page}");
        for (device, values) in &devices {
            let mut expected = BTreeMap::new();
            for (name, field, scale) in VALUES {
                if let Some(value) = fields[device].get(field) {
                    expected.entry(name).or_insert(value * scale);
                }
            }
            for (name, expected) in expected {
                let found = at_once(&values[name]).unwrap_or(f64::NAN);
                assert!(
                    (found - expected).abs() < 1e-9,
                    "{device:?} {name}: {found}, not {expected}"
                );
            }
        }
    }
}

#[test]
fn a_blank_is_no_value_and_costs_no_other() {
    for blank in [
        "2147483632",
        "2147483635",
        "140737488355328.000000",
        "140737488355330",
        "9223372036854775794",
    ] {
        let was = "} 409.692000";
        assert!(PAGES[0].contains(was));
        let report = read(PAGES[0].replace(was, &format!("}} {blank}")));
        let devices = devices(&report);
        let (_, values) = devices
            .iter()
            .find(|((_, _, part), _)| part.is_empty())
            .expect("the GPU");
        assert_eq!(at_once(&values["power"]), None, "{blank}: {values:#}");
        assert_eq!(
            at_once(&values["temperature"]),
            Some(61.0),
            "{blank}: {values:#}"
        );
    }
}
