//! One line: `measurement,tag=value field=1.5,other=3i 1465839830100400200`.

/// A line, in the parts that it is written in. Escapes are still there.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Line<'a> {
    pub(crate) measurement: &'a str,
    pub(crate) tags: Vec<(&'a str, &'a str)>,
    pub(crate) fields: Vec<(&'a str, &'a str)>,
    pub(crate) time: Option<i64>,
}

impl<'a> Line<'a> {
    /// Takes a line apart.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn parse(text: &'a str) -> Result<Self, &'static str> {
        let (head, rest) = split(text, ' ').ok_or("no fields")?;
        let (fields, time) = match split(rest, ' ') {
            Some((fields, time)) => (fields, Some(time.trim().parse().map_err(|_| "bad time")?)),
            None => (rest, None),
        };
        let (measurement, tags) = match split(head, ',') {
            Some((measurement, tags)) => (measurement, pairs(tags).ok_or("bad tag")?),
            None => (head, Vec::new()),
        };
        if measurement.is_empty() {
            return Err("no measurement");
        }
        Ok(Self {
            measurement,
            tags,
            fields: pairs(fields).ok_or("bad field")?,
            time,
        })
    }
}

/// All `key=value` of a list.
fn pairs(mut list: &str) -> Option<Vec<(&str, &str)>> {
    let mut pairs = Vec::new();
    while !list.is_empty() {
        let (pair, rest) = split(list, ',').unwrap_or((list, ""));
        let (key, value) = split(pair, '=')?;
        if key.is_empty() || value.is_empty() {
            return None;
        }
        pairs.push((key, value));
        list = rest;
    }
    Some(pairs)
}

/// Splits at the first `separator` that is neither escaped nor in a quoted string.
fn split(text: &str, separator: char) -> Option<(&str, &str)> {
    let (mut escaped, mut quoted) = (false, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => quoted = !quoted,
            _ if c == separator && !quoted => {
                let (before, after) = text.split_at(at);
                return Some((before, after.strip_prefix(separator)?));
            }
            _ => {}
        }
    }
    None
}

/// Takes the backslashes away.
pub(crate) fn unescaped(text: &str) -> String {
    let mut escaped = false;
    let kept = |c: &char| {
        escaped = *c == '\\' && !escaped;
        !escaped
    };
    text.chars().filter(kept).collect()
}

/// The number that a field is; text is none.
pub(crate) fn number(value: &str) -> Option<f64> {
    match value {
        "t" | "T" | "true" | "True" | "TRUE" => Some(1.0),
        "f" | "F" | "false" | "False" | "FALSE" => Some(0.0),
        _ => value.strip_suffix(['i', 'u']).unwrap_or(value).parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separators_may_be_escaped_or_quoted() {
        let line = Line::parse(r#"my\ cpu,host=a\,b load=1.5,note="x, y z" 7"#).unwrap();
        assert_eq!(line.measurement, r"my\ cpu");
        assert_eq!(line.tags, [("host", r"a\,b")]);
        assert_eq!(line.fields, [("load", "1.5"), ("note", r#""x, y z""#)]);
        assert_eq!(line.time, Some(7));
        assert_eq!(unescaped(r"a\,b\\c"), r"a,b\c");
    }

    #[test]
    fn bad_lines_say_why() {
        for (line, why) in [
            ("cpu", "no fields"),
            (",host=a v=1", "no measurement"),
            ("cpu,host v=1", "bad tag"),
            ("cpu v", "bad field"),
            ("cpu v=1 then", "bad time"),
        ] {
            assert_eq!(Line::parse(line), Err(why), "{line}");
        }
    }

    #[test]
    fn numbers_have_a_type() {
        let numbers = ["1e3", "-3i", "3u", "t", "\"text\""].map(number);
        assert_eq!(numbers, [Some(1e3), Some(-3.0), Some(3.0), Some(1.0), None]);
    }
}
