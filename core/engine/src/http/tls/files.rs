//! Certificates and keys in files.

use std::path::Path;

use rustls::RootCertStore;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::super::error::root_text;

/// The system's authorities, and those of `file`.
///
/// # Errors
/// One line, if there are none or the file cannot be used.
pub(super) fn roots(file: Option<&Path>) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if let Some(file) = file {
        roots.roots.extend(authorities(file)?.roots);
    }
    if roots.is_empty() {
        return Err("this system has no root certificates; name them with `--ca-file`".to_owned());
    }
    Ok(roots)
}

/// The authorities of a file.
///
/// # Errors
/// One line, if it cannot be read or holds no usable certificate.
pub(super) fn authorities(file: &Path) -> Result<RootCertStore, String> {
    let wrong = |why: String| format!("cannot use the CA file `{}`: {why}", file.display());
    let mut roots = RootCertStore::empty();
    for certificate in certificates(file).map_err(wrong)? {
        roots
            .add(certificate)
            .map_err(|error| wrong(root_text(&error)))?;
    }
    Ok(roots)
}

/// Our certificate with those that signed it, and its key.
///
/// # Errors
/// One line, if a file cannot be read or lacks what is looked for in it.
pub(super) fn identity(
    cert_file: &Path,
    key_file: &Path,
) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), String> {
    let chain = certificates(cert_file).map_err(|why| {
        let file = cert_file.display();
        format!("cannot use the client certificate `{file}`: {why}")
    })?;
    let key = private_key(key_file).map_err(|why| {
        let file = key_file.display();
        format!("cannot use the private key `{file}`: {why}")
    })?;
    Ok((chain, key))
}

fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let pem = read(file)?;
    let found: Vec<_> = CertificateDer::pem_slice_iter(&pem)
        .collect::<Result<_, _>>()
        .map_err(|error| root_text(&error))?;
    if found.is_empty() {
        return Err("it holds no certificate in PEM form".to_owned());
    }
    Ok(found)
}

fn private_key(file: &Path) -> Result<PrivateKeyDer<'static>, String> {
    let pem = read(file)?;
    if memchr::memmem::find(&pem, b"-----BEGIN ENCRYPTED PRIVATE KEY-----").is_some()
        || memchr::memmem::find(&pem, b"Proc-Type: 4,ENCRYPTED").is_some()
    {
        let advice = "the key is encrypted; decrypt it with `openssl pkey`";
        return Err(advice.to_owned());
    }
    PrivateKeyDer::from_pem_slice(&pem).map_err(|error| match error {
        pem::Error::NoItemsFound => "it holds no private key in PEM form".to_owned(),
        other => root_text(&other),
    })
}

fn read(file: &Path) -> Result<Vec<u8>, String> {
    crate::read::bytes(file).map_err(|error| error.to_string())
}
