//! Collector `{id}`: follows a file of `name value` lines. Put in its place what pushes to you.

mod config;

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::time::Duration;

use aiperf_plugin_sdk::prelude::*;

pub use config::Config;

/// Runs until it is told to stop.
#[derive(Debug)]
pub struct {type} {
    file: BufReader<File>,
    line: String,
    host: Host,
}

impl Plugin for {type} {
    const ID: &'static str = "{id}";
    const SUMMARY: &'static str = "Numbers that another program appends to a file.";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const SAMPLE: &'static str = include_str!("../sample.toml");
    type Config = Config;

    fn open(config: Config, host: &Host) -> Result<Self> {
        Ok(Self {
            file: BufReader::new(File::open(&config.path)?),
            line: String::new(),
            host: host.clone(),
        })
    }
}

impl {type} {
    /// Pushes what has been appended. A line that is not complete yet stays for the next time.
    fn read(&mut self, out: &mut CollectorSink<'_>) -> Result<()> {
        while self.file.read_line(&mut self.line)? > 0 && self.line.ends_with('\n') {
            if let Some((name, value)) = self.line.trim().split_once(' ') {
                out.batch().gauge(name, &[], value.parse()?);
                out.push("")?;
            }
            self.line.clear();
        }
        Ok(())
    }
}

impl StreamCollector for {type} {
    fn run(&mut self, out: &mut CollectorSink<'_>) -> Result<()> {
        let mut wake = Wake::Elapsed;
        while wake != Wake::Stop {
            self.read(out)?;
            if wake == Wake::Sync {
                self.host.synced();
            }
            wake = self.host.wait(Duration::from_millis(20));
        }
        Ok(())
    }
}

export_plugin!(stream_collector {type});
