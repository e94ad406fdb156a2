//! A page such as a DCGM exporter serves, for two GPUs that share the work, the second of them
//! with one MIG instance.
//!
//! Power follows the slots in use exactly, and energy is its integral: a reader can check one
//! against the other.

use super::family::{Catalog, Family, Style, Type, View};
use crate::config::SimConfig;

/// Power of a GPU without work, and what full slots add, in watts.
const IDLE_WATTS: f64 = 60.0;
const BUSY_WATTS: f64 = 340.0;
/// Memory of a GPU, and what the model takes of it before any request, in MiB.
const MEMORY_MIB: f64 = 40_536.0;
const MODEL_MIB: f64 = 16_000.0;

const GPUS: [[(&str, &str); 5]; 2] = [
    gpu("0", "GPU-5e1f0c3a-0000-4000-8000-000000000000", "nvidia0"),
    gpu("1", "GPU-5e1f0c3a-0000-4000-8000-000000000001", "nvidia1"),
];

const fn gpu(
    index: &'static str,
    uuid: &'static str,
    device: &'static str,
) -> [(&'static str, &'static str); 5] {
    [
        ("gpu", index),
        ("UUID", uuid),
        ("device", device),
        ("modelName", "NVIDIA A100-SXM4-40GB"),
        ("Hostname", "aiperf-sim"),
    ]
}

/// Slots in use, 0 to 1.
fn load(view: &View, slots: f64) -> f64 {
    view.stats.running as f64 / slots
}

fn watts(view: &View, slots: f64) -> f64 {
    IDLE_WATTS + BUSY_WATTS * load(view, slots)
}

/// Energy since the start in millijoules, whole as DCGM counts it.
fn millijoules(view: &View, slots: f64) -> f64 {
    let busy_seconds = view.stats.busy(view.now) as f64 / 1e9;
    (1e3 * (IDLE_WATTS * view.uptime + BUSY_WATTS * busy_seconds / slots)).floor()
}

fn used_mib(view: &View, blocks: f64) -> f64 {
    let cache = (view.stats.kv_blocks as f64 / blocks).min(1.0);
    (MODEL_MIB + cache * (MEMORY_MIB - MODEL_MIB)).floor()
}

/// A family with one series for each GPU.
fn per_gpu(
    name: &'static str,
    kind: Type,
    help: &'static str,
    value: impl Fn(&View) -> f64 + Clone + Send + Sync + 'static,
) -> Family {
    let family = Family::new(name, kind, Style::Plain, help);
    GPUS.iter().fold(family, |family, labels| {
        family.number(labels, value.clone())
    })
}

/// A family with one series for each GPU and one for the MIG instance.
fn per_instance(
    name: &'static str,
    help: &'static str,
    value: impl Fn(&View) -> f64 + Clone + Send + Sync + 'static,
) -> Family {
    let [_, parent] = GPUS;
    let [index, uuid, device, model, host] = parent;
    let instance = [
        index,
        uuid,
        device,
        model,
        ("GPU_I_PROFILE", "3g.20gb"),
        ("GPU_I_ID", "1"),
        host,
    ];
    per_gpu(name, Type::Gauge, help, value.clone()).number(&instance, value)
}

pub(super) fn add_to(catalog: &mut Catalog, config: &SimConfig) {
    let slots = f64::from(config.max_running);
    for (name, help, value) in [
        (
            "DCGM_FI_DEV_SM_CLOCK",
            "SM clock frequency (in MHz).",
            1410.0,
        ),
        (
            "DCGM_FI_DEV_MEM_CLOCK",
            "Memory clock frequency (in MHz).",
            1215.0,
        ),
        (
            "DCGM_FI_DEV_XID_ERRORS",
            "Value of the last XID error encountered.",
            0.0,
        ),
    ] {
        catalog.add(per_gpu(name, Type::Gauge, help, move |_| value));
    }
    catalog.add(per_gpu(
        "DCGM_FI_DEV_GPU_TEMP",
        Type::Gauge,
        "GPU temperature (in C).",
        move |view| (35.0 + 40.0 * load(view, slots)).round(),
    ));
    catalog.add(per_gpu(
        "DCGM_FI_DEV_POWER_USAGE",
        Type::Gauge,
        "Power draw (in W).",
        move |view| watts(view, slots),
    ));
    catalog.add(per_gpu(
        "DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION",
        Type::BareCounter,
        "Total energy consumption since boot (in mJ).",
        move |view| millijoules(view, slots),
    ));
    catalog.add(per_gpu(
        "DCGM_FI_DEV_PCIE_REPLAY_COUNTER",
        Type::BareCounter,
        "Total number of PCIe retries.",
        |_| 0.0,
    ));
    catalog.add(per_gpu(
        "DCGM_FI_DEV_GPU_UTIL",
        Type::Gauge,
        "GPU utilization (in %).",
        move |view| (100.0 * load(view, slots)).round(),
    ));
    add_memory(catalog, f64::from(config.kv_blocks));
    for (name, help, share) in [
        (
            "DCGM_FI_PROF_GR_ENGINE_ACTIVE",
            "Ratio of time the graphics engine is active.",
            1.0,
        ),
        (
            "DCGM_FI_PROF_PIPE_TENSOR_ACTIVE",
            "Ratio of cycles the tensor pipe is active.",
            0.6,
        ),
        (
            "DCGM_FI_PROF_DRAM_ACTIVE",
            "Ratio of cycles the memory interface is active.",
            0.8,
        ),
    ] {
        catalog.add(per_instance(name, help, move |view| {
            share * load(view, slots)
        }));
    }
}

fn add_memory(catalog: &mut Catalog, blocks: f64) {
    catalog.add(per_gpu(
        "DCGM_FI_DEV_FB_FREE",
        Type::Gauge,
        "Framebuffer memory free (in MiB).",
        move |view| MEMORY_MIB - used_mib(view, blocks),
    ));
    catalog.add(per_gpu(
        "DCGM_FI_DEV_FB_USED",
        Type::Gauge,
        "Framebuffer memory used (in MiB).",
        move |view| used_mib(view, blocks),
    ));
}
