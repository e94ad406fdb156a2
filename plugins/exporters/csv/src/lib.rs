//! Exporter: csv.
