//! `[tls]`.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Whom `https` connections trust and who they say we are, to the inference server and to metrics
/// endpoints alike. `[server_metrics.tls]` and `[collectors.NAME.tls]` have the same keys, for what is
/// different there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TlsConfig {
    /// File with the certificates (PEM) of private authorities, trusted beside the system's. The
    /// variables `SSL_CERT_FILE` and `SSL_CERT_DIR` replace the system's.
    #[schemars(with = "Option<String>", length(min = 1))]
    pub ca_file: Option<PathBuf>,
    /// File with the client certificate (PEM) and those that signed it, for servers that ask for one
    /// (mTLS).
    #[schemars(with = "Option<String>", length(min = 1))]
    pub cert_file: Option<PathBuf>,
    /// File with the private key (PEM, not encrypted) of `cert_file`. Default: it is in `cert_file`.
    #[schemars(with = "Option<String>", length(min = 1))]
    pub key_file: Option<PathBuf>,
    /// Name to ask for (SNI) and to expect in the certificate, if it is not the host of the URL. For
    /// the host of `endpoint.url` only.
    #[schemars(length(min = 1))]
    pub server_name: Option<String>,
    /// Accept any certificate: its authority, name and dates are not checked. Whoever answers gets the
    /// credentials, and the report warns.
    pub insecure: bool,
}
