//! Whether the plugins that settings name are there.

use aiperf_plugin_sdk::PluginKind;

use super::Resolver;
use crate::config::catalog::table_of;
use crate::config::error::Problem;
use crate::config::node::Node;
use crate::config::settings::Installed;
use crate::config::source::Origin;
use crate::config::suggest::{alternatives, nearest};

impl Resolver<'_> {
    /// The id of an instance's plugin, if it is installed.
    pub(super) fn plugin_id(
        &mut self,
        kind: PluginKind,
        name: &str,
        chosen: Option<&str>,
    ) -> Option<String> {
        let id = chosen.unwrap_or(name);
        let installed = self.context.catalog.ids(kind);
        if installed.iter().any(|known| known == id) {
            return Some(id.to_owned());
        }
        let table = self.root.get(&[table_of(kind)]).and_then(Node::as_table);
        let entry = table.and_then(|table| table.get(name));
        let origin = self
            .origin(&[table_of(kind), name, "use"])
            .or_else(|| entry.and_then(|entry| entry.key.clone()));
        let known = || installed.iter().map(String::as_str);
        let subject = format!("{} plugin `{id}`", kind.as_str());
        if !self.can_miss(&subject, origin.as_ref(), nearest(id, known())) {
            return None;
        }
        let help = match nearest(id, known()) {
            Some(meant) => format!("did you mean `{meant}`? Installed: {}", listed(known())),
            None if chosen.is_none() => {
                format!("name its plugin with `use`. Installed: {}", listed(known()))
            }
            None => format!("installed: {}", listed(known())),
        };
        let message = format!("there is no {} plugin `{id}`", kind.as_str());
        let is_recorded = |origin: &Origin| Some(origin.source) == self.recorded;
        self.problems.push(if origin.as_ref().is_some_and(is_recorded) {
            let help = "it is left out; `--config` with the file that names its library brings it back";
            Problem::warning(message, origin.as_ref()).help(help)
        } else {
            Problem::error(message, origin.as_ref()).help(help)
        });
        None
    }

    /// Whether what is not installed can be called missing: if not all libraries are loaded, it may be
    /// in one of them.
    fn can_miss(&mut self, what: &str, origin: Option<&Origin>, meant: Option<&str>) -> bool {
        let is_worth_a_word = match self.installed {
            Installed::All => return true,
            Installed::Unknown => true,
            // That a library is broken is told already.
            Installed::Broken => meant.is_some(),
        };
        if is_worth_a_word {
            let message = format!("{what} is not looked for: plugin libraries are not loaded");
            let mut problem = Problem::warning(message, origin);
            problem.help = meant.map(|meant| format!("or do you mean `{meant}`?"));
            self.problems.push(problem);
        }
        false
    }

    pub(super) fn check_parser(&mut self, collector: &str, parser: Option<&str>) {
        let Some(parser) = parser else { return };
        let mut known = self.context.catalog.ids(PluginKind::Parser);
        known.extend(self.config.parsers.keys().cloned());
        if known.iter().any(|name| name == parser) {
            return;
        }
        let names = || known.iter().map(String::as_str);
        let origin = self.origin(&["collectors", collector, "parser"]);
        let subject = format!("parser `{parser}`");
        if !self.can_miss(&subject, origin.as_ref(), nearest(parser, names())) {
            return;
        }
        let what = format!("names no parser: `{parser}`");
        let help = match nearest(parser, names()) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => format!("known: {}", alternatives(names())),
        };
        self.wrong(&["collectors", collector, "parser"], &what, Some(help));
    }
}

fn listed<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<String> = names.map(|name| format!("`{name}`")).collect();
    if names.is_empty() {
        "none".to_owned()
    } else {
        names.join(", ")
    }
}
