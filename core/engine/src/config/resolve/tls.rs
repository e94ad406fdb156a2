//! `[tls]`, and what collectors say of it.

use aiperf_plugin_sdk::TlsSettings;

use super::Resolver;
use crate::config::schema::CollectorConfig;
use crate::http::{Origin as Server, Tls, TlsOptions};

/// Help for a key without a certificate.
const NO_CERTIFICATE: &str = "give `cert_file`, the certificate that belongs to it";

impl Resolver<'_> {
    /// TLS to the inference server.
    pub(super) fn tls(&mut self) -> Tls {
        let tls = &self.config.tls;
        if tls.key_file.is_some() && tls.cert_file.is_none() {
            let help = NO_CERTIFICATE.to_owned();
            self.wrong(&["tls", "key_file"], "needs a certificate", Some(help));
        }
        let metrics = &self.config.server_metrics.tls;
        self.check_identity(&["server_metrics", "tls", "key_file"], metrics);
        // An unusable URL has been recorded by the schema's check.
        let server = Server::parse(&self.config.endpoint.url).ok();
        Tls::new(TlsOptions {
            ca_file: tls.ca_file.clone(),
            cert_file: tls.cert_file.clone(),
            key_file: tls.key_file.clone(),
            server_name: tls.server_name.clone(),
            named_host: server.map(|server| server.host().to_owned()),
            insecure: tls.insecure,
        })
    }

    /// TLS to what the collector reads, which has its files in common with `base` as far as possible.
    pub(super) fn collector_tls(
        &mut self,
        name: &str,
        collector: &CollectorConfig,
        base: &Tls,
    ) -> Tls {
        let metrics = &self.config.server_metrics.tls;
        self.check_identity(&["collectors", name, "tls", "key_file"], &collector.tls);
        let options = base.options().with(metrics).with(&collector.tls);
        if options == *base.options() {
            base.clone()
        } else {
            Tls::new(options)
        }
    }

    fn check_identity(&mut self, path: &[&str], settings: &TlsSettings) {
        if settings.key_file.is_some() && settings.cert_file.is_none() {
            let help = NO_CERTIFICATE.to_owned();
            self.wrong(path, "needs a certificate", Some(help));
        }
    }
}
