//! Plugins of every kind and mode, driven through the boundary's objects as a host drives them.

use std::sync::Arc;

use aiperf_plugin_sdk::hosting::{Factory, builtin_factories};
use aiperf_plugin_sdk::prelude::*;
use aiperf_plugin_sdk::testing::{self, FakeHost, RecordingSink};
use aiperf_plugin_sdk::{Descriptor, PluginKind};
use serde_json::json;

#[derive(Deserialize, JsonSchema, Default)]
#[serde(deny_unknown_fields, default)]
struct Config {
    /// What to do: `panic`, `panic_drop`, `fail`, or nothing special.
    mode: String,
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
            fn open(config: Config, _: &Host) -> Result<Self> {
                Ok(Self(config))
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
        let payload = Payload {
            source_id: "s",
            content_type: "text/plain",
            body: b"x 1\n",
            clock: aiperf_plugin_sdk::time::PayloadClock::default(),
        };
        out.payload(&payload)
    }
}
export_plugin!(stream_collector Streamer);

plugin!(Aimer, "aimer");
impl TargetsCollector for Aimer {
    fn targets(&mut self) -> Result<Targets> {
        let target = Target {
            id: "a".into(),
            url: "http://a/metrics".into(),
            ..Target::default()
        };
        Ok(Targets {
            generation: 1,
            targets: vec![target],
        })
    }
    fn on_response(&mut self, response: &Response<'_>) -> Verdict {
        match response.status {
            Some(404) => Verdict::Replace("http://a/other".into()),
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
        .open_collector(&json!({}), host.services())
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
        .open_collector(&json!({}), host.services())
        .unwrap();
    let mut sink = RecordingSink::default();
    streamer.run(&mut sink).unwrap();
    assert_eq!(sink.payloads, [b"x 1\n"]);
}

#[test]
fn verdicts_come_back() {
    let host = FakeHost::new();
    let mut aimer = collector("aimer")
        .open_collector(&json!({}), host.services())
        .unwrap();
    let mut ask = |status, error| {
        let response = Response {
            target_id: "a",
            status,
            content_type: "",
            head: &[],
            error,
        };
        aimer.on_response(&response).unwrap()
    };
    assert_eq!(ask(Some(200), ""), Verdict::Keep);
    assert_eq!(
        ask(Some(404), ""),
        Verdict::Replace("http://a/other".into())
    );
    assert_eq!(ask(None, "gone"), Verdict::Disable("gone".into()));
}

#[test]
fn a_panic_is_an_error_and_the_next_call_works() {
    let host = FakeHost::new();
    let options = json!({ "mode": "panic" });
    let mut poller = collector("poller")
        .open_collector(&options, host.services())
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
            .open_collector(&options, host.services())
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
        .open_parser(&json!({}), host.services())
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
