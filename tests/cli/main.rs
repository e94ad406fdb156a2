//! Black-box tests of the `aiperf` binary; see `tests/README.md`.

#![expect(
    clippy::panic,
    clippy::float_cmp,
    reason = "a failed check ends a test, and counts are whole numbers"
)]

mod apis;
mod bad_disks;
mod bad_input;
mod bad_pages;
mod bad_servers;
mod config;
mod console_text;
mod context;
mod conversations;
mod dashboard;
mod export_level;
mod goodput;
mod gpu_pages;
mod gpus;
mod health;
mod hostile;
mod http2;
mod https;
mod instances;
mod interrupts;
mod lint;
mod main_job;
mod mutual_tls;
mod near;
mod one_report;
mod one_truth;
mod pages;
mod peer;
mod prompts;
mod proxy;
mod rates;
mod recording;
mod redirects;
mod report;
mod scrape_metrics;
mod secrets;
mod shells;
mod steady;
mod sweep;
mod teams;
mod tidy;
mod weather;
