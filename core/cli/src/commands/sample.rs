//! Options of a plugin as they stand in a file of settings.

use aiperf_plugin_sdk::{Descriptor, PluginKind};

/// The table of the plugin's options, line by line.
pub(super) fn sample(plugin: &Descriptor) -> Vec<String> {
    let table = match plugin.kind {
        PluginKind::Collector => "collectors",
        PluginKind::Parser => "parsers",
        PluginKind::Exporter => "exporters",
    };
    let place = format!("{table}.{}.options", plugin.id);
    let sample = plugin.sample.trim_end().lines();
    let lines = sample.map(|line| placed(line.trim_end(), &place));
    std::iter::once(format!("[{place}]")).chain(lines).collect()
}

/// A line of a sample as it reads below `place`: its tables are in that table.
fn placed(line: &str, place: &str) -> String {
    for open in ["[[", "["] {
        if let Some(header) = line.strip_prefix(open) {
            return format!("{open}{place}.{header}");
        }
    }
    line.to_owned()
}

#[cfg(test)]
mod tests {
    use super::placed;

    #[test]
    fn tables_of_a_sample_move_with_it() {
        assert_eq!(
            placed("[auth]", "collectors.a.options"),
            "[collectors.a.options.auth]"
        );
        assert_eq!(placed("[[urls]]", "x"), "[[x.urls]]");
        assert_eq!(placed("urls = []", "x"), "urls = []");
    }
}
