//! Units, from what the page says or what the name suggests. See `docs/metrics.md#units`.

use aiperf_plugin_sdk::MetricKind;

/// Unit of a metric: the page's `# UNIT`, else what the help text says outright, else what the
/// name suggests. `key` is the name without `_total`.
pub fn unit_of(kind: MetricKind, declared: &str, help: &str, key: &str) -> String {
    // Of vLLM and all that use Python's client: a moment, under the help text of what was created.
    if kind == MetricKind::Gauge && key.ends_with("_created") {
        return "sec".to_owned();
    }
    from_declaration(declared)
        .or_else(|| from_help(help, key).map(str::to_owned))
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
const WORDS: [(&str, &str); 7] = [
    ("milliseconds", "ms"),
    ("microseconds", "us"),
    ("nanoseconds", "ns"),
    ("seconds", "sec"),
    ("bytes", "bytes"),
    ("watts", "W"),
    ("joules", "J"),
];

/// Units in parentheses, as DCGM writes them: `(in MiB)`. Case matters: `(in mW)`, `(in MW)`.
const SYMBOLS: [&str; 13] = [
    "%", "C", "W", "mW", "J", "mJ", "MHz", "KB", "MB", "KiB", "MiB", "GiB", "ms",
];

/// Rates, which names call by their parts: llama.cpp's `tokens_seconds` is tokens per second.
const RATES: [(&str, &str); 5] = [
    ("tokens/s", "tokens/sec"),
    ("token/s", "tokens/sec"),
    ("tokens per second", "tokens/sec"),
    ("requests per second", "requests/sec"),
    ("bytes per second", "bytes/sec"),
];

/// How help texts say that 1 is the whole.
const SHARES: [&str; 5] = [
    "as a fraction of",
    "1 means 100 percent",
    "(0.0-1.0)",
    "[0.0 - 1.0]",
    "[0.0 - 1.0)",
];

/// Starts of help texts of sums of bytes. In the middle of a text bytes may be anything.
const SUMS_OF_BYTES: [&str; 5] = [
    "bytes ",
    "total bytes ",
    "number of bytes ",
    "total number of bytes ",
    "estimated number of bytes ",
];

/// Only words that leave no doubt: `(in MiB)`, or `in seconds` at the end of a sentence.
fn from_help(help: &str, key: &str) -> Option<&'static str> {
    let symbol = SYMBOLS
        .iter()
        .find(|symbol| help.contains(&format!("(in {symbol})")));
    let lower = help.to_lowercase();
    let rate = RATES.iter().find(|(words, _)| says_rate(&lower, words));
    let word = WORDS.iter().find(|(word, _)| says_unit(&lower, word));
    let is_share =
        || !key.ends_with("_percent") && SHARES.iter().any(|share| lower.contains(share));
    let is_bytes = || {
        SUMS_OF_BYTES
            .iter()
            .any(|start| lower.trim_start_matches("the ").starts_with(start))
    };
    symbol
        .copied()
        .or_else(|| rate.or(word).map(|(_, unit)| *unit))
        .or_else(|| lower.contains("mill ratio").then_some("‰"))
        .or_else(|| is_share().then_some("ratio"))
        .or_else(|| is_bytes().then_some("bytes"))
}

/// `tokens/s`, but not the beginning of `tokens/step`.
fn says_rate(help: &str, words: &str) -> bool {
    let after = |(at, _): (usize, &str)| help.get(at + words.len()..)?.chars().next();
    help.match_indices(words)
        .any(|found| after(found).is_none_or(|next| !next.is_alphanumeric()))
}

/// The unit in parentheses, before some, or at the end of a sentence.
fn says_unit(help: &str, word: &str) -> bool {
    let ends = [format!("in {word}"), format!("in {word}.")];
    let inside = [
        format!("({word})"),
        format!("(in {word})"),
        format!(", {word})"),
        format!("in {word} ("),
        format!("in {word} since "),
        format!("in {word}. "),
    ];
    ends.iter().any(|end| ends_with_words(help, end))
        || inside.iter().any(|part| help.contains(part))
}

/// True if `text` ends with these words, and the first one is not the end of a longer word.
fn ends_with_words(text: &str, words: &str) -> bool {
    let before = text.trim_end().strip_suffix(words);
    before.is_some_and(|before| !before.ends_with(|c: char| c.is_alphanumeric()))
}

/// Endings of names, and units.
const ENDINGS: [(&str, &str); 11] = [
    ("_bytes", "bytes"),
    ("_milliseconds", "ms"),
    ("_microseconds", "us"),
    ("_nanoseconds", "ns"),
    ("_seconds", "sec"),
    ("_ms", "ms"),
    ("_ratio", "ratio"),
    ("_celsius", "C"),
    ("_watts", "W"),
    ("_joules", "J"),
    ("_hertz", "Hz"),
];

/// The documented rules, in their order.
fn from_name(key: &str) -> &'static str {
    let name = key.to_lowercase();
    // Of untyped families `_total` stays in the key, and sums are families of their own.
    let name = ["_total", "_sum"]
        .iter()
        .fold(name.as_str(), |name, suffix| {
            name.strip_suffix(suffix).unwrap_or(name)
        });
    let has = |part: &str| name.contains(part);
    if has("gpu") && has("cache") && has("usage") {
        return "%";
    }
    let ending = ENDINGS.iter().find(|(ending, _)| name.ends_with(ending));
    match ending {
        Some((_, unit)) => unit,
        None if has("power_usage") => "W",
        None if name.ends_with("_percent") || has("usage") => "%",
        None => "count",
    }
}

#[cfg(test)]
mod tests;
