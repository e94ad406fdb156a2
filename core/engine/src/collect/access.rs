//! What a target's requests need beside its URL.

use aiperf_plugin_sdk::{ErrorKind, PluginError, Target, TlsSettings};
use http::header::HeaderMap;

use super::fetch::header_map;
use crate::config::CollectorPlan;
use crate::http::{Proxies, Tls};

/// Headers, TLS, proxies and redirects of one target.
#[derive(Debug, Clone)]
pub(super) struct Access {
    pub(super) headers: HeaderMap,
    pub(super) tls: Tls,
    pub(super) proxies: Proxies,
    pub(super) follow_redirects: bool,
}

impl Access {
    /// What `target` asks for, over what its collector has.
    ///
    /// # Errors
    /// If a header cannot be sent, or a file of certificates cannot be used.
    pub(super) fn of(target: &Target, spec: &CollectorPlan) -> Result<Self, PluginError> {
        let pairs = target
            .headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()));
        let accept = ("accept", target.accept.as_str());
        let headers = header_map(pairs.chain(Some(accept).filter(|(_, value)| !value.is_empty())))?;
        let tls = own_tls(&target.tls, &spec.tls).map_err(|why| {
            PluginError::new(ErrorKind::Config, format!("`{}`: {why}", target.url))
        })?;
        Ok(Self {
            headers,
            tls,
            proxies: spec.proxies.clone(),
            follow_redirects: spec.follow_redirects,
        })
    }
}

/// Without settings of its own a target shares what its collector has read.
fn own_tls(settings: &TlsSettings, base: &Tls) -> Result<Tls, String> {
    if *settings == TlsSettings::default() {
        return Ok(base.clone());
    }
    let tls = Tls::new(base.options().with(settings));
    tls.check()?;
    Ok(tls)
}
