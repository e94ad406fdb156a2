//! Holds documents to the part of JSON schema (draft 2020-12) that schemars writes.

use serde_json::{Map, Value};

/// Where `document` violates `schema`, each as `pointer: what`. A rule that is not known here is a
/// violation too, so that no schema passes unchecked.
pub fn schema_problems(schema: &Value, document: &Value) -> Vec<String> {
    let mut check = Check {
        root: schema,
        problems: Vec::new(),
    };
    check.value(schema, document, "");
    check.problems
}

/// Keywords that forbid nothing, or are handled with another one.
const SILENT: [&str; 9] = [
    "$schema",
    "$defs",
    "title",
    "description",
    "format",
    "default",
    "writeOnly",
    "then",
    "else",
];

struct Check<'a> {
    root: &'a Value,
    problems: Vec<String>,
}

impl Check<'_> {
    fn expect(&mut self, holds: bool, at: &str, what: impl std::fmt::Display) {
        if !holds {
            self.problems.push(format!("{at}: {what}"));
        }
    }

    fn value(&mut self, schema: &Value, value: &Value, at: &str) {
        match schema {
            Value::Object(rules) => {
                for (rule, argument) in rules {
                    self.rule(rules, rule, argument, value, at);
                }
            }
            _ => self.expect(*schema != Value::Bool(false), at, "must not be here"),
        }
    }

    fn rule(
        &mut self,
        schema: &Map<String, Value>,
        rule: &str,
        argument: &Value,
        value: &Value,
        at: &str,
    ) {
        match rule {
            "$ref" => self.reference(argument, value, at),
            "type" => self.expect(entries(argument).any(|t| has_type(value, t)), at, argument),
            "const" => self.expect(value == argument, at, argument),
            "enum" => self.expect(entries(argument).any(|one| one == value), at, argument),
            "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum" => {
                self.bound(rule, argument, value, at);
            }
            "minLength" | "maxLength" | "minItems" => self.length(rule, argument, value, at),
            "pattern" => self.pattern(argument, value, at),
            "allOf" => entries(argument).for_each(|part| self.value(part, value, at)),
            "not" => self.expect(!self.fits(argument, value), at, "fits what it must not"),
            "if" => {
                let rule = if self.fits(argument, value) {
                    "then"
                } else {
                    "else"
                };
                self.value(schema.get(rule).unwrap_or(&Value::Bool(true)), value, at);
            }
            "anyOf" | "oneOf" => {
                let fits = entries(argument).any(|option| self.fits(option, value));
                self.expect(fits, at, "fits no alternative");
            }
            "required" => {
                for name in entries(argument).filter_map(Value::as_str) {
                    let there = value.get(name).is_some();
                    self.expect(there, at, format_args!("lacks {name}"));
                }
            }
            "items" => self.items(argument, value, at),
            "properties" | "additionalProperties" => self.members(schema, rule, value, at),
            silent if SILENT.contains(&silent) || silent.starts_with("x-") => {}
            unknown => self.expect(false, at, format_args!("rule {unknown} is not checked")),
        }
    }

    fn bound(&mut self, rule: &str, bound: &Value, value: &Value, at: &str) {
        let (Some(value), Some(bound)) = (value.as_f64(), bound.as_f64()) else {
            return;
        };
        let (holds, what) = match rule {
            "minimum" => (value >= bound, "too small"),
            "exclusiveMinimum" => (value > bound, "too small"),
            "maximum" => (value <= bound, "too large"),
            _ => (value < bound, "too large"),
        };
        self.expect(holds, at, what);
    }

    fn length(&mut self, rule: &str, bound: &Value, value: &Value, at: &str) {
        let length = match rule {
            "minItems" => value.as_array().map(Vec::len),
            _ => value.as_str().map(|text| text.chars().count()),
        };
        let (Some(length), Some(bound)) = (length, bound.as_u64()) else {
            return;
        };
        if rule == "maxLength" {
            self.expect(length as u64 <= bound, at, "too long");
        } else {
            self.expect(length as u64 >= bound, at, "too short");
        }
    }

    /// Patterns that are a literal text, with backslashes before what would mean something.
    fn pattern(&mut self, pattern: &Value, value: &Value, at: &str) {
        let pattern = pattern.as_str().unwrap_or_default();
        let literal = pattern.replace('\\', "");
        let meant = literal.matches(['$', '{', '}', '^', '.', '*', '+', '?', '(', '[', '|']);
        if meant.count() != pattern.matches('\\').count() {
            self.expect(false, at, format_args!("pattern {pattern} is not checked"));
        } else if let Some(text) = value.as_str() {
            self.expect(text.contains(&literal), at, format_args!("lacks {literal}"));
        }
    }

    fn reference(&mut self, pointer: &Value, value: &Value, at: &str) {
        let pointer = pointer.as_str().map(|text| text.trim_start_matches('#'));
        match pointer.and_then(|pointer| self.root.pointer(pointer)) {
            Some(target) => self.value(target, value, at),
            None => self.expect(false, at, format_args!("{pointer:?} is not in the schema")),
        }
    }

    fn fits(&self, schema: &Value, value: &Value) -> bool {
        let mut check = Check {
            root: self.root,
            problems: Vec::new(),
        };
        check.value(schema, value, "");
        check.problems.is_empty()
    }

    fn items(&mut self, schema: &Value, value: &Value, at: &str) {
        for (index, item) in value.as_array().into_iter().flatten().enumerate() {
            self.value(schema, item, &format!("{at}/{index}"));
        }
    }

    /// Members of an object: those named in `properties`, or the others.
    fn members(&mut self, schema: &Map<String, Value>, rule: &str, value: &Value, at: &str) {
        let named = schema.get("properties").and_then(Value::as_object);
        for (name, member) in value.as_object().into_iter().flatten() {
            let own = named.and_then(|named| named.get(name));
            let member_schema = match rule {
                "properties" => own,
                _ => schema.get(rule).filter(|_| own.is_none()),
            };
            if let Some(member_schema) = member_schema {
                self.value(member_schema, member, &format!("{at}/{name}"));
            }
        }
    }
}

/// The entries of an array; anything else is its only entry.
fn entries(value: &Value) -> impl Iterator<Item = &Value> {
    value
        .as_array()
        .map_or(std::slice::from_ref(value), Vec::as_slice)
        .iter()
}

fn has_type(value: &Value, name: &Value) -> bool {
    match name.as_str() {
        Some("null") => value.is_null(),
        Some("boolean") => value.is_boolean(),
        Some("string") => value.is_string(),
        Some("number") => value.is_number(),
        Some("integer") => value.is_i64() || value.is_u64(),
        Some("array") => value.is_array(),
        Some("object") => value.is_object(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::schema_problems;

    #[test]
    fn every_rule_is_held() {
        let check = |schema: Value, document: Value, problems: &[&str]| {
            assert_eq!(schema_problems(&schema, &document), problems, "{schema}");
        };
        check(json!({ "type": ["null", "integer"] }), json!(3), &[]);
        check(json!({ "type": "integer" }), json!(0.5), &[": \"integer\""]);
        check(json!({ "minimum": 0 }), json!(-1), &[": too small"]);
        check(json!({ "enum": ["a", 1] }), json!("b"), &[": [\"a\",1]"]);
        check(json!({ "required": ["a"] }), json!({}), &[": lacks a"]);
        let list = json!({ "items": { "const": 1 } });
        check(list, json!([1, 2]), &["/1: 1"]);
        let object = json!({
            "properties": { "a": { "type": "string" } },
            "additionalProperties": { "type": "null" },
        });
        check(object.clone(), json!({ "a": "x", "b": null }), &[]);
        let both = ["/a: \"string\"", "/b: \"null\""];
        check(object, json!({ "a": 1, "b": 1 }), &both);
        let closed = json!({ "properties": {}, "additionalProperties": false });
        check(closed, json!({ "b": 1 }), &["/b: must not be here"]);
        let either = json!({ "anyOf": [{ "type": "null" }, { "$ref": "#/$defs/x" }],
            "$defs": { "x": { "type": "array" } } });
        check(either.clone(), json!([]), &[]);
        check(either, json!(1), &[": fits no alternative"]);
        let length = json!({ "minLength": 2, "maxLength": 3, "minItems": 1, "maximum": 5 });
        check(length.clone(), json!("abc"), &[]);
        check(length.clone(), json!("a"), &[": too short"]);
        check(length.clone(), json!([]), &[": too short"]);
        check(length.clone(), json!("abcd"), &[": too long"]);
        check(length, json!(6), &[": too large"]);
        let literal = json!({ "pattern": "\\$\\{" });
        check(literal.clone(), json!("a ${b"), &[]);
        check(literal, json!("a"), &[": lacks ${"]);
        let other = json!({ "pattern": "a+" });
        check(other, json!("aa"), &[": pattern a+ is not checked"]);
        let condition = json!({ "if": { "required": ["a"] }, "then": { "required": ["b"] },
            "allOf": [{ "not": { "required": ["c"] } }] });
        check(condition.clone(), json!({}), &[]);
        check(condition.clone(), json!({ "a": 1 }), &[": lacks b"]);
        check(condition, json!({ "c": 1 }), &[": fits what it must not"]);
        let unknown = json!({ "contains": "x" });
        check(unknown, json!(1), &[": rule contains is not checked"]);
    }
}
