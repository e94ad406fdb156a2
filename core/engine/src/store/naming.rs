//! Names of keys. The rules are in `docs/metrics.md#keys`.

use std::collections::HashSet;

use aiperf_plugin_sdk::MetricKind;

/// `text` with everything that a Prometheus name cannot hold as `_`; never empty, and never
/// starting with a digit.
pub fn sanitize(text: &str) -> String {
    let mut name = String::with_capacity(text.len());
    if text.is_empty() || text.starts_with(|c: char| c.is_ascii_digit()) {
        name.push('_');
    }
    push_sanitized(&mut name, text);
    name
}

fn push_sanitized(name: &mut String, text: &str) {
    let valid = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
    name.extend(text.chars().map(|c| if valid(c) { c } else { '_' }));
}

/// Name of a family in keys: without `_total` if it is a counter.
pub(super) fn base(kind: MetricKind, family: &str) -> &str {
    if kind == MetricKind::Counter {
        family.strip_suffix("_total").unwrap_or(family)
    } else {
        family
    }
}

/// `base` with labels flattened into it: `name_label_value_label_value`, in the order given.
pub fn flat_key<'a>(base: &str, labels: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let mut key = sanitize(base);
    for (name, value) in labels {
        key.push('_');
        push_sanitized(&mut key, name);
        key.push('_');
        push_sanitized(&mut key, value);
    }
    key
}

/// Short form of a URL: host, port and path, without scheme, user and a trailing `/metrics`.
pub fn display_of(url: &str) -> String {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let (authority, path) = match rest.find(['/', '?']) {
        Some(at) => rest.split_at(at),
        None => (rest, ""),
    };
    let host = authority
        .rsplit_once('@')
        .map_or(authority, |(_, host)| host);
    let path = path.strip_suffix("/metrics").unwrap_or(path);
    format!("{host}{path}")
}

/// `collector_` and the URL with every character that is not alphanumeric as `_`.
pub fn collector_id(url: &str) -> String {
    let safe = url
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' });
    "collector_".chars().chain(safe).collect()
}

/// Keys of one server that are taken.
#[derive(Debug, Default)]
pub struct KeyNames(HashSet<String>);

impl KeyNames {
    /// Takes the first free one of `key`, `kept` (the same with a counter's `_total`), `key_2`,
    /// `key_3` and so on.
    pub fn claim(&mut self, key: String, kept: Option<String>) -> String {
        let numbered = (2_u32..).map(|n| format!("{key}_{n}"));
        let mut candidates = std::iter::once(key.clone()).chain(kept).chain(numbered);
        let free = candidates.find(|key| !self.0.contains(key)).unwrap_or(key);
        self.0.insert(free.clone());
        free
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_valid_names() {
        let check = |text, expect: &str| assert_eq!(sanitize(text), expect);
        check("vllm:num_requests", "vllm:num_requests");
        check("http.server.duration", "http_server_duration");
        check("température", "temp_rature");
        check("2xx", "_2xx");
        check("", "_");
    }

    #[test]
    fn labels_are_flattened_as_documented() {
        assert_eq!(
            flat_key("http_request_duration_seconds", [("quantile", "0.5")]),
            "http_request_duration_seconds_quantile_0_5"
        );
        assert_eq!(flat_key("a", [("b", "/x-y"), ("c", "")]), "a_b__x_y_c_");
    }

    #[test]
    fn collector_ids_match_the_documented_one() {
        assert_eq!(
            collector_id("http://127.0.0.1:39827/server1/metrics"),
            "collector_http___127_0_0_1_39827_server1_metrics"
        );
    }

    #[test]
    fn collisions_keep_total_then_count() {
        let mut names = KeyNames::default();
        let mut claim =
            |key: &str, kept: Option<&str>| names.claim(key.to_owned(), kept.map(str::to_owned));
        assert_eq!(claim("a", None), "a");
        assert_eq!(claim("a", Some("a_total")), "a_total");
        assert_eq!(claim("a", Some("a_total")), "a_2");
        assert_eq!(claim("a", None), "a_3");
    }
}
