//! What users say about TLS.

use std::path::PathBuf;

use aiperf_plugin_sdk::TlsSettings;

/// Whom TLS connections trust, and who we are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TlsOptions {
    /// File with certificates (PEM) of authorities that are trusted beside the system's.
    pub ca_file: Option<PathBuf>,
    /// File with our certificate (PEM) and those that signed it.
    pub cert_file: Option<PathBuf>,
    /// File with our key (PEM); `None`: it is in `cert_file`.
    pub key_file: Option<PathBuf>,
    /// Name to ask for and to expect, in place of the URL's host.
    pub server_name: Option<String>,
    /// The one host that `server_name` is about; `None`: any.
    pub named_host: Option<String>,
    /// Trust everybody: no check of the certificate's authority, name or dates.
    pub insecure: bool,
}

impl TlsOptions {
    /// These options where `settings` say nothing else. A certificate and its key are one.
    #[must_use]
    pub fn with(&self, settings: &TlsSettings) -> Self {
        let mut options = self.clone();
        let path = |text: &Option<String>| text.as_ref().map(PathBuf::from);
        if settings.ca_file.is_some() {
            options.ca_file = path(&settings.ca_file);
        }
        if settings.cert_file.is_some() {
            options.cert_file = path(&settings.cert_file);
            options.key_file = path(&settings.key_file);
        }
        if settings.server_name.is_some() {
            options.server_name.clone_from(&settings.server_name);
            options.named_host = None;
        }
        options.insecure = settings.insecure.unwrap_or(options.insecure);
        options
    }

    /// The name to ask `host` for, if it has another one.
    pub(super) fn server_name_of(&self, host: &str) -> Option<&str> {
        let meant = self.named_host.as_ref().is_none_or(|named| named == host);
        self.server_name.as_deref().filter(|_| meant)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base() -> TlsOptions {
        TlsOptions {
            ca_file: Some("ca.pem".into()),
            cert_file: Some("me.pem".into()),
            key_file: Some("me.key".into()),
            server_name: Some("inference".into()),
            named_host: Some("10.0.0.1".into()),
            insecure: true,
        }
    }

    #[test]
    fn what_is_not_said_stays() {
        assert_eq!(base().with(&TlsSettings::default()), base());
        let more = TlsSettings {
            ca_file: Some("other.pem".into()),
            insecure: Some(false),
            ..TlsSettings::default()
        };
        let expect = TlsOptions {
            ca_file: Some("other.pem".into()),
            insecure: false,
            ..base()
        };
        assert_eq!(base().with(&more), expect);
    }

    #[test]
    fn another_certificate_does_not_keep_the_key() {
        let other = TlsSettings {
            cert_file: Some("both.pem".into()),
            ..TlsSettings::default()
        };
        let options = base().with(&other);
        assert_eq!(options.cert_file, Some("both.pem".into()));
        assert_eq!(options.key_file, None);
    }

    #[test]
    fn a_name_is_for_the_host_that_it_was_given_for() {
        let options = base();
        assert_eq!(options.server_name_of("10.0.0.1"), Some("inference"));
        assert_eq!(options.server_name_of("10.0.0.2"), None);
        let named = TlsSettings {
            server_name: Some("metrics".into()),
            ..TlsSettings::default()
        };
        let options = options.with(&named);
        assert_eq!(options.server_name_of("10.0.0.2"), Some("metrics"));
    }
}
