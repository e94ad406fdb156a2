//! Checks a document against the part of JSON schema that `schema.json` uses.

use serde_json::{Map, Value};

/// Every violation, as `pointer: what`.
pub(super) fn problems(schema: &Value, document: &Value) -> Vec<String> {
    let mut check = Check {
        root: schema,
        problems: Vec::new(),
    };
    check.value(schema, document, "");
    check.problems
}

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
        let Some(schema) = schema.as_object() else {
            return;
        };
        for (rule, argument) in schema {
            self.rule(schema, rule, argument, value, at);
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
            "$ref" => {
                let target = argument.as_str().unwrap().trim_start_matches('#');
                let target = self.root.pointer(target).unwrap();
                self.value(target, value, at);
            }
            "type" => self.expect(types(argument).any(|t| has_type(value, t)), at, argument),
            "const" => self.expect(value == argument, at, argument),
            "enum" => self.expect(argument.as_array().unwrap().contains(value), at, argument),
            "minimum" => {
                let holds = value
                    .as_f64()
                    .is_none_or(|value| Some(value) >= argument.as_f64());
                self.expect(holds, at, "too small");
            }
            "anyOf" | "oneOf" => {
                let mut options = argument.as_array().unwrap().iter();
                let root = self.root;
                let fits = options.any(|option| {
                    let mut check = Check {
                        root,
                        problems: Vec::new(),
                    };
                    check.value(option, value, at);
                    check.problems.is_empty()
                });
                self.expect(fits, at, "fits no alternative");
            }
            "required" => {
                for name in argument.as_array().unwrap() {
                    let there = value.get(name.as_str().unwrap()).is_some();
                    self.expect(there, at, format_args!("lacks {name}"));
                }
            }
            "items" => {
                for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                    self.value(argument, item, &format!("{at}/{index}"));
                }
            }
            "properties" => {
                for (name, member) in value.as_object().into_iter().flatten() {
                    let rest = schema.get("additionalProperties").unwrap_or(&Value::Null);
                    let member_schema = argument.get(name).unwrap_or(rest);
                    self.value(member_schema, member, &format!("{at}/{name}"));
                }
            }
            "additionalProperties" if !schema.contains_key("properties") => {
                for (name, member) in value.as_object().into_iter().flatten() {
                    self.value(argument, member, &format!("{at}/{name}"));
                }
            }
            "$schema"
            | "$defs"
            | "title"
            | "description"
            | "format"
            | "default"
            | "additionalProperties" => {}
            unknown => self.expect(false, at, format_args!("rule {unknown} is not checked")),
        }
    }
}

fn types(argument: &Value) -> impl Iterator<Item = &str> {
    let one = argument.as_str();
    one.into_iter().chain(
        argument
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str),
    )
}

fn has_type(value: &Value, name: &str) -> bool {
    match name {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "string" => value.is_string(),
        "number" => value.is_number(),
        "integer" => value.is_i64() || value.is_u64(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => false,
    }
}
