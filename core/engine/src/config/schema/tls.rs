//! `[tls]`.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Whom `https` connections trust, to the inference server and to metrics endpoints alike.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TlsConfig {
    /// File with the certificates (PEM) of private authorities, trusted beside the system's. The
    /// variables `SSL_CERT_FILE` and `SSL_CERT_DIR` replace the system's.
    #[schemars(with = "Option<String>", length(min = 1))]
    pub ca_file: Option<PathBuf>,
    /// Accept any certificate: its authority, name and dates are not checked.
    pub insecure: bool,
}
