//! How a target's TLS differs from the run's.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// TLS of some connections, where it differs from what the run says for all. Plugins take it as an
/// option and hand it on in [`Target::tls`](crate::Target::tls); the host reads the files.
///
/// Files are relative to the folder that the program was started in. Fields may be added.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(deny_unknown_fields)]
pub struct TlsSettings {
    /// File with the certificates (PEM) of private authorities, trusted beside the system's.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub ca_file: Option<String>,
    /// File with the client certificate (PEM) and those that signed it, for servers that ask for
    /// one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub cert_file: Option<String>,
    /// File with the private key (PEM) of `cert_file`. Default: it is in `cert_file`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub key_file: Option<String>,
    /// Name to ask for (SNI) and to expect in the certificate, if it is not the host of the URL.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub server_name: Option<String>,
    /// Accept any certificate: its authority, name and dates are not checked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub insecure: Option<bool>,
}
