//! The name of a new plugin, in its four spellings.

use aiperf_plugin_sdk::PluginKind;

/// Names that cannot be a crate beside the SDK, or that hide something which the code needs.
const TAKEN: &[&str] = &[
    "abstract",
    "aiperf_plugin_sdk",
    "alloc",
    "as",
    "async",
    "await",
    "become",
    "box",
    "break",
    "const",
    "continue",
    "core",
    "crate",
    "do",
    "dyn",
    "else",
    "enum",
    "extern",
    "false",
    "final",
    "fn",
    "for",
    "gen",
    "if",
    "impl",
    "in",
    "let",
    "loop",
    "macro",
    "match",
    "mod",
    "move",
    "mut",
    "override",
    "poll",
    "priv",
    "proc_macro",
    "pub",
    "ref",
    "report",
    "return",
    "schemars",
    "self",
    "serde",
    "static",
    "std",
    "stream",
    "struct",
    "super",
    "targets",
    "test",
    "trait",
    "true",
    "try",
    "type",
    "typeof",
    "unsafe",
    "unsized",
    "use",
    "virtual",
    "where",
    "while",
    "yield",
];

/// The name of a new plugin.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Name {
    /// As it was given: the package and its folder.
    pub(super) package: String,
    /// With `_`: the plugin's id, and the crate in Rust code.
    pub(super) id: String,
    /// With `-`, for content types.
    pub(super) dashed: String,
    /// The plugin's type, such as `AcmeCollector`.
    pub(super) rust_type: String,
}

impl Name {
    /// Checks `name`.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn new(name: &str, kind: PluginKind) -> Result<Self, String> {
        let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '-';
        let starts = name.starts_with(|c: char| c.is_ascii_lowercase());
        if !starts || !name.chars().all(fits) {
            return Err(format!(
                "`{name}` is no name for a plugin: it begins with a letter and has lower-case \
                 letters, digits, `_` and `-`, such as `acme_gpu`"
            ));
        }
        let id = name.replace('-', "_");
        if TAKEN.contains(&id.as_str()) {
            return Err(format!(
                "`{name}` means something else in Rust or in the SDK; choose another name, such \
                 as `my_{id}`"
            ));
        }
        Ok(Self {
            package: name.to_owned(),
            dashed: name.replace('_', "-"),
            rust_type: capitalized(&id) + &capitalized(kind.as_str()),
            id,
        })
    }
}

/// `acme_gpu` as `AcmeGpu`.
fn capitalized(snake: &str) -> String {
    let words = snake.split('_').filter_map(|word| {
        let mut letters = word.chars();
        let first = letters.next()?.to_ascii_uppercase();
        Some(std::iter::once(first).chain(letters))
    });
    words.flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_name_has_four_spellings() {
        let name = Name::new("acme-gpu_2", PluginKind::Collector).unwrap();
        assert_eq!(
            [&name.package, &name.id, &name.dashed, &name.rust_type],
            [
                "acme-gpu_2",
                "acme_gpu_2",
                "acme-gpu-2",
                "AcmeGpu2Collector"
            ]
        );
    }

    #[test]
    fn what_cargo_or_rust_would_refuse_is_refused_here() {
        for name in [
            "", "9lives", "Acme", "a b", "../x", "é", "-x", "loop", "serde", "poll",
        ] {
            Name::new(name, PluginKind::Collector).expect_err(name);
        }
    }
}
