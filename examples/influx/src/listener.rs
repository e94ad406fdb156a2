//! Collector `influx_udp`: takes packets until it is told to stop.

use std::io;
use std::net::UdpSocket;
use std::time::Duration;

use aiperf_plugin_sdk::prelude::*;

use crate::CONTENT_TYPE;

/// Largest packet that UDP knows.
const PACKET: usize = 65_536;
/// How long packets wait in the socket at most. They get their time when they are taken, unless
/// their lines carry one.
const PAUSE: Duration = Duration::from_millis(5);

/// Options of the `influx_udp` collector.
#[derive(Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ListenerConfig {
    /// Address and port to listen at.
    pub listen: String,
}

impl Default for ListenerConfig {
    fn default() -> Self {
        Self {
            listen: "127.0.0.1:8089".to_owned(),
        }
    }
}

/// The collector. See the [module](self).
#[derive(Debug)]
pub struct InfluxUdp {
    socket: UdpSocket,
    packet: Vec<u8>,
    host: Host,
}

impl Plugin for InfluxUdp {
    const ID: &'static str = "influx_udp";
    const SUMMARY: &'static str = "InfluxDB line protocol that others send by UDP.";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const SAMPLE: &'static str = include_str!("../listener.toml");
    type Config = ListenerConfig;

    fn open(config: ListenerConfig, host: &Host) -> Result<Self> {
        let socket = UdpSocket::bind(&config.listen)?;
        socket.set_nonblocking(true)?;
        let address = socket.local_addr()?;
        host.log(LogLevel::Info, &format!("listens at {address}"));
        Ok(Self {
            socket,
            packet: vec![0; PACKET],
            host: host.clone(),
        })
    }
}

impl InfluxUdp {
    /// Hands over all packets that are there.
    fn drain(&mut self, out: &mut CollectorSink<'_>) -> Result<()> {
        loop {
            let length = match self.socket.recv(&mut self.packet) {
                Ok(length) => length,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error.into()),
            };
            let clock = PayloadClock::at(self.host.now());
            out.payload(&Payload::new(CONTENT_TYPE, &self.packet[..length], clock))?;
        }
    }
}

impl StreamCollector for InfluxUdp {
    fn run(&mut self, out: &mut CollectorSink<'_>) -> Result<()> {
        let mut wake = Wake::Elapsed;
        while wake != Wake::Stop {
            self.drain(out)?;
            if wake == Wake::Sync {
                self.host.synced();
            }
            wake = self.host.wait(PAUSE);
        }
        // What came before the end belongs to the run.
        self.drain(out)
    }
}
