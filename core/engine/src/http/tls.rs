//! TLS set-up: whom to trust, the ring provider, HTTP/1.1 only; and what to tell the user when a
//! handshake fails.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{CertificateError, ClientConfig, RootCertStore};

use super::error::{ErrorClass, HttpError, root_text};
use super::unverified::Unverified;

/// Whom TLS connections trust.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TlsOptions {
    /// File with certificates (PEM) of authorities that are trusted beside the system's.
    pub ca_file: Option<PathBuf>,
    /// Trust everybody: no check of the certificate's authority, name or dates.
    pub insecure: bool,
}

/// The TLS configuration that all connections of a run share. Clones share it too.
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

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.shared.options.fmt(f)
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

    /// Reads the file of authorities, if there is one.
    ///
    /// # Errors
    /// One line, if it cannot be read or holds no usable certificate.
    pub fn check(&self) -> Result<(), String> {
        self.shared
            .options
            .ca_file
            .as_deref()
            .map_or(Ok(()), |file| authorities(file).map(drop))
    }

    /// The configuration, for a connection to `url`.
    ///
    /// # Errors
    /// [`ErrorClass::Tls`] if there is no authority to trust, or the file of authorities cannot be
    /// used.
    pub fn config(&self, url: &str) -> Result<Arc<ClientConfig>, HttpError> {
        let config = self
            .shared
            .config
            .get_or_init(|| load(&self.shared.options));
        config
            .clone()
            .map_err(|detail| HttpError::new(ErrorClass::Tls, url, detail))
    }
}

fn load(options: &TlsOptions) -> Result<Arc<ClientConfig>, String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| root_text(&error))?;
    let mut config = if options.insecure {
        builder
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Unverified::new(provider)))
            .with_no_client_auth()
    } else {
        builder
            .with_root_certificates(roots(options)?)
            .with_no_client_auth()
    };
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

fn roots(options: &TlsOptions) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if let Some(file) = &options.ca_file {
        roots.roots.extend(authorities(file)?.roots);
    }
    if roots.is_empty() {
        return Err("this system has no root certificates".to_owned());
    }
    Ok(roots)
}

fn authorities(file: &Path) -> Result<RootCertStore, String> {
    let wrong = |why: String| format!("cannot use the CA file `{}`: {why}", file.display());
    let pem = std::fs::read(file).map_err(|error| wrong(error.to_string()))?;
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        let certificate = certificate.map_err(|error| wrong(root_text(&error)))?;
        roots
            .add(certificate)
            .map_err(|error| wrong(root_text(&error)))?;
    }
    if roots.is_empty() {
        return Err(wrong("it holds no certificate in PEM form".to_owned()));
    }
    Ok(roots)
}

/// A failed handshake, with what to do about it.
pub(super) fn handshake_error(url: &Arc<str>, host: &str, error: &io::Error) -> HttpError {
    let (detail, advice) = match cause(error) {
        Some(rustls::Error::InvalidCertificate(certificate)) => {
            certificate_problem(host, certificate)
        }
        _ if matches!(
            error.kind(),
            // What a port without TLS does.
            io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset
        ) =>
        {
            ("the server ended the handshake".to_owned(), NO_TLS)
        }
        Some(rustls::Error::InvalidMessage(_)) => ("the answer is not TLS".to_owned(), NO_TLS),
        _ => (root_text(error), ErrorClass::Tls.advice()),
    };
    HttpError::new(ErrorClass::Tls, Arc::clone(url), detail).advise(advice)
}

const NO_TLS: &str = "check that this port speaks TLS, or use `http://`";

fn cause(error: &io::Error) -> Option<&rustls::Error> {
    error.get_ref()?.downcast_ref()
}

fn certificate_problem(host: &str, problem: &CertificateError) -> (String, &'static str) {
    match problem {
        CertificateError::UnknownIssuer => (
            "the certificate is signed by an authority that is not trusted here".to_owned(),
            "name the authority's certificate with `--ca-file`, or skip the check with `--insecure`",
        ),
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => (
            "the certificate has expired".to_owned(),
            "renew it on the server, check this machine's clock, or skip the check with `--insecure`",
        ),
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => (
            "the certificate is not valid yet".to_owned(),
            "check the clocks of both machines, or skip the check with `--insecure`",
        ),
        CertificateError::NotValidForName => {
            (format!("the certificate is not for `{host}`"), OTHER_NAME)
        }
        CertificateError::NotValidForNameContext { presented, .. } => (
            format!(
                "the certificate is not for `{host}` but for {}",
                names(presented)
            ),
            OTHER_NAME,
        ),
        other => (
            other.to_string(),
            "check the server's certificate, or skip the check with `--insecure`",
        ),
    }
}

/// The names of a certificate, which come as `DnsName("a.b")`.
fn names(presented: &[String]) -> String {
    let quoted = presented.iter().map(|name| {
        let inner = name.split_once('(').map_or(name.as_str(), |(_, rest)| rest);
        format!("`{}`", inner.trim_matches([')', '"']))
    });
    quoted.collect::<Vec<_>>().join(", ")
}

const OTHER_NAME: &str =
    "use a name of the certificate in the URL, or skip the check with `--insecure`";
