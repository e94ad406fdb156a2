//! Durations and sizes as users write them: a number with its unit.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Value of `format` that marks a duration in a JSON schema.
pub(crate) const DURATION_FORMAT: &str = "aiperf-duration";
/// Value of `format` that marks a size in a JSON schema.
pub(crate) const SIZE_FORMAT: &str = "aiperf-size";

const DURATION_UNITS: [(&str, f64); 7] = [
    ("ns", 1e-9),
    ("us", 1e-6),
    ("µs", 1e-6),
    ("ms", 1e-3),
    ("s", 1.0),
    ("m", 60.0),
    ("h", 3600.0),
];

const SIZE_UNITS: [(&str, f64); 7] = [
    ("B", 1.0),
    ("kB", 1e3),
    ("MB", 1e6),
    ("GB", 1e9),
    ("KiB", 1024.0),
    ("MiB", 1_048_576.0),
    ("GiB", 1_073_741_824.0),
];

/// A duration written with its unit, such as `500ms` or `1m 30s`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct UnitDuration(pub Duration);

/// A number of bytes written with its unit, such as `512 MiB`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ByteSize(pub u64);

/// A text that is no quantity; says what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QuantityError {
    /// A number without a unit.
    #[error("the unit is missing")]
    NoUnit,
    /// A unit that is not known.
    #[error("unknown unit `{0}`")]
    UnknownUnit(String),
    /// Something else than numbers and units.
    #[error("`{0}` is no number with a unit")]
    NotANumber(String),
    /// Larger than can be kept.
    #[error("it is too large")]
    TooLarge,
}

impl UnitDuration {
    /// Reads a duration with unit, such as `1.5s`.
    ///
    /// # Errors
    /// [`QuantityError`] if the text is anything else.
    pub fn parse(text: &str) -> Result<Self, QuantityError> {
        let seconds = sum_of_parts(text, &DURATION_UNITS)?;
        Duration::try_from_secs_f64(seconds)
            .map(Self)
            .map_err(|_| QuantityError::TooLarge)
    }

    /// Reads a duration with unit, or a bare number of seconds.
    ///
    /// # Errors
    /// [`QuantityError`] if the text is anything else.
    pub fn parse_or_seconds(text: &str) -> Result<Self, QuantityError> {
        match text.trim().parse::<f64>() {
            Ok(seconds) if seconds >= 0.0 => Duration::try_from_secs_f64(seconds)
                .map(Self)
                .map_err(|_| QuantityError::TooLarge),
            _ => Self::parse(text),
        }
    }
}

impl ByteSize {
    /// Reads a size with unit, such as `512 MiB`.
    ///
    /// # Errors
    /// [`QuantityError`] if the text is anything else.
    pub fn parse(text: &str) -> Result<Self, QuantityError> {
        let bytes = sum_of_parts(text, &SIZE_UNITS)?;
        // 2^53: beyond it a float no longer counts single bytes.
        if bytes > 9_007_199_254_740_992.0 {
            return Err(QuantityError::TooLarge);
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "checked to be at most 2^53, and never negative"
        )]
        Ok(Self(bytes.round() as u64))
    }
}

/// Adds up parts such as `1m 30s`.
fn sum_of_parts(text: &str, units: &[(&str, f64)]) -> Result<f64, QuantityError> {
    let not_a_number = || QuantityError::NotANumber(text.to_owned());
    let mut rest = text.trim();
    let mut sum = 0.0;
    if rest.is_empty() {
        return Err(not_a_number());
    }
    while !rest.is_empty() {
        let (number, after) = split_while(rest, |c| c.is_ascii_digit() || matches!(c, '.' | '_'));
        let (unit, after) = split_while(after.trim_start(), |c| {
            !c.is_ascii_digit() && !c.is_whitespace()
        });
        let number: f64 = number
            .replace('_', "")
            .parse()
            .map_err(|_| not_a_number())?;
        if unit.is_empty() {
            return Err(QuantityError::NoUnit);
        }
        let (_, factor) = units
            .iter()
            .find(|(name, _)| *name == unit)
            .ok_or_else(|| QuantityError::UnknownUnit(unit.to_owned()))?;
        // Dividing keeps `500ms` exact; multiplying by 1e-3 does not.
        sum += if *factor < 1.0 {
            number / (1.0 / factor).round()
        } else {
            number * factor
        };
        rest = after.trim_start();
    }
    Ok(sum)
}

fn split_while(text: &str, matches: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(|c| !matches(c)).unwrap_or(text.len()))
}

impl fmt::Display for UnitDuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nanos = self.0.as_nanos();
        let units: [(&str, u128); 6] = [
            ("h", 3_600_000_000_000),
            ("m", 60_000_000_000),
            ("s", 1_000_000_000),
            ("ms", 1_000_000),
            ("us", 1_000),
            ("ns", 1),
        ];
        let fitting = units
            .iter()
            .find(|(_, size)| nanos >= *size && nanos.is_multiple_of(*size));
        match fitting {
            Some((unit, size)) => write!(f, "{}{unit}", nanos / size),
            None => f.write_str("0s"),
        }
    }
}

impl fmt::Display for ByteSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units = [("GiB", 1_u64 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];
        match units
            .iter()
            .find(|(_, size)| self.0 >= *size && self.0.is_multiple_of(*size))
        {
            Some((unit, size)) => write!(f, "{} {unit}", self.0 / size),
            None => write!(f, "{} B", self.0),
        }
    }
}

/// Serde and schema of a quantity: a string in the form of its `Display`.
macro_rules! quantity {
    ($type:ident, $name:literal, $format:ident, $expecting:literal) => {
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = Cow::<'de, str>::deserialize(deserializer)?;
                Self::parse(&text).map_err(|error| {
                    de::Error::custom(format!(concat!("expected ", $expecting, ": {}"), error))
                })
            }
        }

        impl JsonSchema for $type {
            fn schema_name() -> Cow<'static, str> {
                $name.into()
            }

            fn inline_schema() -> bool {
                true
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string", "format": $format })
            }
        }
    };
}

quantity!(
    UnitDuration,
    "Duration",
    DURATION_FORMAT,
    "a duration such as `500ms`"
);
quantity!(ByteSize, "Size", SIZE_FORMAT, "a size such as `512 MiB`");

#[cfg(test)]
mod tests {
    use super::*;

    fn duration(text: &str) -> Result<Duration, QuantityError> {
        UnitDuration::parse(text).map(|duration| duration.0)
    }

    #[test]
    fn durations_need_units() {
        assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(duration("1.5 s"), Ok(Duration::from_millis(1500)));
        assert_eq!(duration("1h 2m3s"), Ok(Duration::from_secs(3723)));
        assert_eq!(duration("7us"), Ok(Duration::from_micros(7)));
        assert_eq!(duration("5"), Err(QuantityError::NoUnit));
        assert_eq!(
            duration("5 sec"),
            Err(QuantityError::UnknownUnit("sec".into()))
        );
        assert_eq!(
            duration("-5s"),
            Err(QuantityError::NotANumber("-5s".into()))
        );
        assert_eq!(duration(""), Err(QuantityError::NotANumber(String::new())));
        assert_eq!(
            duration("1e99h"),
            Err(QuantityError::UnknownUnit("e".into()))
        );
        assert_eq!(
            duration("99999999999999999999h"),
            Err(QuantityError::TooLarge)
        );
    }

    #[test]
    fn flags_take_bare_seconds() {
        let parsed = |text| UnitDuration::parse_or_seconds(text).map(|duration| duration.0);
        assert_eq!(parsed("1.0"), Ok(Duration::from_secs(1)));
        assert_eq!(parsed("250ms"), Ok(Duration::from_millis(250)));
        assert!(parsed("-1").is_err());
        assert!(parsed("inf").is_err());
        assert!(parsed("NaN").is_err());
    }

    #[test]
    fn sizes_need_units() {
        assert_eq!(ByteSize::parse("512 MiB"), Ok(ByteSize(512 << 20)));
        assert_eq!(ByteSize::parse("1.5kB"), Ok(ByteSize(1500)));
        assert_eq!(ByteSize::parse("512"), Err(QuantityError::NoUnit));
        assert_eq!(ByteSize::parse("9999999 GiB"), Err(QuantityError::TooLarge));
    }

    #[test]
    fn display_reads_back() {
        for text in ["0s", "500ms", "90s", "6h", "1m", "1500us"] {
            let parsed = UnitDuration::parse(text).unwrap();
            assert_eq!(UnitDuration::parse(&parsed.to_string()), Ok(parsed));
        }
        assert_eq!(
            UnitDuration(Duration::from_millis(1500)).to_string(),
            "1500ms"
        );
        assert_eq!(ByteSize(512 << 20).to_string(), "512 MiB");
        assert_eq!(ByteSize(1000).to_string(), "1000 B");
    }
}
