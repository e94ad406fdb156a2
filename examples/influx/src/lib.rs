//! InfluxDB line protocol over UDP, as Telegraf and many scripts send it: the stream collector
//! `influx_udp` takes the packets, the parser `influx` reads them. One library, two plugins.

mod line;
mod listener;
mod parser;

pub use listener::{InfluxUdp, ListenerConfig};
pub use parser::{InfluxParser, ParserConfig};

/// MIME type by which the collector's packets find the parser. There is no official one.
pub(crate) const CONTENT_TYPE: &str = "text/x-influx-line-protocol";

aiperf_plugin_sdk::export_plugin!(stream_collector InfluxUdp);
aiperf_plugin_sdk::export_plugin!(parser InfluxParser);
