//! Plugins of every kind and mode, driven through the boundary's objects as a host drives them.

use std::sync::Arc;
use std::time::Duration;

use aiperf_plugin_sdk::hosting::{Factory, builtin_factories};
use aiperf_plugin_sdk::prelude::*;
use aiperf_plugin_sdk::testing::{self, FakeHost, RecordingSink};
use aiperf_plugin_sdk::{Context, Descriptor, PluginKind};
use serde_json::json;

#[derive(Deserialize, JsonSchema, Default)]
#[serde(deny_unknown_fields, default)]
struct Config {
    /// What to do: `panic`, `panic_drop`, `fail`, `context`, or nothing special.
    mode: String,
    #[serde(skip)]
    #[schemars(skip)]
    host: Option<Host>,
}

macro_rules! plugin {
    ($name:ident, $id:literal) => {
        struct $name(Config);
        impl Plugin for $name {
            const ID: &'static str = $id;
            const SUMMARY: &'static str = "A plugin of the tests.";
            const VERSION: &'static str = "1.2.3";
            type Config = Config;
            fn validate(config: &Config) -> Vec<PluginError> {
                let bad = config.mode == "bad";
                bad.then(|| PluginError::config("mode", "`bad` is bad"))
                    .into_iter()
                    .collect()
            }
            fn open(config: Config, host: &Host) -> Result<Self> {
                let host = Some(host.clone());
                Ok(Self(Config { host, ..config }))
            }
        }
        impl Drop for $name {
            fn drop(&mut self) {
                assert!(self.0.mode != "panic_drop", "boom in drop");
            }
        }
    };
}

plugin!(Poller, "poller");
impl PollCollector for Poller {
    fn collect(&mut self, out: &mut CollectorSink<'_>) -> Result<()> {
        assert!(self.0.mode != "panic", "boom");
        if self.0.mode == "fail" {
            let error = PluginError::new(ErrorKind::Io, "no device");
            return Err(error.remedy("load the\nmodule"));
        }
        if self.0.mode == "context"
            && let Some(host) = &self.0.host
        {
            let context = host.context();
            let timeout = context.timeout().unwrap_or_default().as_secs_f64();
            out.batch().gauge(&context.name, &[], timeout);
            return Ok(());
        }
        out.batch().gauge("load", &[("window", "1m")], 0.5);
        out.batch().counter("ticks", &[], 7.0);
        out.push("other")?;
        out.error(PluginError::new(ErrorKind::Timeout, "slow").source("third"));
        out.batch().gauge("load", &[], 1.5);
        Ok(())
    }
}
export_plugin!(poll_collector Poller);

plugin!(Streamer, "streamer");
impl StreamCollector for Streamer {
    fn run(&mut self, out: &mut CollectorSink<'_>) -> Result<()> {
        let payload = Payload::new("text/plain", b"x 1\n", PayloadClock::default());
        out.payload(&payload.source("s"))
    }
}
export_plugin!(stream_collector Streamer);

plugin!(Aimer, "aimer");
impl TargetsCollector for Aimer {
    fn targets(&mut self) -> Result<Targets> {
        Ok(Targets::new(1, [Target::new("a", "http://a/metrics")]))
    }
    fn on_response(&mut self, response: &Response<'_>) -> Verdict {
        match response.status {
            Some(404) => Verdict::Replace("http://a/other".into()),
            Some(429) => {
                let seconds = response
                    .header("Retry-After")
                    .and_then(|text| text.parse().ok());
                Verdict::Pause(Duration::from_secs(seconds.unwrap_or_default()))
            }
            Some(_) => Verdict::Keep,
            None => Verdict::Disable(response.error.to_owned()),
        }
    }
}
export_plugin!(targets_collector Aimer);

fn find(kind: PluginKind, id: &str) -> (Factory, Descriptor) {
    builtin_factories()
        .into_iter()
        .map(|factory| {
            let descriptor = factory.descriptor().expect("descriptor");
            (factory, descriptor)
        })
        .find(|(_, descriptor)| descriptor.kind == kind && descriptor.id == id)
        .expect("linked into this test")
}

fn collector(id: &str) -> Factory {
    find(PluginKind::Collector, id).0
}

#[test]
fn the_suite_passes_on_every_mode() {
    for id in ["poller", "streamer", "aimer"] {
        testing::collector(id);
    }
}

#[test]
fn what_a_poller_pushes_arrives_by_source() {
    let host = FakeHost::new();
    let mut poller = collector("poller")
        .open_collector(&json!({}), &Context::new("test"), host.services())
        .unwrap();
    let mut sink = RecordingSink::default();
    poller.collect(&mut sink).unwrap();
    let got: Vec<_> = sink
        .samples
        .iter()
        .map(|s| (s.source_id.as_str(), s.name.as_str(), s.kind))
        .collect();
    let expected = [
        ("other", "load", MetricKind::Gauge),
        ("other", "ticks", MetricKind::Counter),
        ("", "load", MetricKind::Gauge),
    ];
    assert_eq!(got, expected);
    assert_eq!(
        sink.samples[0].labels,
        [("window".to_owned(), "1m".to_owned())]
    );
    assert_eq!(sink.errors[0].source_id.as_deref(), Some("third"));
}

#[test]
fn payloads_of_a_stream_arrive() {
    let host = FakeHost::new();
    let mut streamer = collector("streamer")
        .open_collector(&json!({}), &Context::new("test"), host.services())
        .unwrap();
    let mut sink = RecordingSink::default();
    streamer.run(&mut sink).unwrap();
    assert_eq!(sink.payloads, [b"x 1\n"]);
}

#[test]
fn verdicts_come_back() {
    let host = FakeHost::new();
    let mut aimer = collector("aimer")
        .open_collector(&json!({}), &Context::new("test"), host.services())
        .unwrap();
    let mut ask = |status, error| {
        let response = Response {
            target_id: "a",
            status,
            error,
            headers: "server: a\nretry-after: 7\nretry-after: 9\n",
            ..Response::default()
        };
        aimer.on_response(&response).unwrap()
    };
    assert_eq!(ask(Some(200), ""), Verdict::Keep);
    assert_eq!(
        ask(Some(404), ""),
        Verdict::Replace("http://a/other".into())
    );
    assert_eq!(ask(Some(429), ""), Verdict::Pause(Duration::from_secs(7)));
    assert_eq!(ask(None, "gone"), Verdict::Disable("gone".into()));
}

#[test]
fn an_instance_knows_its_name_and_deadline() {
    let host = FakeHost::new();
    let second = Duration::from_secs(1);
    let context = Context::new("gpu").read_every(second, second / 2);
    let mut poller = collector("poller")
        .open_collector(&json!({ "mode": "context" }), &context, host.services())
        .unwrap();
    let mut sink = RecordingSink::default();
    poller.collect(&mut sink).unwrap();
    assert_eq!(sink.samples[0].name, "gpu");
    assert_eq!(sink.samples[0].value.to_bits(), 0.5_f64.to_bits());
}

#[test]
fn an_error_brings_its_remedy_along() {
    let host = FakeHost::new();
    let context = Context::new("test");
    let mut poller = collector("poller")
        .open_collector(&json!({ "mode": "fail" }), &context, host.services())
        .unwrap();
    let error = poller.collect(&mut RecordingSink::default()).unwrap_err();
    assert_eq!(error.to_string(), "no device; load the module");
}

#[test]
fn a_panic_is_an_error_and_the_next_call_works() {
    let host = FakeHost::new();
    let options = json!({ "mode": "panic" });
    let mut poller = collector("poller")
        .open_collector(&options, &Context::new("test"), host.services())
        .unwrap();
    for _ in 0..2 {
        let error = poller.collect(&mut RecordingSink::default()).unwrap_err();
        assert_eq!(
            (error.kind, error.message.as_str()),
            (ErrorKind::Panic, "panicked: boom")
        );
    }
}

#[test]
fn a_panicking_drop_is_contained() {
    let host = FakeHost::new();
    let options = json!({ "mode": "panic_drop" });
    drop(
        collector("poller")
            .open_collector(&options, &Context::new("test"), host.services())
            .unwrap(),
    );
}

#[test]
fn option_errors_carry_their_path() {
    let factory = collector("poller");
    let errors = factory.validate(&json!({ "mode": "bad" }));
    assert_eq!(errors[0].path.as_deref(), Some("mode"));
    assert_eq!(errors[0].to_string(), "`mode`: `bad` is bad");
    let wrong_type = factory.validate(&json!({ "mode": 1 }));
    assert!(
        wrong_type[0].message.contains("expected a string"),
        "{}",
        wrong_type[0]
    );
}

#[test]
fn another_kind_is_refused() {
    let host = FakeHost::new();
    let error = collector("poller")
        .open_parser(&json!({}), &Context::new("test"), host.services())
        .unwrap_err();
    assert_eq!(error.message, "`poller` is a collector");
}

#[test]
fn the_host_is_shared_not_copied() {
    let host = FakeHost::new();
    let handle = host.host();
    handle.log(LogLevel::Warn, "here");
    assert_eq!(host.log_lines(), [(LogLevel::Warn, "here".to_owned())]);
    let _: Arc<dyn aiperf_plugin_sdk::hosting::HostServices> = host.services();
}
