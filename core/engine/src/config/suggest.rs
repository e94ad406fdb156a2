//! What a mistyped name was probably meant to be.

/// The candidate nearest to `name`, if one is near enough to be meant.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wanted = normal_form(name);
    let limit = (wanted.chars().count() / 3).max(1);
    candidates
        .into_iter()
        .map(|candidate| {
            (
                strsim::damerau_levenshtein(&wanted, &normal_form(candidate)),
                candidate,
            )
        })
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Case and hyphens are the usual mistakes, so they count for nothing.
fn normal_form(name: &str) -> String {
    name.to_lowercase().replace('-', "_")
}

/// `a`, `b` or `c`, each in backticks.
pub(crate) fn alternatives<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let quoted: Vec<String> = names.into_iter().map(|name| format!("`{name}`")).collect();
    match quoted.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        Some((only, _)) => only.clone(),
        None => "nothing".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names_are_found_and_far_ones_are_not() {
        let known = ["concurrency", "request_count", "isl"];
        assert_eq!(nearest("concurency", known), Some("concurrency"));
        assert_eq!(nearest("Request-Count", known), Some("request_count"));
        assert_eq!(nearest("temperature", known), None);
        assert_eq!(nearest("osl", known), Some("isl"));
    }

    #[test]
    fn alternatives_read_like_a_sentence() {
        assert_eq!(alternatives(["a", "b", "c"]), "`a`, `b` or `c`");
        assert_eq!(alternatives(["a"]), "`a`");
    }
}
