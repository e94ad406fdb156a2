//! Where secrets stand: by the name of a setting, a header or a parameter of a URL.

use std::ops::Range;

/// Ends of names that secrets usually have, as not everyone marks them.
const ENDS: [&str; 13] = [
    "authorization",
    "cookie",
    "password",
    "passwd",
    "passphrase",
    "secret",
    "token",
    "api_key",
    "apikey",
    "access_key",
    "private_key",
    "signature",
    "credentials",
];
/// Ends of names that speak of the tokens of an answer, such as `time_to_first_token`.
const OF_ANSWERS: [&str; 3] = ["first_token", "second_token", "output_token"];
/// Last words of names of parameters and headers that are secrets, such as `subscription-key`.
const WORDS: [&str; 10] = [
    "key", "auth", "sig", "pass", "pwd", "jwt", "sas", "tok", "code", "cred",
];
/// Headers that say what is sent and what is wanted, not who asks.
const HARMLESS: [&str; 10] = [
    "accept",
    "accept_encoding",
    "accept_language",
    "cache_control",
    "connection",
    "content_encoding",
    "content_type",
    "host",
    "te",
    "user_agent",
];

fn normal_form(name: &str) -> String {
    name.to_lowercase().replace('-', "_")
}

/// Whether a setting, a header or a parameter has a name that secrets usually have.
pub(crate) fn is_secret_name(name: &str) -> bool {
    let name = normal_form(name);
    let ends_with = |ends: &[&str]| ends.iter().any(|end| name.ends_with(end));
    ends_with(&ENDS) && !ends_with(&OF_ANSWERS)
}

/// Whether a parameter of a URL or a header has such a name, or one that ends in a word for it: what a key
/// is called there is not for its user to say.
pub(crate) fn is_secret_parameter(name: &str) -> bool {
    let words = normal_form(name);
    let last = words.rsplit(['_', '.']).next().unwrap_or_default();
    is_secret_name(name) || WORDS.contains(&last)
}

/// Whether a header is never a secret.
pub(crate) fn harmless_header(name: &str) -> bool {
    HARMLESS.contains(&normal_form(name).as_str())
}

/// Where secrets stand in a text that may be a URL: `user:password`, and values of parameters whose
/// names say so.
pub(crate) fn url_secrets(text: &str) -> Vec<Range<usize>> {
    let login = login(text);
    let parameters = text.find('?').map_or(text.len(), |mark| mark + 1);
    let mut start = parameters;
    let mut found: Vec<_> = login.into_iter().collect();
    let rest = text.get(parameters..).unwrap_or_default();
    for parameter in rest.split_inclusive(['&', ';', '#']) {
        let whole = parameter.trim_end_matches(['&', ';', '#']);
        if let Some((name, value)) = whole.split_once('=') {
            let from = start + name.len() + 1;
            if is_secret_parameter(name) && !value.is_empty() {
                found.push(from..from + value.len());
            }
        }
        start += parameter.len();
    }
    found
}

/// Where secrets stand in a text that may hold JSON, such as a template of bodies: values of members whose
/// names say so.
pub(crate) fn json_secrets(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut strings = json_strings(text).peekable();
    while let Some(name) = strings.next() {
        let Some(value) = strings.peek() else { break };
        let between = text.get(name.end + 1..value.start - 1);
        let is_member = between.is_some_and(|between| between.trim() == ":");
        let is_secret = text.get(name).is_some_and(is_secret_name);
        if is_member && is_secret && !value.is_empty() {
            found.push(value.clone());
        }
    }
    found
}

/// What stands between quotes.
fn json_strings(text: &str) -> impl Iterator<Item = Range<usize>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = at + text.get(at..)?.find('"')? + 1;
        let mut is_escaped = false;
        let length = text.get(start..)?.find(|sign| {
            let ends = sign == '"' && !is_escaped;
            is_escaped = sign == '\\' && !is_escaped;
            ends
        })?;
        at = start + length + 1;
        Some(start..start + length)
    })
}

/// Where `user:password` stands. Without a scheme it needs the colon: an `@` alone is in many texts.
fn login(text: &str) -> Option<Range<usize>> {
    let start = text.find("://").map(|at| at + 3);
    let has_scheme = start.is_some();
    let start = start.unwrap_or_default();
    let rest = text.get(start..)?;
    let authority = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let end = rest.get(..authority)?.rfind('@')?;
    let login = rest.get(..end)?;
    let is_login = !login.is_empty() && (has_scheme || login.contains(':'));
    let is_one_word = !rest.get(..authority)?.contains(char::is_whitespace);
    (is_login && is_one_word).then_some(start..start + end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_known_by_their_ends() {
        for name in [
            "api_key",
            "X-Api-Key",
            "bearer_token",
            "Proxy-Authorization",
            "dbPassword",
            "key_passphrase",
        ] {
            assert!(is_secret_name(name), "{name}");
        }
        for name in [
            "key",
            "tokens",
            "max_tokens",
            "model",
            "api_key_env",
            "goodput.time_to_first_token",
        ] {
            assert!(!is_secret_name(name), "{name}");
        }
    }

    #[test]
    fn secrets_of_json_are_found() {
        let found = |text: &'static str| -> Vec<&str> {
            let ranges = json_secrets(text).into_iter();
            ranges.filter_map(|range| text.get(range)).collect()
        };
        let text = r#"{"text": {{text}}, "auth": {"api_key" : "k-1", "max_tokens": "3"}}"#;
        assert_eq!(found(text), ["k-1"]);
        assert_eq!(found(r#""token":"a\"b\\","x":"y""#), [r#"a\"b\\"#]);
        for none in [
            "",
            "\"",
            "\"token\"",
            r#""token": """#,
            r#""token", "x""#,
            r#""token":5,"x""#,
        ] {
            assert_eq!(found(none), [""; 0], "{none}");
        }
    }

    #[test]
    fn secrets_of_urls_are_found() {
        let found = |text: &'static str| -> Vec<&str> {
            let ranges = url_secrets(text).into_iter();
            ranges.filter_map(|range| text.get(range)).collect()
        };
        assert_eq!(found("http://u:p@host/x"), ["u:p"]);
        assert_eq!(found("u:p@host:80/x"), ["u:p"]);
        assert_eq!(found("http://host/x@y"), [""; 0]);
        assert_eq!(found("mail a@b"), [""; 0]);
        assert_eq!(found("me@host"), [""; 0]);
        assert_eq!(found("http://h/?api_key=a&match[]=up&sig=b#c"), ["a", "b"]);
        assert_eq!(found("h:1/m?x=1&Access-Token=t&key="), ["t"]);
        assert_eq!(found("http://h/key=1"), [""; 0]);
        let keys = "http://h/?subscription-key=a&tok=b&node=c&keys=d&code=e";
        assert_eq!(found(keys), ["a", "b", "e"]);
    }
}
