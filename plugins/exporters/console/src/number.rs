//! Numbers as people read them. The only place where values are scaled and rounded.

use std::borrow::Cow;

/// What values that cannot be known look like.
pub(crate) const UNKNOWN: &str = "–";

/// How a row's values are shown.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Scale {
    divisor: f64,
    /// Unit of the shown numbers.
    pub(crate) unit: Cow<'static, str>,
}

impl Scale {
    /// The scale for values in `unit` of which the largest has the size `largest`.
    pub(crate) fn new(unit: &str, largest: f64) -> Self {
        let steps: &[(f64, &'static str)] = match unit {
            "bytes" => &[(1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB")],
            "sec" if largest > 0.0 => &[
                (1.0, "sec"),
                (1e-3, "ms"),
                (1e-6, "µs"),
                (f64::MIN_POSITIVE, "ns"),
            ],
            _ => &[],
        };
        match steps.iter().find(|(least, _)| largest >= *least) {
            Some((_, "ns")) => Self {
                divisor: 1e-9,
                unit: "ns".into(),
            },
            Some((divisor, unit)) => Self {
                divisor: *divisor,
                unit: (*unit).into(),
            },
            None => Self::counted(unit, largest),
        }
    }

    /// The scale for values whose unit readers expect to stay the same from run to run: only large
    /// counts are scaled.
    pub(crate) fn counted(unit: &str, largest: f64) -> Self {
        let (divisor, prefix) = match largest {
            _ if matches!(unit, "bytes" | "sec" | "ms") => (1.0, ""),
            // What is larger than this is no count of anything; it keeps its exponent.
            large if large >= 1e16 => (1.0, ""),
            large if large >= 1e10 => (1e9, "billion"),
            large if large >= 1e7 => (1e6, "million"),
            _ => (1.0, ""),
        };
        let unit = match (prefix, unit) {
            ("", unit) => unit.to_owned(),
            (prefix, "" | "count") => prefix.to_owned(),
            (prefix, unit) => format!("{prefix} {unit}"),
        };
        Self {
            divisor,
            unit: unit.into(),
        }
    }

    /// The values of a row, with as many decimals as its largest value needs to have `digits`
    /// significant digits, but at most two from 1 upwards.
    pub(crate) fn cells<const N: usize>(
        &self,
        values: [Option<f64>; N],
        digits: i32,
    ) -> [String; N] {
        let mut cells = self.list(&values, digits).into_iter();
        values.map(|_| cells.next().unwrap_or_default())
    }

    /// The same for any number of values.
    pub(crate) fn list(&self, values: &[Option<f64>], digits: i32) -> Vec<String> {
        let values = values.iter().map(|value| value.map(|v| v / self.divisor));
        let values: Vec<_> = values.collect();
        let decimals = decimals(&values, digits);
        let text = |value: &Option<f64>| {
            value.map_or_else(|| UNKNOWN.to_owned(), |value| number(value, decimals))
        };
        values.iter().map(text).collect()
    }
}

/// The largest size among `values`, 0 if there is none.
pub(crate) fn largest(values: impl IntoIterator<Item = Option<f64>>) -> f64 {
    values
        .into_iter()
        .flatten()
        .map(f64::abs)
        .filter(|v| v.is_finite())
        .fold(0.0, f64::max)
}

fn decimals(values: &[Option<f64>], digits: i32) -> usize {
    if values.iter().flatten().all(|value| value.fract() == 0.0) {
        return 0;
    }
    let steps = [
        (1e3, 4),
        (1e2, 3),
        (1e1, 2),
        (1.0, 1),
        (0.1, 0),
        (0.01, -1),
        (0.0, -2),
    ];
    let largest = largest(values.iter().copied());
    let step = steps.iter().find(|(least, _)| largest >= *least);
    let whole_digits = step.map_or(0, |(_, digits)| *digits);
    let most = if largest >= 1.0 { 2 } else { 5 };
    usize::try_from((digits - whole_digits).clamp(0, most)).unwrap_or_default()
}

fn number(value: f64, decimals: usize) -> String {
    let size = value.abs();
    if !value.is_finite() {
        return UNKNOWN.to_owned();
    }
    if size >= 1e15 {
        return format!("{value:.2e}");
    }
    let text = format!("{value:.decimals$}");
    let is_zero = text.trim_matches(['-', '0', '.']).is_empty();
    match (is_zero, size > 0.0) {
        (true, false) => "0".to_owned(),
        // A small value is not zero, and must not look like it.
        (true, true) if size >= 1e-3 => one_digit(value),
        (true, true) => format!("{value:.0e}"),
        _ => thousands(&text),
    }
}

/// A value below 1 with one significant digit.
fn one_digit(value: f64) -> String {
    let decimals = (1..=3).find(|decimals| value.abs() >= 0.1_f64.powi(*decimals));
    let decimals = usize::try_from(decimals.unwrap_or(3)).unwrap_or(3);
    format!("{value:.decimals$}")
}

/// An integer with separators.
pub(crate) fn count(value: u64) -> String {
    thousands(&value.to_string())
}

fn thousands(text: &str) -> String {
    let (whole, rest) = text.find('.').map_or((text, ""), |dot| text.split_at(dot));
    let (sign, digits) = whole
        .strip_prefix('-')
        .map_or(("", whole), |digits| ("-", digits));
    let mut grouped = String::from(sign);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped + rest
}

/// A duration in seconds, with its unit.
pub(crate) fn duration(seconds: f64) -> String {
    let scale = Scale::new("sec", seconds.abs());
    let [cell] = scale.cells([Some(seconds)], 3);
    format!(
        "{cell} {}",
        if scale.unit == "sec" {
            "s"
        } else {
            &scale.unit
        }
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Scale, UNKNOWN, count, duration, largest};

    fn row(unit: &str, values: [f64; 3]) -> (String, [String; 3]) {
        let scale = Scale::new(unit, largest(values.map(Some)));
        let cells = scale.cells(values.map(Some), 3);
        (scale.unit.into_owned(), cells)
    }

    #[test]
    fn a_row_has_one_unit_and_one_precision() {
        let check = |unit, values, shown_unit: &str, cells: [&str; 3]| {
            assert_eq!(
                row(unit, values),
                (shown_unit.to_owned(), cells.map(str::to_owned))
            );
        };
        check(
            "bytes",
            [1.57e11, 1.54e11, 1.63e9],
            "GB",
            ["157", "154", "2"],
        );
        check("bytes", [512.0, 0.0, 1.0], "bytes", ["512", "0", "1"]);
        check(
            "sec",
            [0.0123, 0.0456, 0.001],
            "ms",
            ["12.3", "45.6", "1.0"],
        );
        check("sec", [15.39, 10.26, 4.19], "sec", ["15.4", "10.3", "4.2"]);
        check("sec", [3e-9, 1e-9, 0.0], "ns", ["3", "1", "0"]);
        check("sec", [0.0, 0.0, 0.0], "sec", ["0", "0", "0"]);
        check(
            "count",
            [1.766_666, 1.0, 0.47],
            "count",
            ["1.77", "1.00", "0.47"],
        );
        check(
            "count",
            [36_225.0, 1_000.0, 9.0],
            "count",
            ["36,225", "1,000", "9"],
        );
        check(
            "count",
            [12_345_678.0, 1e6, 0.0],
            "million",
            ["12.3", "1.0", "0"],
        );
        check(
            "tokens",
            [2.5e10, 0.0, 0.0],
            "billion tokens",
            ["25", "0", "0"],
        );
        check("%", [0.38, 0.34, 0.03], "%", ["0.380", "0.340", "0.030"]);
        check("%", [0.0123, 0.001, 0.0], "%", ["0.0123", "0.0010", "0"]);
        check("count", [1e18, 1.0, 0.0], "count", ["1.00e18", "1", "0"]);
        check("count", [-1_234.5, 0.0, 0.0], "count", ["-1,234", "0", "0"]);
    }

    #[test]
    fn more_digits_show_more_up_to_two_decimals() {
        let check = |value: f64, shown: &str| {
            assert_eq!(Scale::new("ms", value).cells([Some(value)], 4), [shown]);
        };
        check(948.23, "948.2");
        check(38.333, "38.33");
        check(7.6666, "7.67");
        check(1_156.4, "1,156");
    }

    #[test]
    fn a_small_value_does_not_look_like_zero() {
        let (_, cells) = row("count", [500.25, 0.001, 1e-9]);
        assert_eq!(cells, ["500", "0.001", "1e-9"]);
        let (_, cells) = row("count", [500.25, 0.1, 0.024]);
        assert_eq!(cells, ["500", "0.1", "0.02"]);
    }

    #[test]
    fn unknown_is_not_zero() {
        let scale = Scale::new("count", 0.0);
        assert_eq!(
            scale.cells([None, Some(0.0), Some(f64::NAN)], 3),
            [UNKNOWN, "0", UNKNOWN]
        );
    }

    #[test]
    fn counts_and_durations() {
        assert_eq!(count(1_234_567), "1,234,567");
        assert_eq!(count(999), "999");
        assert_eq!(duration(5.347), "5.35 s");
        assert_eq!(duration(0.0125), "12.5 ms");
    }

    proptest! {
        #[test]
        fn shown_numbers_are_within_rounding_of_the_value(value in 0.001_f64..1e9) {
            let scale = Scale::new("bytes", value);
            let [cell] = scale.cells([Some(value)], 3);
            let shown: f64 = cell.replace(',', "").parse().unwrap();
            prop_assert!((shown * scale.divisor - value).abs() <= 0.05 * value, "{} {}", cell, value);
        }
    }
}
