//! `${NAME}`, `${file:PATH}` and `${...:-default}` in strings of files.

use std::ops::Range;

/// Why a text could not be filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum InterpolateError {
    /// The variable is not set, and no default was given.
    NotSet(String),
    /// The file cannot be read, and no default was given.
    Unreadable {
        /// The file as written.
        path: String,
        /// Why not.
        why: String,
    },
    /// `${` without `}`, or without a name.
    Malformed,
}

/// What a text refers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reference<'a> {
    /// An environment variable.
    Variable(&'a str),
    /// A file that holds a secret.
    File(&'a str),
}

/// Finds what a reference stands for; `None` if there is no such variable. The text is why a file
/// cannot be read.
pub(crate) type Lookup<'a> = dyn FnMut(Reference<'_>) -> Result<Option<String>, String> + 'a;

/// Fills in what references stand for; `None` if there are none. `$${` stands for `${` itself.
pub(crate) fn interpolate(
    text: &str,
    lookup: &mut Lookup<'_>,
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
        filled.push_str(&value_of(expression, lookup)?);
        rest = after;
    }
    filled.push_str(rest);
    Ok(found.then_some(filled))
}

/// Where a text says something itself: all but references, and of `${NAME:-default}` the default.
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
        if reference(name).is_some() {
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

fn reference(text: &str) -> Option<Reference<'_>> {
    if let Some(path) = text.strip_prefix("file:") {
        return (!path.is_empty()).then_some(Reference::File(path));
    }
    let is_name = !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    is_name.then_some(Reference::Variable(text))
}

/// Writes a text so that [`interpolate`] gives it back unchanged.
pub(crate) fn escape(text: &str) -> String {
    text.replace("${", "$${")
}

fn value_of(expression: &str, lookup: &mut Lookup<'_>) -> Result<String, InterpolateError> {
    let (name, default) = match expression.split_once(":-") {
        Some((name, default)) => (name, Some(default)),
        None => (expression, None),
    };
    let reference = reference(name).ok_or(InterpolateError::Malformed)?;
    // As in a shell, `:-` also stands in for a variable that is set to nothing.
    let found = lookup(reference);
    let value = found
        .clone()
        .ok()
        .flatten()
        .filter(|value| default.is_none() || !value.is_empty());
    if let Some(value) = value.or_else(|| default.map(str::to_owned)) {
        return Ok(value);
    }
    Err(match (reference, found) {
        (Reference::File(path), Err(why)) => InterpolateError::Unreadable {
            path: path.to_owned(),
            why,
        },
        _ => InterpolateError::NotSet(name.to_owned()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(text: &str) -> Result<Option<String>, InterpolateError> {
        let mut lookup = |reference: Reference<'_>| match reference {
            Reference::Variable("KEY") => Ok(Some("sk-1".to_owned())),
            Reference::Variable("EMPTY") => Ok(Some(String::new())),
            Reference::Variable(_) => Ok(None),
            Reference::File("/run/key") => Ok(Some("sk-2".to_owned())),
            Reference::File(_) => Err("no such file".to_owned()),
        };
        interpolate(text, &mut lookup)
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
        assert_eq!(filled("${file:/run/key}"), Ok(Some("sk-2".to_owned())));
        assert_eq!(filled("${file:/absent:-x}"), Ok(Some("x".to_owned())));
    }

    #[test]
    fn what_cannot_be_filled_in_is_an_error() {
        assert_eq!(
            filled("${NONE}"),
            Err(InterpolateError::NotSet("NONE".into()))
        );
        let unreadable = InterpolateError::Unreadable {
            path: "/absent".to_owned(),
            why: "no such file".to_owned(),
        };
        assert_eq!(filled("${file:/absent}"), Err(unreadable));
        assert_eq!(filled("${file:}"), Err(InterpolateError::Malformed));
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
        assert_eq!(said("x${file:/run/key}"), ["x"]);
        assert_eq!(said("$${KEY}"), ["$${KEY}"]);
        assert_eq!(said("a ${KEY"), ["a ${KEY"]);
        assert_eq!(said("${b c}"), ["${b c}"]);
    }
}
