//! Numbers that JSON has no form for.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer};

/// A sample's value: a number in shortest round-trip form, or `"NaN"`, `"+Inf"`, `"-Inf"`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Number(pub(crate) f64);

impl Number {
    fn non_finite(self) -> Option<&'static str> {
        match self.0 {
            value if value.is_finite() => None,
            value if value.is_nan() => Some("NaN"),
            value if value > 0.0 => Some("+Inf"),
            _ => Some("-Inf"),
        }
    }
}

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.non_finite() {
            None => serializer.serialize_f64(self.0),
            Some(text) => serializer.serialize_str(text),
        }
    }
}

impl JsonSchema for Number {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Number".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A number, or one of the three values that JSON has no form for.",
            "anyOf": [{ "type": "number" }, { "type": "string", "enum": ["NaN", "+Inf", "-Inf"] }]
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Number;

    fn text(value: f64) -> String {
        serde_json::to_string(&Number(value)).unwrap()
    }

    #[test]
    fn integral_values_stay_floats_and_non_finite_ones_are_strings() {
        assert_eq!(text(10.0), "10.0");
        assert_eq!(text(1.57e11), "157000000000.0");
        assert_eq!(text(0.1 + 0.2), "0.30000000000000004");
        assert_eq!(text(f64::NAN), r#""NaN""#);
        assert_eq!(text(f64::INFINITY), r#""+Inf""#);
        assert_eq!(text(f64::NEG_INFINITY), r#""-Inf""#);
    }

    proptest! {
        #[test]
        fn every_finite_value_survives(bits: u64) {
            let value = f64::from_bits(bits);
            prop_assume!(value.is_finite());
            let back: f64 = serde_json::from_str(&text(value)).unwrap();
            prop_assert_eq!(back.to_bits(), bits);
        }
    }
}
