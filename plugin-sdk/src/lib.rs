//! SDK for writing aiperf collectors, parsers and exporters.
