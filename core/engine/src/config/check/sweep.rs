//! The values that settings take in a sweep, each as if it stood where the setting does.

use super::Checker;
use crate::config::error::Problem;
use crate::config::node::{Node, Value};

impl Checker<'_> {
    /// Checks all values of `[sweep.vary]` but the first ones, which stand in the settings themselves.
    /// `root` is all settings, not checked yet.
    pub(crate) fn check_sweep(&mut self, root: &Node) {
        let vary = root.get(&["sweep", "vary"]).and_then(Node::as_table);
        for (path, entry) in vary.into_iter().flatten() {
            let path: Vec<&str> = path.split('.').collect();
            let Value::List(values) = &entry.node.value else {
                continue;
            };
            for value in values.iter().skip(1) {
                let mut settings = Node::table(None);
                let Some(table) = path.first().filter(|name| **name != "sweep") else {
                    continue;
                };
                if let Some(others) = root.get(&[table]) {
                    settings.set(&[table], others.clone());
                }
                settings.set_named(&path, entry.key.as_ref(), value.clone());
                self.check_further(&mut settings);
            }
        }
    }

    /// Records what is wrong with `settings`, and was not wrong before.
    fn check_further(&mut self, settings: &mut Node) {
        let known = self.problems.len();
        self.check(settings, "");
        for problem in self.problems.split_off(known) {
            let is_it = |other: &Problem| {
                other.message == problem.message && other.origin == problem.origin
            };
            if !self.problems.iter().any(is_it) {
                self.problems.push(problem);
            }
        }
    }
}
