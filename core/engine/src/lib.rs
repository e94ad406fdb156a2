//! The engine of aiperf: load generator, collection, statistics, report.
