//! Units, from what the page says or what the name suggests.

/// Unit of a metric: the page's `# UNIT`, else what the help text says outright, else what the
/// name suggests. `key` is the name without `_total`.
pub fn unit_of(declared: &str, help: &str, key: &str) -> String {
    from_declaration(declared)
        .or_else(|| from_help(help).map(str::to_owned))
        .unwrap_or_else(|| from_name(key).to_owned())
}

/// `ratio` stays: its values are 0 to 1, and `%` would say otherwise.
fn from_declaration(unit: &str) -> Option<String> {
    let unit = match unit {
        "" => return None,
        "seconds" => "sec",
        "milliseconds" => "ms",
        "microseconds" => "us",
        "nanoseconds" => "ns",
        "percent" => "%",
        other => other,
    };
    Some(unit.to_owned())
}

/// Units that help texts spell out, and what we call them.
const WORDS: [(&str, &str); 5] = [
    ("milliseconds", "ms"),
    ("microseconds", "us"),
    ("nanoseconds", "ns"),
    ("seconds", "sec"),
    ("bytes", "bytes"),
];

/// Units in parentheses, as DCGM writes them: `(in MiB)`. Case matters: `(in mW)`, `(in MW)`.
const SYMBOLS: [&str; 13] = [
    "%", "C", "W", "mW", "J", "mJ", "MHz", "KB", "MB", "KiB", "MiB", "GiB", "ms",
];

/// Only words that leave no doubt: `(in MiB)`, or `in seconds` at the end of a sentence.
fn from_help(help: &str) -> Option<&'static str> {
    let symbol = SYMBOLS
        .iter()
        .find(|symbol| help.contains(&format!("(in {symbol})")));
    let lower = help.to_lowercase();
    let says = |(word, _): &&(&str, &str)| {
        let ends = [format!("in {word}"), format!("in {word}.")];
        let inside = [
            format!("({word})"),
            format!("(in {word})"),
            format!("in {word}. "),
        ];
        ends.iter().any(|end| ends_with_words(&lower, end))
            || inside.iter().any(|part| lower.contains(part))
    };
    symbol
        .copied()
        .or_else(|| WORDS.iter().find(says).map(|(_, unit)| *unit))
}

/// True if `text` ends with these words, and the first one is not the end of a longer word.
fn ends_with_words(text: &str, words: &str) -> bool {
    let before = text.trim_end().strip_suffix(words);
    before.is_some_and(|before| !before.ends_with(|c: char| c.is_alphanumeric()))
}

/// The documented rules, in their order.
fn from_name(key: &str) -> &'static str {
    let name = key.to_lowercase();
    let has = |part: &str| name.contains(part);
    if has("gpu") && has("cache") && has("usage") {
        "%"
    } else if name.ends_with("_bytes") {
        "bytes"
    } else if name.ends_with("_seconds") {
        "sec"
    } else if name.ends_with("_percent") || has("usage") {
        "%"
    } else {
        "count"
    }
}

#[cfg(test)]
mod tests {
    use super::unit_of;

    #[test]
    fn the_documented_names_have_their_units() {
        let check = |key, unit| assert_eq!(unit_of("", "", key), unit, "{key}");
        check("cpu_system_seconds", "sec");
        check("process_cpu_usage_percent", "%");
        check("memory_total_bytes", "bytes");
        check("memory_usage_bytes", "bytes");
        check("dynamo_component_kvstats_gpu_cache_usage_percent", "%");
        check("dynamo_component_kvstats_active_blocks", "count");
        check("http_requests_in_flight", "count");
    }

    #[test]
    fn the_page_knows_better_than_the_name() {
        assert_eq!(unit_of("seconds", "", "x"), "sec");
        assert_eq!(unit_of("joules", "in seconds", "x"), "joules");
        assert_eq!(unit_of("", "Time per request in milliseconds.", "x"), "ms");
        assert_eq!(
            unit_of(
                "",
                "Framebuffer memory free (in MiB).",
                "DCGM_FI_DEV_FB_FREE"
            ),
            "MiB"
        );
        assert_eq!(
            unit_of("", "Start time since unix epoch in seconds.", "start_time"),
            "sec"
        );
        assert_eq!(unit_of("", "Requests within seconds", "x"), "count");
        assert_eq!(unit_of("ratio", "", "cache_usage"), "ratio");
        assert_eq!(unit_of("", "Requests in seconds that passed", "x"), "count");
    }
}
