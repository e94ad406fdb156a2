//! What stands in a cell.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write as _;

use aiperf_plugin_sdk::display::excerpt;

/// Characters that make spreadsheets read a cell as a formula, full width ones where people type them.
const FORMULA_STARTS: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];
/// Characters that spreadsheets take in a cell.
const LONGEST: usize = 32_000;

/// A number in shortest round-trip form; empty if it cannot be known.
pub(crate) fn number(value: Option<f64>) -> Cow<'static, str> {
    // `{:?}` is shortest round trip, with an exponent only where the digits would be too many.
    value
        .filter(|value| value.is_finite())
        .map_or("".into(), |value| format!("{value:?}").into())
}

/// A count; empty if it cannot be known.
pub(crate) fn count(value: impl Into<Option<u64>>) -> Cow<'static, str> {
    value
        .into()
        .map_or(Cow::Borrowed(""), |value| value.to_string().into())
}

/// Labels as a server writes them: `engine="0",model="m"`.
pub(crate) fn labels_cell(labels: &BTreeMap<String, String>) -> Cow<'static, str> {
    let mut joined = String::new();
    for (name, value) in labels {
        let comma = if joined.is_empty() { "" } else { "," };
        write!(joined, "{comma}{name}={value:?}").expect("writing to a string cannot fail");
    }
    owned_text(&joined)
}

/// Text that came from a server, a user or the network: on one line, visible, and never a formula,
/// whatever it says. A number stays one.
pub(crate) fn text(text: &str) -> Cow<'_, str> {
    let shown = excerpt(text, LONGEST);
    let is_number = || shown.parse().is_ok_and(f64::is_finite);
    if shown.trim_start().starts_with(FORMULA_STARTS) && !is_number() {
        format!("'{shown}").into()
    } else {
        shown
    }
}

/// As [`text`], for text that was made on the spot.
pub(crate) fn owned_text<'a>(made: &str) -> Cow<'a, str> {
    text(made).into_owned().into()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{count, number, text};

    #[test]
    fn numbers_are_unscaled_and_unknown_ones_empty() {
        assert_eq!(number(Some(10.0)), "10.0");
        assert_eq!(number(Some(1.57e11)), "157000000000.0");
        assert_eq!(
            number(Some(-0.5)),
            "-0.5",
            "a minus sign makes no formula of a number"
        );
        assert_eq!(number(Some(0.1 + 0.2)), "0.30000000000000004");
        assert_eq!(number(None), "");
        assert_eq!(number(Some(f64::NAN)), "");
        assert_eq!(count(3), "3");
        assert_eq!(count(None), "");
    }

    #[test]
    fn text_is_never_a_formula() {
        for start in ["=", "+", "-", "@", " =", "＝"] {
            let cell = format!("{start}cmd|' /C calc'!A0");
            assert_eq!(text(&cell), format!("'{cell}"));
        }
        assert_eq!(text("\t=1"), "\\t=1", "no tab is left to hide behind");
        assert_eq!(text("a=b"), "a=b");
    }

    #[test]
    fn text_that_is_a_number_stays_one() {
        for number in ["-1", "+2.5e3", "-0.0"] {
            assert_eq!(text(number), number);
        }
        assert_eq!(text("-inf"), "'-inf");
        assert_eq!(text("-1+1"), "'-1+1");
    }

    #[test]
    fn text_stays_on_its_line_and_in_its_cell() {
        assert_eq!(text("a\r\n\u{1b}[2J,b"), "a\\r\\n\\u{1b}[2J,b");
        assert!(text(&"x".repeat(40_000)).chars().count() < 32_767);
    }

    proptest! {
        #[test]
        fn every_finite_value_survives(bits: u64) {
            let value = f64::from_bits(bits);
            prop_assume!(value.is_finite());
            let back: f64 = number(Some(value)).parse().unwrap();
            prop_assert_eq!(back.to_bits(), bits);
        }
    }
}
