//! TLS set-up: whom to trust and who we are, the ring provider, which versions of HTTP are
//! offered.

mod failure;
mod files;
mod options;
mod unverified;

use std::fmt;
use std::sync::{Arc, OnceLock};

use rustls::ClientConfig;
use rustls::pki_types::ServerName;

use self::files::{authorities, identity, roots};
use self::unverified::Unverified;
use super::error::{ErrorClass, HttpError, root_text};
use super::origin::Origin;
use super::version::HttpVersion;

pub(super) use failure::{handshake_error, session_error};
pub use options::TlsOptions;

/// The TLS configuration that connections share. Clones share it too.
///
/// Nothing is read before the first `https` connection needs it: the system's certificates take a
/// few milliseconds.
#[derive(Clone, Default)]
pub struct Tls {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    options: TlsOptions,
    config: OnceLock<Result<Arc<ClientConfig>, String>>,
}

/// What one server's connections need.
#[derive(Clone, Debug)]
pub struct TlsSession {
    pub(super) config: Arc<ClientConfig>,
    /// Sent as SNI if it is a host name, and expected in the certificate.
    pub(super) name: ServerName<'static>,
}

impl TlsSession {
    /// The same, offering these versions of HTTP.
    pub(super) fn offering(self, version: HttpVersion) -> Self {
        let protocols = version.protocols();
        if self.config.alpn_protocols == protocols {
            return self;
        }
        let mut config = ClientConfig::clone(&self.config);
        config.alpn_protocols = protocols;
        let config = Arc::new(config);
        Self { config, ..self }
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.shared.options.fmt(f)
    }
}

/// By options; what has been read so far does not matter.
impl PartialEq for Tls {
    fn eq(&self, other: &Self) -> bool {
        self.options() == other.options()
    }
}

impl Tls {
    /// TLS with these options; reads nothing yet.
    pub fn new(options: TlsOptions) -> Self {
        let shared = Shared {
            options,
            config: OnceLock::new(),
        };
        Self {
            shared: Arc::new(shared),
        }
    }

    /// What it was made of.
    pub fn options(&self) -> &TlsOptions {
        &self.shared.options
    }

    /// Reads the files that the options name, and checks that they fit together.
    ///
    /// # Errors
    /// One line, if one cannot be read or used, or the name is none.
    pub fn check(&self) -> Result<(), String> {
        let options = self.options();
        if let Some(name) = &options.server_name {
            server_name(name)?;
        }
        if let Some(file) = &options.ca_file {
            authorities(file)?;
        }
        if options.cert_file.is_some() {
            // Whether key and certificate belong together shows in a configuration only.
            self.loaded()?;
        }
        Ok(())
    }

    /// What connections to `origin` need.
    ///
    /// # Errors
    /// [`ErrorClass::Tls`] if there is no authority to trust, a file cannot be used, or the server's
    /// name is none.
    pub fn session(&self, origin: &Origin) -> Result<TlsSession, HttpError> {
        let failed = |detail| HttpError::new(ErrorClass::Tls, origin.to_string(), detail);
        let host = origin.host();
        let name = self.options().server_name_of(host).unwrap_or(host);
        Ok(TlsSession {
            config: self.loaded().map_err(failed)?,
            name: server_name(name).map_err(failed)?,
        })
    }

    fn loaded(&self) -> Result<Arc<ClientConfig>, String> {
        let config = self.shared.config.get_or_init(|| load(self.options()));
        config.clone()
    }
}

fn server_name(text: &str) -> Result<ServerName<'static>, String> {
    ServerName::try_from(text.to_owned())
        .map_err(|_| format!("`{text}` is no server name: give a host name or an address"))
}

fn load(options: &TlsOptions) -> Result<Arc<ClientConfig>, String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| root_text(&error))?;
    let builder = if options.insecure {
        builder
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Unverified::new(provider)))
    } else {
        builder.with_root_certificates(roots(options.ca_file.as_deref())?)
    };
    let mut config = match &options.cert_file {
        Some(cert_file) => {
            let key_file = options.key_file.as_ref().unwrap_or(cert_file);
            let (chain, key) = identity(cert_file, key_file)?;
            builder.with_client_auth_cert(chain, key).map_err(|error| {
                format!(
                    "cannot use the client certificate `{}` with the key of `{}`: {}",
                    cert_file.display(),
                    key_file.display(),
                    root_text(&error)
                )
            })?
        }
        None => builder.with_no_client_auth(),
    };
    config.alpn_protocols = HttpVersion::Http1.protocols();
    Ok(Arc::new(config))
}
