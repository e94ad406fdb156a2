//! Tree of settings in which every key and value remembers where it came from.

use indexmap::IndexMap;

use super::source::Origin;

/// A value and its origin; `None` is a built-in default.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) value: Value,
    pub(crate) origin: Option<Origin>,
    /// The text before `${NAME}` was filled in, if there was one.
    pub(crate) template: Option<String>,
}

/// What a setting can be.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    /// What a variable holds that is not known: becomes anything that the schema takes.
    Unset,
    /// From a flag or a variable: becomes what the schema asks for.
    Untyped(String),
    String(String),
    Integer(i64),
    Float(f64),
    Boolean(bool),
    List(Vec<Node>),
    Table(Table),
}

/// Settings by name, in the order in which they were first written.
pub(crate) type Table = IndexMap<String, Entry>;

/// A named value.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// Where the name stands.
    pub(crate) key: Option<Origin>,
    pub(crate) node: Node,
}

impl Node {
    pub(crate) fn new(value: Value, origin: Option<Origin>) -> Self {
        Self {
            value,
            origin,
            template: None,
        }
    }

    pub(crate) fn table(origin: Option<Origin>) -> Self {
        Self::new(Value::Table(Table::new()), origin)
    }

    pub(crate) fn as_table(&self) -> Option<&Table> {
        match &self.value {
            Value::Table(table) => Some(table),
            _ => None,
        }
    }

    /// What stands at `path`, if everything on the way is there.
    pub(crate) fn get(&self, path: &[&str]) -> Option<&Self> {
        path.iter()
            .try_fold(self, |node, name| Some(&node.as_table()?.get(*name)?.node))
    }

    /// Puts a value at `path` over what is there; tables on the way are made.
    pub(crate) fn set(&mut self, path: &[&str], node: Self) {
        let origin = node.origin.clone();
        self.set_named(path, origin.as_ref(), node);
    }

    /// As [`set`](Self::set), where the path was written at `origin`.
    pub(crate) fn set_named(&mut self, path: &[&str], origin: Option<&Origin>, node: Self) {
        let nested = path.iter().rev().fold(node, |inner, name| {
            let entry = Entry {
                key: origin.cloned(),
                node: inner,
            };
            Self::new(
                Value::Table(Table::from([((*name).to_owned(), entry)])),
                origin.cloned(),
            )
        });
        self.merge(nested);
    }

    /// Takes away what stands at `path`.
    pub(crate) fn remove(&mut self, path: &[&str]) {
        let Some((name, tables)) = path.split_last() else {
            return;
        };
        let holder = tables
            .iter()
            .try_fold(self, |node, name| match &mut node.value {
                Value::Table(table) => table.get_mut(*name).map(|entry| &mut entry.node),
                _ => None,
            });
        if let Some(Value::Table(table)) = holder.map(|node| &mut node.value) {
            table.shift_remove(*name);
        }
    }

    /// Lays `over` on top: tables are joined by name, everything else is replaced.
    pub(crate) fn merge(&mut self, over: Self) {
        match (&mut self.value, over.value) {
            (Value::Table(below), Value::Table(above)) => {
                for (name, entry) in above {
                    match below.get_mut(&name) {
                        Some(existing) => existing.merge(entry),
                        None => {
                            below.insert(name, entry);
                        }
                    }
                }
                // A table that stands in two files is shown where it was written last.
                self.origin = over.origin.or(self.origin.take());
            }
            (value, above) => {
                *value = above;
                self.origin = over.origin;
                self.template = over.template;
            }
        }
    }

    /// Whether anything in it is not known.
    pub(crate) fn has_unset(&self) -> bool {
        match &self.value {
            Value::Unset => true,
            Value::List(items) => items.iter().any(Self::has_unset),
            Value::Table(table) => table.values().any(|entry| entry.node.has_unset()),
            _ => false,
        }
    }

    /// The value as plugins and serde take it. Numbers that JSON lacks become null.
    pub(crate) fn to_json(&self) -> serde_json::Value {
        use serde_json::Value as Json;
        match &self.value {
            Value::Unset => Json::Null,
            Value::Untyped(text) | Value::String(text) => Json::from(text.as_str()),
            Value::Integer(number) => Json::from(*number),
            Value::Float(number) => Json::from(*number),
            Value::Boolean(flag) => Json::from(*flag),
            Value::List(items) => Json::Array(items.iter().map(Self::to_json).collect()),
            Value::Table(table) => Json::Object(
                table
                    .iter()
                    .map(|(name, entry)| (name.clone(), entry.node.to_json()))
                    .collect(),
            ),
        }
    }

    /// Reads JSON, every part of which comes from `origin`. Nulls in tables are left out.
    pub(crate) fn from_json(json: &serde_json::Value, origin: Option<&Origin>) -> Self {
        use serde_json::Value as Json;
        let value = match json {
            Json::Null => Value::Table(Table::new()),
            Json::Bool(flag) => Value::Boolean(*flag),
            Json::Number(number) => match number.as_i64() {
                Some(integer) => Value::Integer(integer),
                None => Value::Float(number.as_f64().unwrap_or(f64::NAN)),
            },
            Json::String(text) => Value::String(text.clone()),
            Json::Array(items) => Value::List(
                items
                    .iter()
                    .map(|item| Self::from_json(item, origin))
                    .collect(),
            ),
            Json::Object(fields) => Value::Table(
                fields
                    .iter()
                    .filter(|(_, field)| !field.is_null())
                    .map(|(name, field)| {
                        let node = Self::from_json(field, origin);
                        (
                            name.clone(),
                            Entry {
                                key: origin.cloned(),
                                node,
                            },
                        )
                    })
                    .collect(),
            ),
        };
        Self::new(value, origin.cloned())
    }
}

impl Entry {
    fn merge(&mut self, over: Self) {
        self.key = over.key.or(self.key.take());
        self.node.merge(over.node);
    }
}

impl PartialEq for Node {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.node == other.node
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn merged(below: &serde_json::Value, above: &serde_json::Value) -> serde_json::Value {
        let mut node = Node::from_json(below, None);
        node.merge(Node::from_json(above, None));
        node.to_json()
    }

    #[test]
    fn tables_are_joined_and_lists_are_replaced() {
        let below = json!({ "a": { "x": 1, "list": [1, 2] }, "b": 1 });
        let above = json!({ "a": { "y": 2, "list": [3] }, "b": { "z": 1 } });
        let expected = json!({ "a": { "x": 1, "list": [3], "y": 2 }, "b": { "z": 1 } });
        assert_eq!(merged(&below, &above), expected);
    }

    #[test]
    fn set_makes_the_tables_on_the_way() {
        let mut node = Node::table(None);
        node.set(&["a", "b"], Node::new(Value::Integer(1), None));
        node.set(&["a", "c"], Node::new(Value::Boolean(true), None));
        assert_eq!(node.to_json(), json!({ "a": { "b": 1, "c": true } }));
    }
}
