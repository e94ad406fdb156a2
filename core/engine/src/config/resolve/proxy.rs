//! `[proxy]`.

use super::Resolver;
use crate::http::{Origin as Server, Proxies, Proxy, ProxyOptions};

impl Resolver<'_> {
    /// What requests go through.
    pub(super) fn proxies(&mut self) -> Proxies {
        let proxy = &self.config.proxy;
        let (exclude, loopback) = (proxy.exclude.clone(), proxy.loopback);
        Proxies::new(ProxyOptions {
            http: self.proxy("http", proxy.http.as_deref()),
            https: self.proxy("https", proxy.https.as_deref()),
            exclude,
            loopback,
        })
    }

    fn proxy(&mut self, key: &str, url: Option<&str>) -> Option<Proxy> {
        let Some(url) = url else {
            return self.system_proxies.get(key).cloned();
        };
        match Proxies::parse(url) {
            Ok(proxy) => Some(Proxy::At(proxy)),
            Err(why) => {
                // An unusable URL has been recorded by the schema's check.
                if Server::parse(url).is_ok() {
                    let help = "name a proxy of that kind, or none".to_owned();
                    self.wrong(
                        &["proxy", key],
                        &format!("cannot be used: {why}"),
                        Some(help),
                    );
                }
                None
            }
        }
    }
}
