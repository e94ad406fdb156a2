//! One collector of each mode.

use std::time::Duration;

use aiperf_plugin_sdk::prelude::*;

/// Options of `acme_pulse`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PulseConfig {
    /// Number of devices.
    #[serde(default = "two")]
    pub devices: u32,
}

fn two() -> u32 {
    2
}

/// Poll mode: counts its calls.
#[derive(Debug)]
pub struct Pulse {
    config: PulseConfig,
    calls: u32,
}

impl Plugin for Pulse {
    const ID: &'static str = "acme_pulse";
    const SUMMARY: &'static str = "Counts how often it is read.";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    type Config = PulseConfig;

    fn validate(config: &PulseConfig) -> Vec<PluginError> {
        let none = (config.devices == 0).then(|| PluginError::config("devices", "must not be 0"));
        none.into_iter().collect()
    }

    fn open(config: PulseConfig, host: &Host) -> Result<Self> {
        host.log(LogLevel::Info, "the pulse is open");
        Ok(Self { config, calls: 0 })
    }
}

impl PollCollector for Pulse {
    fn collect(&mut self, out: &mut CollectorSink<'_>) -> Result<()> {
        self.calls += 1;
        for device in 0..self.config.devices {
            let device = device.to_string();
            out.batch()
                .counter("acme_calls", &[("device", &device)], self.calls.into());
        }
        Ok(())
    }
}
export_plugin!(poll_collector Pulse);

/// No options.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NoOptions {}

/// Stream mode: pushes text for a parser.
#[derive(Debug)]
pub struct Ticker {
    host: Host,
}

impl Plugin for Ticker {
    const ID: &'static str = "acme_ticker";
    const SUMMARY: &'static str = "Pushes by itself, in a text of its own.";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    type Config = NoOptions;

    fn open(_: NoOptions, host: &Host) -> Result<Self> {
        Ok(Self { host: host.clone() })
    }
}

impl Ticker {
    fn push(&self, count: u32, out: &mut CollectorSink<'_>) -> Result<()> {
        let body = format!("acme_ticks {count}\nacme_level 7.5\n");
        let clock = PayloadClock::at(self.host.now());
        let payload = Payload::new("text/acme", body.as_bytes(), clock);
        out.payload(&payload.source("wire"))
    }
}

impl StreamCollector for Ticker {
    fn run(&mut self, out: &mut CollectorSink<'_>) -> Result<()> {
        for count in 1.. {
            self.push(count, out)?;
            match self.host.wait(Duration::from_millis(20)) {
                Wake::Stop => return Ok(()),
                Wake::Sync => {
                    self.push(count, out)?;
                    self.host.synced();
                }
                _ => {}
            }
        }
        Ok(())
    }
}
export_plugin!(stream_collector Ticker);

/// Options of `acme_pages`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PagesConfig {
    /// Page that is scraped, at the second try.
    pub url: String,
}

/// Targets mode: names a wrong page first, and corrects itself.
#[derive(Debug)]
pub struct Pages {
    url: String,
}

impl Plugin for Pages {
    const ID: &'static str = "acme_pages";
    const SUMMARY: &'static str = "Lets the host scrape a page.";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    type Config = PagesConfig;

    fn open(config: PagesConfig, host: &Host) -> Result<Self> {
        let answer = host.http_get(&config.url, &[], Duration::from_secs(10))?;
        host.log(
            LogLevel::Info,
            &format!("the page answers {}", answer.status),
        );
        Ok(Self { url: config.url })
    }
}

impl TargetsCollector for Pages {
    fn targets(&mut self) -> Result<Targets> {
        let target = Target::new("page", format!("{}/not-here", self.url));
        Ok(Targets::new(1, [target]))
    }

    fn on_response(&mut self, response: &Response<'_>) -> Verdict {
        match response.status {
            Some(404) => Verdict::Replace(self.url.clone()),
            _ => Verdict::Keep,
        }
    }
}
export_plugin!(targets_collector Pages);
