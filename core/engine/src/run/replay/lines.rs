//! The two kinds of lines, as far as a report needs them. Their schemas stand beside the exporter
//! that writes them; fields that a line lacks make it unusable, further ones are passed over.

use std::collections::BTreeMap;

use aiperf_plugin_sdk::MetricKind;
use aiperf_plugin_sdk::view::Barrier;
use serde::Deserialize;
use serde::de::{Deserializer, Error, Unexpected};

/// One scrape of one server, or its failure.
#[derive(Debug, Deserialize)]
pub(super) struct ScrapeLine {
    pub(super) timestamp_ns: i64,
    pub(super) server_url: String,
    pub(super) server_id: String,
    pub(super) error: Option<ScrapeError>,
    pub(super) phase: Option<String>,
    pub(super) barrier: Barrier,
    pub(super) latency_ns: i64,
    pub(super) mono_ns: i64,
    #[serde(default)]
    pub(super) scrape_metrics: Option<ScrapeMetrics>,
    pub(super) endpoint: u32,
    pub(super) page: Option<u32>,
    pub(super) servers: u32,
    #[serde(default)]
    pub(super) schema: NewSchema,
    /// `None`: as on the server's page before.
    pub(super) series: Option<Vec<u32>>,
    pub(super) values: Option<Vec<Number>>,
}

/// Why a scrape brought no values.
#[derive(Debug, Deserialize)]
pub(super) struct ScrapeError {
    pub(super) code: i64,
    #[serde(rename = "type")]
    pub(super) class: String,
    pub(super) message: String,
}

/// What is known of a scrape itself, but for what the line says elsewhere.
#[derive(Debug, Clone, Copy, Deserialize)]
pub(super) struct ScrapeMetrics {
    pub(super) scrape_samples_scraped: u64,
    #[serde(default)]
    pub(super) scrape_body_size_bytes: Option<i64>,
}

/// Facts about series, written once.
#[derive(Debug, Default, Deserialize)]
pub(super) struct NewSchema {
    pub(super) families: Vec<NewFamily>,
    pub(super) series: Vec<NewSeries>,
}

/// A family of the line's server.
#[derive(Debug, Deserialize)]
pub(super) struct NewFamily {
    pub(super) name: String,
    #[serde(rename = "type")]
    pub(super) kind: MetricKind,
    pub(super) help: String,
    pub(super) unit: String,
}

/// A series of the line's server.
#[derive(Debug, Deserialize)]
pub(super) struct NewSeries {
    pub(super) id: u32,
    pub(super) name: String,
    pub(super) family: String,
    pub(super) labels: BTreeMap<String, String>,
}

/// A number, or one of the three values that JSON has no form for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Number(pub(super) f64);

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl serde::de::Visitor<'_> for Visitor {
            type Value = Number;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a number, \"NaN\", \"+Inf\" or \"-Inf\"")
            }
            fn visit_f64<E: Error>(self, value: f64) -> Result<Number, E> {
                Ok(Number(value))
            }
            fn visit_u64<E: Error>(self, value: u64) -> Result<Number, E> {
                Ok(Number(value as f64))
            }
            fn visit_i64<E: Error>(self, value: i64) -> Result<Number, E> {
                Ok(Number(value as f64))
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Number, E> {
                match text {
                    "NaN" => Ok(Number(f64::NAN)),
                    "+Inf" => Ok(Number(f64::INFINITY)),
                    "-Inf" => Ok(Number(f64::NEG_INFINITY)),
                    other => Err(E::invalid_value(Unexpected::Str(other), &self)),
                }
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

/// One finished request. Durations are milliseconds.
#[derive(Debug, Deserialize)]
pub(super) struct RequestLine {
    pub(super) id: u64,
    pub(super) phase: Option<String>,
    #[serde(default)]
    pub(super) session_num: Option<u64>,
    #[serde(default)]
    pub(super) turn_index: Option<u32>,
    #[serde(default)]
    pub(super) conversation_id: Option<String>,
    pub(super) outcome: Outcome,
    pub(super) status: u16,
    pub(super) worker: u16,
    pub(super) request_start_ns: i64,
    #[serde(default)]
    pub(super) dns_lookup_ms: Option<f64>,
    #[serde(default)]
    pub(super) connecting_ms: Option<f64>,
    #[serde(default)]
    pub(super) tls_handshake_ms: Option<f64>,
    #[serde(default)]
    pub(super) sending_ms: Option<f64>,
    #[serde(default)]
    pub(super) waiting_ms: Option<f64>,
    #[serde(default)]
    pub(super) data_sent_bytes: Option<u32>,
    #[serde(default)]
    pub(super) data_received_bytes: Option<u32>,
    #[serde(default)]
    pub(super) socket_reads: Option<u32>,
    pub(super) send_delay_ms: Option<f64>,
    #[serde(default)]
    pub(super) held_ms: Option<f64>,
    pub(super) time_to_first_token_ms: Option<f64>,
    pub(super) request_latency_ms: Option<f64>,
    pub(super) request_duration_ms: f64,
    pub(super) input_sequence_length: u32,
    pub(super) input_sequence_length_estimated: bool,
    pub(super) output_sequence_length: Option<u32>,
    pub(super) output_sequence_length_estimated: bool,
    pub(super) output_chunks: u32,
    pub(super) first_token_read_lag_ms: f64,
    pub(super) requested_output_tokens: Option<u32>,
    #[serde(default)]
    pub(super) num_images: u32,
    pub(super) cached_tokens: Option<u32>,
    #[serde(default)]
    pub(super) reasoning_tokens: Option<u32>,
    #[serde(default)]
    pub(super) cache_write_tokens: Option<u32>,
    #[serde(default)]
    pub(super) accepted_prediction_tokens: Option<u32>,
    #[serde(default)]
    pub(super) rejected_prediction_tokens: Option<u32>,
    #[serde(default)]
    pub(super) spec_decode_steps: Option<u32>,
    #[serde(default)]
    pub(super) draft_tokens: Option<u32>,
    #[serde(default)]
    pub(super) accepted_draft_tokens: Option<u32>,
    /// `None`: the first token; `Some(None)`: there was none.
    #[serde(default, deserialize_with = "known")]
    #[expect(clippy::option_option, reason = "left out is not `null`")]
    pub(super) time_to_first_output_token_ms: Option<Option<f64>>,
    pub(super) token_gaps_ms: Vec<f64>,
    pub(super) error: Option<RequestError>,
}

/// What is written is known, also if it is `null`.
#[expect(clippy::option_option, reason = "left out is not `null`")]
fn known<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<f64>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// How a request ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Outcome {
    Done,
    Failed,
    Cancelled,
}

/// Why a request failed.
#[derive(Debug, Deserialize)]
pub(super) struct RequestError {
    #[serde(rename = "type")]
    pub(super) class: String,
    pub(super) message: String,
}
