//! What secret settings hold.

use super::shape;
use crate::config::node::{Node, Table, Value};
use crate::secrets::Secrets;

/// Takes all texts of a secret setting.
pub(super) fn collect(node: &Node, path: &str, secrets: &mut Secrets) {
    match &node.value {
        Value::String(text) | Value::Untyped(text) => match shape::header_name(path) {
            Some(name) => secrets.add_header(name, text),
            None => secrets.add(text),
        },
        Value::List(items) => items.iter().for_each(|item| collect(item, path, secrets)),
        Value::Table(table) => {
            let values = table.values();
            values.for_each(|entry| collect(&entry.node, path, secrets));
        }
        _ => {}
    }
}

/// Takes the form in which user name and password of a table are sent.
pub(super) fn collect_login(table: &Table, secrets: &mut Secrets) {
    let text = |name: &str| match &table.get(name)?.node.value {
        Value::String(text) | Value::Untyped(text) => Some(text.as_str()),
        _ => None,
    };
    if let (Some(user), Some(password)) = (text("username").or(text("user")), text("password")) {
        secrets.add_login(user, password);
    }
}
