//! Values and timestamps.

use aiperf_plugin_sdk::batch::NO_TIME;

use crate::format::Format;

/// Powers of ten that an f64 holds exactly.
static POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
];

/// Integers up to this one are exact in an f64.
const MAX_EXACT: u64 = 1 << 53;

/// More digits might not fit a u64.
const MAX_DIGITS: usize = 19;

/// Earliest time that is told apart from "no time".
const MIN_TIME: i64 = NO_TIME + 1;

/// Reads the value that begins at `at`, and says where it ends; `None` if it is no number.
#[inline]
pub(crate) fn value(line: &[u8], at: usize, format: Format) -> Option<(f64, usize)> {
    let rest = line.get(at..)?;
    if let Some((value, len)) = plain_decimal(rest)
        && rest.get(len).is_none_or(|byte| format.is_blank(*byte))
    {
        return Some((value, at + len));
    }
    let len = token_len(rest, format);
    Some((any_float(&rest[..len])?, at + len))
}

/// Length of what stands before the next blank.
pub(crate) fn token_len(rest: &[u8], format: Format) -> usize {
    rest.iter()
        .position(|byte| format.is_blank(*byte))
        .unwrap_or(rest.len())
}

/// Reads `[-]digits[.digits]` where integer arithmetic and one division give the nearest f64,
/// which is nearly every value of a real page. `None` for all others.
#[inline]
fn plain_decimal(bytes: &[u8]) -> Option<(f64, usize)> {
    let negative = bytes.first() == Some(&b'-');
    let start = usize::from(negative);
    let (mut mantissa, whole) = digits(0, bytes.get(start..)?);
    let mut end = start + whole;
    let mut fraction = 0;
    if bytes.get(end) == Some(&b'.') {
        (mantissa, fraction) = digits(mantissa, &bytes[end + 1..]);
        end += 1 + fraction;
    }
    let count = whole + fraction;
    if count == 0 || count > MAX_DIGITS || mantissa > MAX_EXACT {
        return None;
    }
    let value = mantissa as f64 / POWERS.get(fraction)?;
    Some((if negative { -value } else { value }, end))
}

/// Appends the digits at the start of `bytes` to `number` (wrapping) and counts them.
#[inline]
fn digits(mut number: u64, bytes: &[u8]) -> (u64, usize) {
    let mut count = 0;
    for byte in bytes {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            break;
        }
        number = number.wrapping_mul(10).wrapping_add(u64::from(digit));
        count += 1;
    }
    (number, count)
}

/// Any decimal float, `NaN` or `Inf` with or without sign, in any case. Neither `_` nor hexadecimal.
/// Values beyond the range of f64 become infinite, as rounding to nearest wants it.
#[cold]
fn any_float(token: &[u8]) -> Option<f64> {
    fast_float2::parse(token).ok()
}

/// Reads a timestamp as wall-clock nanoseconds: integer milliseconds in Prometheus text, finite
/// decimal seconds in OpenMetrics. Times outside of the years 1677 to 2262 are set to the nearest
/// of these ends, since the sample is good all the same.
pub(crate) fn time_ns(token: &[u8], format: Format) -> Option<i64> {
    match format {
        Format::PrometheusText => milliseconds(token),
        Format::OpenMetrics => seconds(token),
    }
}

fn milliseconds(token: &[u8]) -> Option<i64> {
    let (negative, whole) = match token.split_first()? {
        (b'-', rest) => (true, rest),
        _ => (false, token),
    };
    if whole.is_empty() || !whole.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let ns = whole.iter().fold(0_i64, |sum, digit| {
        sum.saturating_mul(10)
            .saturating_add(i64::from(digit - b'0'))
    });
    let ns = ns.saturating_mul(1_000_000);
    Some(if negative { (-ns).max(MIN_TIME) } else { ns })
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "float to integer casts saturate, as wanted"
)]
fn seconds(token: &[u8]) -> Option<i64> {
    exact_seconds(token).or_else(|| {
        let seconds = any_float(token).filter(|seconds| seconds.is_finite())?;
        Some(((seconds * 1e9).round() as i64).max(MIN_TIME))
    })
}

/// `[-]digits[.digits]` without the rounding of an f64, which at today's dates is 240 ns.
fn exact_seconds(token: &[u8]) -> Option<i64> {
    let negative = token.first() == Some(&b'-');
    let token = &token[usize::from(negative)..];
    let (whole, len) = digits(0, token);
    let (mut ns, fraction_len) = match token.get(len) {
        Some(b'.') => digits(0, &token[len + 1..]),
        _ => (0, 0),
    };
    let read = len + fraction_len + usize::from(token.get(len) == Some(&b'.'));
    if len == 0 || len > 10 || fraction_len > 9 || read != token.len() {
        return None;
    }
    for _ in fraction_len..9 {
        ns *= 10;
    }
    let ns = i64::try_from(whole.checked_mul(1_000_000_000)?.checked_add(ns)?).ok()?;
    Some(if negative { -ns } else { ns })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<f64> {
        let (value, end) = value(text.as_bytes(), 0, Format::PrometheusText)?;
        (end == text.len()).then_some(value)
    }

    #[test]
    fn floats_are_read_as_rust_does() {
        for text in [
            "0",
            "-0",
            "1",
            "+1",
            "1.",
            ".5",
            "-.5",
            "1e5",
            "1E+05",
            "1e-400",
            "1e400",
            "17.0",
            "0.013300656000000001",
            "9007199254740993",
            "9223372036854775808",
            "18446744073709551616",
            "123456789012345678901234567890",
            "0.1",
            "5e-324",
            "0000000000000000000000000000000000000000001.2e-1",
            "0.30000000000000004",
            "00000000000000000001",
            "1234567890.1234567890",
        ] {
            let expect: f64 = text.parse().unwrap();
            assert_eq!(
                read(text).map(f64::to_bits),
                Some(expect.to_bits()),
                "{text}"
            );
        }
    }

    #[test]
    fn infinities_and_nan() {
        for text in ["Inf", "+Inf", "inf", "INF", "Infinity", "+infinity"] {
            assert_eq!(read(text), Some(f64::INFINITY), "{text}");
        }
        assert_eq!(read("-Inf"), Some(f64::NEG_INFINITY));
        for text in ["NaN", "nan", "NAN", "-nan", "+NaN"] {
            assert!(read(text).is_some_and(f64::is_nan), "{text}");
        }
    }

    #[test]
    fn other_text_is_no_number() {
        for text in [
            "",
            "-",
            "+",
            ".",
            "-.",
            "e5",
            "1e",
            "1e+",
            "a",
            "1a",
            "0x1",
            "0x1p-3",
            "1_2",
            "0b1",
            "0o1",
            "1.1.1",
            "--1",
            "true",
            "infinit",
            "nano",
            "1,5",
            "{count:1}",
            "1#",
            "\u{661}",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn a_value_ends_at_a_blank() {
        assert_eq!(value(b"a 12.5 7", 2, Format::OpenMetrics), Some((12.5, 6)));
        assert_eq!(value(b"1\t2", 0, Format::PrometheusText), Some((1.0, 1)));
        assert_eq!(value(b"1\t2", 0, Format::OpenMetrics), None);
    }

    #[test]
    fn milliseconds_are_integers() {
        let read = |text: &str| time_ns(text.as_bytes(), Format::PrometheusText);
        assert_eq!(read("1395066363000"), Some(1_395_066_363_000_000_000));
        assert_eq!(read("-3982045"), Some(-3_982_045_000_000));
        assert_eq!(read("000"), Some(0));
        assert_eq!(read("99999999999999999999"), Some(i64::MAX));
        assert_eq!(read("-99999999999999999999"), Some(MIN_TIME));
        for text in ["", "-", "1.5", "1e3", "+1", "1_2", "z", "NaN"] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn seconds_keep_their_nanoseconds() {
        let read = |text: &str| time_ns(text.as_bytes(), Format::OpenMetrics);
        assert_eq!(read("1520879607.789"), Some(1_520_879_607_789_000_000));
        assert_eq!(
            read("1520879607.123456789"),
            Some(1_520_879_607_123_456_789)
        );
        assert_eq!(read("-1.1"), Some(-1_100_000_000));
        assert_eq!(read("000"), Some(0));
        assert_eq!(read("5."), Some(5_000_000_000));
        assert_eq!(read("1.5e3"), Some(1_500_000_000_000));
        assert_eq!(read("12345678901234567890.1234567890"), Some(i64::MAX));
        assert_eq!(read("-1e30"), Some(MIN_TIME));
        for text in ["", "NaN", "Inf", "-Inf", "0x1p-3", "1.1.1", "1_2", "1z"] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
