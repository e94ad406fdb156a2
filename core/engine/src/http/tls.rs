//! TLS set-up: the system's root certificates, the ring provider, HTTP/1.1 only.

use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};

use super::error::{ErrorClass, HttpError, root_text};

/// What a TLS client trusts beside the system's root certificates.
#[derive(Clone, Debug, Default)]
pub struct TlsOptions {
    /// Further root certificates in PEM form, for servers with a private authority.
    pub extra_roots_pem: Vec<u8>,
}

/// Builds the TLS configuration that all connections of a run share.
///
/// Loads the system's certificates (a few milliseconds): make it once and only for `https`.
///
/// # Errors
/// [`ErrorClass::Tls`], naming `url`, if there is no root certificate at all or an extra one cannot
/// be read.
pub fn client_config(url: &str, options: &TlsOptions) -> Result<Arc<ClientConfig>, HttpError> {
    let fail = |detail: String| HttpError::new(ErrorClass::Tls, url, detail);
    let mut roots = RootCertStore::empty();
    let native = rustls_native_certs::load_native_certs();
    roots.add_parsable_certificates(native.certs);
    for certificate in CertificateDer::pem_slice_iter(&options.extra_roots_pem) {
        let certificate = certificate.map_err(|error| fail(root_text(&error)))?;
        roots
            .add(certificate)
            .map_err(|error| fail(root_text(&error)))?;
    }
    if roots.is_empty() {
        return Err(fail("this system has no root certificates".to_owned()));
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| fail(root_text(&error)))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}
