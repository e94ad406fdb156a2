//! `insecure`, said loudly: before the load on the screen, and in the report.

use aiperf_plugin_sdk::LogLevel;
use aiperf_plugin_sdk::report::Warning;

use crate::collect::Collection;
use crate::event::Events;
use crate::http::Scheme;
use crate::load::LoadPlan;

const REMEDY: &str = "name the authority with `--ca-file`, or the name in the certificate with \
                      `--server-name`";

/// The warning that certificates are not checked; `None` if all are, or none is met.
pub(super) fn warning(load: Option<&LoadPlan>, collection: &Collection) -> Option<Warning> {
    let load =
        load.filter(|load| load.origin.scheme() == Scheme::Https && load.tls.options().insecure);
    let server = load.map(|load| load.origin.to_string());
    let urls: Vec<_> = server.into_iter().chain(collection.unverified()).collect();
    if urls.is_empty() {
        return None;
    }
    let message = format!(
        "certificates are not checked (`insecure`): whoever answers as {} is believed, and gets \
         what is sent there",
        listed(&urls)
    );
    Some(Warning {
        code: "tls_unverified".to_owned(),
        message,
        remedy: REMEDY.to_owned(),
        ..Warning::default()
    })
}

/// Says it where everybody sees it.
pub(super) fn tell(warning: Option<&Warning>, events: &Events) {
    if let Some(Warning {
        message, remedy, ..
    }) = warning
    {
        events.log(LogLevel::Warn, "tls", format!("{message}; {remedy}"));
    }
}

fn listed(urls: &[String]) -> String {
    let quoted: Vec<_> = urls.iter().map(|url| format!("`{url}`")).collect();
    quoted.join(", ")
}
