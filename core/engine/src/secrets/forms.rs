//! The ways in which a text is written by those who repeat it.

use std::fmt::Write as _;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// What stands for itself in a URL.
const UNRESERVED: AsciiSet = NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// The text as it is, and as JSON, CSV, HTML, URLs and base64 have it. Some are the same.
pub(super) fn of(text: &str) -> Vec<String> {
    let mut forms = vec![text.to_owned(), text.replace('"', "\"\"")];
    add_json(&mut forms, text);
    add_url(&mut forms, text);
    add_html(&mut forms, text);
    forms.push(BASE64_STANDARD.encode(text));
    forms
}

/// As most write it; with `\/`; with what HTML knows escaped too; and all but ASCII.
fn add_json(forms: &mut Vec<String>, text: &str) {
    let quoted = serde_json::Value::from(text).to_string();
    let json = quoted
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    let json = json.unwrap_or(text);
    let for_html = json
        .replace('&', "\\u0026")
        .replace('<', "\\u003c")
        .replace('>', "\\u003e");
    let in_ascii = json.chars().fold(String::new(), |mut ascii, sign| {
        if sign.is_ascii() {
            ascii.push(sign);
        } else {
            let units = sign
                .encode_utf16(&mut [0; 2])
                .iter()
                .fold(String::new(), |all, unit| all + &format!("\\u{unit:04x}"));
            ascii.push_str(&units);
        }
        ascii
    });
    forms.extend([
        json.replace('/', "\\/"),
        json.to_owned(),
        for_html,
        in_ascii,
    ]);
}

/// As a part of a URL, with large and small digits, and as forms are sent.
fn add_url(forms: &mut Vec<String>, text: &str) {
    let large = utf8_percent_encode(text, &UNRESERVED).to_string();
    let small = text.bytes().fold(String::new(), |mut small, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            small.push(char::from(byte));
        } else {
            // A string takes everything.
            write!(small, "%{byte:02x}").unwrap_or_default();
        }
        small
    });
    forms.extend([large.replace("%20", "+"), large, small]);
}

/// Signs of markup by name or by number.
fn add_html(forms: &mut Vec<String>, text: &str) {
    let base = text
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;");
    for (double, single) in [
        ("&quot;", "'"),
        ("&quot;", "&#39;"),
        ("&quot;", "&#x27;"),
        ("&#34;", "&#39;"),
    ] {
        forms.push(base.replace('"', double).replace('\'', single));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_way_of_writing_is_there_once_it_differs() {
        let forms = of("k/\"é&' 1");
        for form in [
            "k/\"é&' 1",
            "k/\"\"é&' 1",
            "k/\\\"é&' 1",
            "k\\/\\\"é&' 1",
            "k/\\\"é\\u0026' 1",
            "k/\\\"\\u00e9&' 1",
            "k%2F%22%C3%A9%26%27%201",
            "k%2f%22%c3%a9%26%27%201",
            "k%2F%22%C3%A9%26%27+1",
            "k/&quot;é&amp;&#39; 1",
            "k/&#34;é&amp;&#39; 1",
        ] {
            assert!(forms.iter().any(|known| known == form), "{form}: {forms:?}");
        }
        let mut plain = of("sk-12345678");
        plain.sort();
        plain.dedup();
        assert_eq!(plain, ["c2stMTIzNDU2Nzg=", "sk-12345678"]);
    }

    #[test]
    fn a_sign_beyond_two_bytes_is_two_units() {
        assert!(of("k😀").iter().any(|form| form == "k\\ud83d\\ude00"));
    }
}
