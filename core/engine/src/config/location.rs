//! Where a setting was written.

use std::fmt;
use std::sync::Arc;

use super::error::{Diagnostics, Problem};
use super::source::{Origin, SourceKind, Sources};

/// Where a setting was written. `Display` is `file:line:column`, a flag, a variable, or `default`.
#[derive(Clone, Debug)]
pub struct Location {
    pub(super) sources: Arc<Sources>,
    pub(super) origin: Option<Origin>,
}

impl Location {
    /// An error at this place. `message` is a lower-case fragment without a final period.
    pub fn error(&self, message: impl Into<String>, help: Option<&str>) -> Diagnostics {
        let message = message.into();
        let message = self.sources.secrets.scrub(&message);
        let mut problem = Problem::error(message, self.origin.as_ref());
        problem.help = help.map(str::to_owned);
        Diagnostics::new(Arc::clone(&self.sources), vec![problem])
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = self
            .origin
            .as_ref()
            .and_then(|origin| Some((origin, self.sources.at(origin)?)));
        let Some((origin, source)) = place else {
            return f.write_str("default");
        };
        if source.kind != SourceKind::File {
            return f.write_str(&source.name);
        }
        let before = source.text.get(..origin.span.start).unwrap_or_default();
        let line = source.line(origin);
        let column = before
            .rsplit('\n')
            .next()
            .unwrap_or_default()
            .chars()
            .count()
            + 1;
        write!(f, "{}:{line}:{column}", source.name)
    }
}
