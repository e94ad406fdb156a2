//! The built-in plugins. A crate that nobody names is not linked, and its plugins are then missing
//! without a word: hence these lines, and a test that holds the list.

use aiperf_collector_dcgm as _;
use aiperf_collector_prometheus as _;
use aiperf_exporter_console as _;
use aiperf_exporter_csv as _;
use aiperf_exporter_json as _;
use aiperf_exporter_jsonl as _;
use aiperf_parser_prometheus as _;

#[cfg(test)]
mod tests {
    use aiperf_core::plugins::Registry;

    #[test]
    fn every_built_in_is_linked() {
        let registry = Registry::with_builtins().expect("built-ins describe themselves");
        let ids: Vec<_> = registry
            .entries()
            .map(|entry| format!("{} {}", entry.descriptor.kind.as_str(), entry.descriptor.id))
            .collect();
        let expected = [
            "collector dcgm",
            "collector prometheus",
            "parser prometheus",
            "exporter console",
            "exporter csv",
            "exporter json",
            "exporter jsonl",
        ];
        assert_eq!(ids, expected);
    }
}
