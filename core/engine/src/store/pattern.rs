//! Shell-like patterns for names of families.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A pattern: `*` stands for any text, `?` for one character, all else for itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct Pattern(Vec<char>);

impl From<String> for Pattern {
    fn from(text: String) -> Self {
        Self::new(&text)
    }
}

impl From<Pattern> for String {
    fn from(pattern: Pattern) -> Self {
        pattern.0.into_iter().collect()
    }
}

impl Pattern {
    /// A pattern; every text is one.
    pub fn new(text: &str) -> Self {
        Self(text.chars().collect())
    }

    /// True if the whole of `name` matches. O(pattern x name) at worst.
    pub fn matches(&self, name: &str) -> bool {
        let name: Vec<char> = name.chars().collect();
        let (mut at, mut pos) = (0, 0);
        // Where to go on after a mismatch: the last `*` swallows one character more.
        let mut retry: Option<(usize, usize)> = None;
        while pos < name.len() {
            match self.0.get(at) {
                Some('*') => {
                    retry = Some((at, pos));
                    at += 1;
                }
                Some(wanted) if *wanted == '?' || *wanted == name[pos] => {
                    at += 1;
                    pos += 1;
                }
                _ => {
                    let Some((star, from)) = retry else {
                        return false;
                    };
                    retry = Some((star, from + 1));
                    at = star + 1;
                    pos = from + 1;
                }
            }
        }
        self.0[at..].iter().all(|rest| *rest == '*')
    }
}

impl FromStr for Pattern {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self::new(text))
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|c| write!(f, "{c}"))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Pattern;

    fn naive(pattern: &[char], name: &[char]) -> bool {
        match pattern.split_first() {
            None => name.is_empty(),
            Some(('*', rest)) => (0..=name.len()).any(|skip| naive(rest, &name[skip..])),
            Some((wanted, rest)) => name
                .split_first()
                .is_some_and(|(c, tail)| (*wanted == '?' || wanted == c) && naive(rest, tail)),
        }
    }

    #[test]
    fn examples() {
        let check = |pattern, name, expect| assert_eq!(Pattern::new(pattern).matches(name), expect);
        check("vllm:*", "vllm:num_requests_running", true);
        check("vllm:*", "process_cpu_seconds", false);
        check("*_seconds", "process_cpu_seconds", true);
        check("http_?xx", "http_2xx", true);
        check("", "", true);
        check("*", "", true);
        check("a", "", false);
    }

    proptest! {
        #[test]
        fn agrees_with_the_recursive_definition(pattern in "[ab*?]{0,8}", name in "[ab]{0,8}") {
            let chars = |text: &str| text.chars().collect::<Vec<_>>();
            prop_assert_eq!(
                Pattern::new(&pattern).matches(&name),
                naive(&chars(&pattern), &chars(&name))
            );
        }
    }
}
