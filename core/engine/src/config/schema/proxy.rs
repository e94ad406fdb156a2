//! `[proxy]`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::UrlText;

/// Proxies between this machine and the servers: the inference server and metrics endpoints alike.
/// `localhost` and the like are reached directly.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ProxyConfig {
    /// Proxy for `http` URLs, such as `"http://user:${PASSWORD}@proxy:3128"`. The variable `HTTP_PROXY`
    /// (or `http_proxy`) stands for it where no file and no flag names one.
    #[schemars(with = "Option<UrlText>")]
    pub http: Option<String>,
    /// Proxy for `https` URLs: asked for a connection (`CONNECT`), in which TLS is spoken with the server
    /// itself. As `HTTPS_PROXY`.
    #[schemars(with = "Option<UrlText>")]
    pub https: Option<String>,
    /// Hosts that are reached directly: `"host"` with its subdomains, `"host:port"`, an address,
    /// `"10.0.0.0/8"`, or `"*"`. As `NO_PROXY`.
    pub exclude: Vec<String>,
    /// Reach `localhost` and the like through the proxies too.
    pub loopback: bool,
}
