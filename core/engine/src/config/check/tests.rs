//! What the checker makes of schemas that are not ours.

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};

use super::Checker;
use crate::config::node::Node;
use crate::config::source::Sources;

/// Messages about `settings`, and what is left of them.
fn check(schema: &Json, settings: &Json) -> (Vec<String>, Json) {
    let mut node = Node::from_json(settings, None);
    let mut problems = Vec::new();
    let mut checker = Checker {
        schema,
        sources: &mut Sources::default(),
        problems: &mut problems,
        secrets: &mut BTreeSet::new(),
    };
    checker.check(&mut node, "");
    (
        problems
            .into_iter()
            .map(|problem| problem.message)
            .collect(),
        node.to_json(),
    )
}

#[test]
fn what_is_wrong_is_taken_out() {
    let schema = json!({ "properties": {
        "a": { "type": "integer", "maximum": 5 },
        "b": { "type": "array", "items": { "type": "string" } },
        "c": { "type": "boolean" },
    }, "additionalProperties": false });
    let (messages, left) = check(
        &schema,
        &json!({ "a": 7, "b": ["x", 1, "y"], "c": true, "d": 0 }),
    );
    let expected = [
        "`a` must be at most 5",
        "`b[1]` must be a string, not an integer",
        "unknown key `d` at the top level",
    ];
    assert_eq!(messages, expected);
    assert_eq!(left, json!({ "b": ["x", "y"], "c": true }));
}

#[test]
fn alternatives_are_chosen_by_type() {
    let schema = json!({ "properties": { "a": { "anyOf": [
        { "type": "string", "minLength": 1 },
        { "type": "object", "properties": { "x": { "type": "integer" } }, "required": ["x"] },
        { "type": "null" },
    ] } } });
    let messages = |settings: &Json| check(&schema, settings).0;
    assert_eq!(messages(&json!({ "a": "t" })), [""; 0]);
    assert_eq!(messages(&json!({ "a": "" })), ["`a` must not be empty"]);
    assert_eq!(
        messages(&json!({ "a": { "x": "1" } })),
        ["`a.x` must be an integer, not a string"]
    );
    assert_eq!(messages(&json!({ "a": {} })), ["`a.x` is missing"]);
}

#[test]
fn choices_name_the_alternatives() {
    let plain = json!({ "enum": ["hot", "cold"] });
    let documented = json!({ "oneOf": [
        { "const": "hot", "description": "Not cold." },
        { "const": "cold", "description": "Not hot." },
    ] });
    for part in [plain, documented] {
        let schema = json!({ "properties": { "mode": part } });
        assert_eq!(check(&schema, &json!({ "mode": "hot" })).0, [""; 0]);
        let expected = ["`mode` must be `hot` or `cold`, not `hto`"];
        assert_eq!(check(&schema, &json!({ "mode": "hto" })).0, expected);
    }
}

#[test]
fn what_a_schema_does_not_say_passes() {
    let settings = json!({ "a": { "b": [1, "x", { "c": 1.5 }] } });
    for schema in [
        json!(true),
        json!({}),
        json!({ "$ref": "#" }),
        json!({ "allOf": [{}] }),
    ] {
        assert_eq!(
            check(&schema, &settings),
            (Vec::new(), settings.clone()),
            "{schema}"
        );
    }
}
