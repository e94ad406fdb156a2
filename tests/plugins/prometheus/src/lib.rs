//! The built-in Prometheus parser as a library: the same source through the other door.

use aiperf_parser_prometheus as _;
