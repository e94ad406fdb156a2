//! Collector: scrapes Prometheus and OpenMetrics endpoints.
