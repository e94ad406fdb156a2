//! Units in names: Prometheus has one for each quantity, without prefix.

/// Words for units, with the unit that stands for the quantity.
const UNITS: [(&str, &str); 24] = [
    ("amperes", "amperes"),
    ("bytes", "bytes"),
    ("celsius", "celsius"),
    ("grams", "grams"),
    ("joules", "joules"),
    ("kelvin", "kelvin"),
    ("meters", "meters"),
    ("metres", "metres"),
    ("seconds", "seconds"),
    ("volts", "volts"),
    ("minutes", "seconds"),
    ("hours", "seconds"),
    ("days", "seconds"),
    ("weeks", "seconds"),
    ("kelvins", "kelvin"),
    ("fahrenheit", "celsius"),
    ("rankine", "celsius"),
    ("inches", "meters"),
    ("yards", "meters"),
    ("miles", "meters"),
    ("bits", "bytes"),
    ("calories", "joules"),
    ("pounds", "grams"),
    ("ounces", "grams"),
];

const PREFIXES: [&str; 19] = [
    "pico", "nano", "micro", "milli", "centi", "deci", "deca", "hecto", "kilo", "kibi", "mega",
    "mebi", "giga", "gibi", "tera", "tebi", "peta", "pebi", "exa",
];

/// Abbreviated units, which several words may be meant by.
const ABBREVIATIONS: [&str; 14] = [
    "s", "ms", "us", "ns", "sec", "b", "kb", "mb", "gb", "tb", "pb", "m", "h", "d",
];

/// The first word of `name` that is a unit, if there is a better one, with that.
pub(super) fn better_unit(name: &str) -> Option<(&str, &'static str)> {
    let (word, base) = name.split('_').find_map(|word| Some((word, base(word)?)))?;
    (word != base).then_some((word, base))
}

fn base(word: &str) -> Option<&'static str> {
    let exact = |word: &str| {
        let mut units = UNITS.iter();
        units.find(|(unit, _)| *unit == word).map(|(_, base)| *base)
    };
    let prefixed = || {
        let mut stems = PREFIXES.iter().filter_map(|p| word.strip_prefix(p));
        stems.find_map(exact)
    };
    exact(word).or_else(prefixed)
}

/// The first word of `name` that is an abbreviated unit.
pub(super) fn abbreviation(name: &str) -> Option<&str> {
    let is_short = |word: &&str| {
        let mut known = ABBREVIATIONS.iter();
        known.any(|short| word.eq_ignore_ascii_case(short))
    };
    name.split('_').find(is_short)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_without_prefix_are_left_alone() {
        for name in [
            "a_seconds",
            "a_bytes_total",
            "a_kelvin",
            "a_total",
            "a_nanos",
        ] {
            assert_eq!(better_unit(name), None, "{name}");
        }
    }

    #[test]
    fn other_units_have_a_better_one() {
        for (name, expected) in [
            ("a_milliseconds", ("milliseconds", "seconds")),
            ("a_hours_total", ("hours", "seconds")),
            ("kibibytes_read", ("kibibytes", "bytes")),
            ("a_bits", ("bits", "bytes")),
        ] {
            assert_eq!(better_unit(name), Some(expected), "{name}");
        }
    }

    #[test]
    fn abbreviations_are_whole_words() {
        assert_eq!(abbreviation("latency_ms_sum"), Some("ms"));
        assert_eq!(abbreviation("latency_MB"), Some("MB"));
        assert_eq!(abbreviation("items_bsd"), None);
    }
}
