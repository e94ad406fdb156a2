//! Exporter: console.
