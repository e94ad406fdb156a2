//! Exporter: jsonl.
