//! `${NAME}` and `${NAME:-default}` in strings of files.

use std::collections::BTreeMap;
use std::ops::Range;

/// Why a text could not be filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum InterpolateError {
    /// The variable is not set, and no default was given.
    NotSet(String),
    /// `${` without `}`, or without a name.
    Malformed,
}

/// Fills in variables; `None` if there is nothing to fill in. `$${` stands for `${` itself.
pub(crate) fn interpolate(
    text: &str,
    environment: &BTreeMap<String, String>,
) -> Result<Option<String>, InterpolateError> {
    let mut rest = text;
    let mut filled = String::new();
    let mut found = false;
    while let Some((before, after)) = rest.split_once("${") {
        found = true;
        if let Some(escaped) = before.strip_suffix('$') {
            filled.push_str(escaped);
            filled.push_str("${");
            rest = after;
            continue;
        }
        filled.push_str(before);
        let (expression, after) = after.split_once('}').ok_or(InterpolateError::Malformed)?;
        filled.push_str(&value_of(expression, environment)?);
        rest = after;
    }
    filled.push_str(rest);
    Ok(found.then_some(filled))
}

/// Where a text says something itself: all but `${NAME}`, and of `${NAME:-default}` the default.
pub(crate) fn literals(text: &str) -> Vec<Range<usize>> {
    let mut literals = Vec::new();
    let mut start = 0;
    let mut from = 0;
    while let Some(open) = find(text, from, "${") {
        from = open + 2;
        let is_escaped = text
            .get(start..open)
            .is_some_and(|before| before.ends_with('$'));
        let Some(close) = find(text, from, "}").filter(|_| !is_escaped) else {
            continue;
        };
        let expression = text.get(from..close).unwrap_or_default();
        let name = expression.split(":-").next().unwrap_or_default();
        if is_name(name) {
            literals.push(start..open);
            let default = from + name.len() + 2;
            literals.push(default.min(close)..close);
            start = close + 1;
            from = start;
        }
    }
    literals.push(start..text.len());
    literals.retain(|range| !range.is_empty());
    literals
}

fn find(text: &str, from: usize, part: &str) -> Option<usize> {
    Some(from + text.get(from..)?.find(part)?)
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// Writes a text so that [`interpolate`] gives it back unchanged.
pub(crate) fn escape(text: &str) -> String {
    text.replace("${", "$${")
}

fn value_of(
    expression: &str,
    environment: &BTreeMap<String, String>,
) -> Result<String, InterpolateError> {
    let (name, default) = match expression.split_once(":-") {
        Some((name, default)) => (name, Some(default)),
        None => (expression, None),
    };
    if !is_name(name) {
        return Err(InterpolateError::Malformed);
    }
    // As in a shell, `:-` also stands in for a variable that is set to nothing.
    let value = environment
        .get(name)
        .filter(|value| default.is_none() || !value.is_empty());
    value
        .map(String::as_str)
        .or(default)
        .map(str::to_owned)
        .ok_or_else(|| InterpolateError::NotSet(name.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(text: &str) -> Result<Option<String>, InterpolateError> {
        let environment = [("KEY", "sk-1"), ("EMPTY", "")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into();
        interpolate(text, &environment)
    }

    #[test]
    fn variables_and_defaults_are_filled_in() {
        assert_eq!(filled("plain"), Ok(None));
        assert_eq!(
            filled("Bearer ${KEY}!"),
            Ok(Some("Bearer sk-1!".to_owned()))
        );
        assert_eq!(filled("${KEY}${KEY}"), Ok(Some("sk-1sk-1".to_owned())));
        assert_eq!(filled("${NONE:-x:-y}"), Ok(Some("x:-y".to_owned())));
        assert_eq!(filled("${EMPTY:-x}${EMPTY}"), Ok(Some("x".to_owned())));
    }

    #[test]
    fn what_cannot_be_filled_in_is_an_error() {
        assert_eq!(
            filled("${NONE}"),
            Err(InterpolateError::NotSet("NONE".into()))
        );
        assert_eq!(filled("${KEY"), Err(InterpolateError::Malformed));
        assert_eq!(filled("${}"), Err(InterpolateError::Malformed));
        assert_eq!(filled("${a b}"), Err(InterpolateError::Malformed));
    }

    #[test]
    fn escaped_texts_read_back() {
        assert_eq!(
            filled(&escape("a ${KEY} b")),
            Ok(Some("a ${KEY} b".to_owned()))
        );
    }

    #[test]
    fn what_a_text_says_itself_is_all_but_names() {
        let said = |text: &'static str| -> Vec<&str> {
            literals(text)
                .into_iter()
                .filter_map(|range| text.get(range))
                .collect()
        };
        assert_eq!(said("${KEY}"), [""; 0]);
        assert_eq!(said("Bearer ${KEY}!"), ["Bearer ", "!"]);
        assert_eq!(said("${KEY:-sk-1}${KEY}"), ["sk-1"]);
        assert_eq!(said("$${KEY}"), ["$${KEY}"]);
        assert_eq!(said("a ${KEY"), ["a ${KEY"]);
        assert_eq!(said("${b c}"), ["${b c}"]);
    }
}
