//! Turns options into targets.

use std::collections::HashSet;

use aiperf_plugin_sdk::{PluginError, Target};
use url::Url;

use crate::config::Config;

/// Text, as exporters serve it.
const ACCEPT: &str = "text/plain;version=0.0.4,*/*;q=0.1";

/// The targets: what the user named, then what is looked for. All that is wrong with the options.
pub(crate) fn targets(config: &Config) -> Result<Vec<Target>, Vec<PluginError>> {
    let mut errors = wrong_headers(config);
    let mut named = Vec::new();
    for (index, url) in config.urls.iter().enumerate() {
        match target(url) {
            Ok(mut target) => {
                target.headers = headers(config);
                named.push(target);
            }
            Err(error) => errors.push(PluginError::config(format!("urls[{index}]"), error)),
        }
    }
    for (index, url) in config.default_endpoints.iter().enumerate() {
        match target(url) {
            // Nobody meant the collector's credentials for whatever listens there.
            Ok(mut target) if config.auto => {
                target.automatic = true;
                named.push(target);
            }
            Ok(_) => {}
            Err(error) => {
                let path = format!("default_endpoints[{index}]");
                errors.push(PluginError::config(path, error));
            }
        }
    }
    let mut known = HashSet::new();
    named.retain(|target| known.insert(target.id.clone()));
    if errors.is_empty() {
        Ok(named)
    } else {
        Err(errors)
    }
}

/// A target without headers. The error must not repeat the URL: it may hold a password.
fn target(text: &str) -> Result<Target, String> {
    let text = text.trim();
    let whole = if text.starts_with("http://") || text.starts_with("https://") {
        text.to_owned()
    } else {
        format!("http://{text}")
    };
    let mut url = Url::parse(&whole).map_err(|error| format!("is no URL: {error}"))?;
    if url.username() != "" || url.password().is_some() {
        return Err(
            "holds user or password: write them as `headers.Authorization` instead".to_owned(),
        );
    }
    if url.host_str().is_none_or(str::is_empty) {
        return Err("names no host".to_owned());
    }
    url.set_fragment(None);
    if matches!(url.path(), "" | "/") {
        url.set_path("/metrics");
    }
    // `localhost` and 127.0.0.1 are one endpoint.
    let mut id = url.clone();
    if id.host_str() == Some("localhost") {
        // An address is a host wherever a name is.
        let _renamed = id.set_host(Some("127.0.0.1"));
    }
    Ok(Target::new(id, url).accept(ACCEPT))
}

fn headers(config: &Config) -> Vec<(String, String)> {
    let mut headers = Vec::new();
    if let Some(token) = &config.bearer_token {
        headers.push(("authorization".to_owned(), format!("Bearer {token}")));
    }
    for (name, value) in &config.headers {
        headers.retain(|(known, _): &(String, String)| !known.eq_ignore_ascii_case(name));
        headers.push((name.to_ascii_lowercase(), value.clone()));
    }
    headers
}

fn wrong_headers(config: &Config) -> Vec<PluginError> {
    let mut errors = Vec::new();
    let token = config.bearer_token.as_deref();
    if token.is_some_and(|token| token.is_empty() || !is_header_value(token)) {
        let error = "is empty or has a control character";
        errors.push(PluginError::config("bearer_token", error));
    }
    for (name, value) in &config.headers {
        let path = format!("headers.{name}");
        if name.is_empty() || !name.bytes().all(is_token) {
            errors.push(PluginError::config(path, "is no name of a header"));
        } else if !is_header_value(value) {
            let error = "has a line break or another control character in its value";
            errors.push(PluginError::config(path, error));
        }
    }
    errors
}

/// Characters of a header's name (RFC 9110, 5.6.2).
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

fn is_header_value(value: &str) -> bool {
    value.chars().all(|c| c == '\t' || !c.is_control())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_endpoint_is_said_without_repeating_it() {
        for (text, part) in [
            ("", "is no URL"),
            ("http://", "is no URL"),
            ("h:99999", "invalid port"),
            ("me:hunter2@h:9400", "holds user or password"),
        ] {
            let error = target(text).unwrap_err();
            assert!(error.contains(part), "{text}: {error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn urls_are_completed() {
        for (text, url) in [
            ("gpu-1:9400", "http://gpu-1:9400/metrics"),
            (" https://gpu-1/ ", "https://gpu-1/metrics"),
            (
                "gpu-1/dcgm/metrics?gpu=0#x",
                "http://gpu-1/dcgm/metrics?gpu=0",
            ),
        ] {
            assert_eq!(target(text).unwrap().url, url);
        }
    }
}
