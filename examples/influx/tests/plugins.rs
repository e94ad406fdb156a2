//! Both plugins, and a packet on its way through them.

use std::net::UdpSocket;

use aiperf_influx::{InfluxParser, InfluxUdp};

use aiperf_plugin_sdk::serde_json::json;
use aiperf_plugin_sdk::testing::{self, FakeHost, RecordingSink};

#[test]
fn both_conform() {
    testing::collector("influx_udp");
    testing::parser("influx");
}

#[test]
fn the_samples_show_the_defaults() {
    testing::sample_is_the_defaults::<InfluxUdp>();
    testing::sample_is_the_defaults::<InfluxParser>();
}

#[test]
fn takes_what_was_sent_before_the_end() {
    let host = FakeHost::new();
    let options = json!({ "listen": "127.0.0.1:0" });
    let mut collector = testing::open_collector("influx_udp", &options, &host).unwrap();
    let (_, line) = host.log_lines().remove(0);
    let address = line.strip_prefix("listens at ").unwrap();
    let sender = UdpSocket::bind("127.0.0.1:0").unwrap();
    sender.send_to(b"power,gpu=0 watts=312.5", address).unwrap();
    let mut sink = RecordingSink::default();
    collector.run(&mut sink).unwrap();
    assert_eq!(sink.payloads, [b"power,gpu=0 watts=312.5"]);
}

#[test]
fn every_number_is_a_sample() {
    let page =
        b"# comment\npower,gpu=0 watts=312.5,cap=350i,name=\"H100\" 3\n\ntemp value=60\nbad\n";
    let options = json!({ "precision": "s" });
    let samples = testing::parse("influx", &options, page).unwrap();
    let read: Vec<_> = samples
        .iter()
        .map(|sample| (&*sample.name, sample.value, sample.time_ns))
        .collect();
    let time = Some(3_000_000_000);
    assert_eq!(
        read,
        [
            ("power_watts", 312.5, time),
            ("power_cap", 350.0, time),
            ("temp", 60.0, None),
        ]
    );
    assert_eq!(samples[0].labels, [("gpu".to_owned(), "0".to_owned())]);
}
