//! Colours, where they are wanted.

use console::Style;

/// Styles text, or leaves it alone.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Paint {
    /// True if colours are wanted.
    pub(crate) color: bool,
}

impl Paint {
    fn with(self, style: Style, text: &str) -> String {
        // The host has decided about colours: this process's own look at its stdout is no guide.
        if self.color {
            style.force_styling(true).apply_to(text).to_string()
        } else {
            text.into()
        }
    }

    pub(crate) fn title(self, text: &str) -> String {
        self.with(Style::new().bold().cyan(), text)
    }

    pub(crate) fn bold(self, text: &str) -> String {
        self.with(Style::new().bold(), text)
    }

    pub(crate) fn dim(self, text: &str) -> String {
        self.with(Style::new().dim(), text)
    }

    pub(crate) fn good(self, text: &str) -> String {
        self.with(Style::new().green(), text)
    }

    pub(crate) fn bad(self, text: &str) -> String {
        self.with(Style::new().red(), text)
    }

    pub(crate) fn warn(self, text: &str) -> String {
        self.with(Style::new().yellow().bold(), text)
    }
}
