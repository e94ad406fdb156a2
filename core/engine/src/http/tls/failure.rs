//! What to tell the user when a handshake fails.

use std::io;
use std::sync::Arc;

use rustls::{AlertDescription, CertificateError, Error};

use super::super::error::{ErrorClass, HttpError, root_text};
use super::super::http2::error::not_agreed;

const NO_TLS: &str = "check that this port speaks TLS, or use `http://`";
const OTHER_NAME: &str = "use a name of the certificate in the URL, give it with `--server-name`, or \
                          skip the check with `--insecure`";
const NO_IDENTITY: &str = "give one with `--cert-file` and `--key-file`";
const OTHER_IDENTITY: &str = "check `--cert-file`, and what the server's authority is";

/// A failed handshake, with what to do about it. `name` is the one that the certificate should have.
pub(in crate::http) fn handshake_error(url: &Arc<str>, name: &str, error: &io::Error) -> HttpError {
    let (detail, advice) = match cause(error) {
        Some(Error::AlertReceived(AlertDescription::NoApplicationProtocol)) => {
            return not_agreed(url);
        }
        Some(Error::InvalidCertificate(certificate)) => certificate_problem(name, certificate),
        Some(Error::AlertReceived(alert)) => alerted(*alert),
        _ if matches!(
            error.kind(),
            // What a port without TLS does.
            io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset
        ) =>
        {
            ("the server ended the handshake".to_owned(), NO_TLS)
        }
        Some(Error::InvalidMessage(_)) => ("the answer is not TLS".to_owned(), NO_TLS),
        _ => (root_text(error), ErrorClass::Tls.advice()),
    };
    HttpError::new(ErrorClass::Tls, Arc::clone(url), detail).advise(advice)
}

/// An error of an established session that TLS raised; `None` if it did not. A server of TLS 1.3
/// looks at our certificate when our side of the handshake is long over.
pub(in crate::http) fn session_error(url: &Arc<str>, error: &io::Error) -> Option<HttpError> {
    let (detail, advice) = match cause(error)? {
        Error::AlertReceived(alert) => alerted(*alert),
        other => (root_text(other), ErrorClass::Tls.advice()),
    };
    Some(HttpError::new(ErrorClass::Tls, Arc::clone(url), detail).advise(advice))
}

fn cause(error: &io::Error) -> Option<&Error> {
    error.get_ref()?.downcast_ref()
}

/// What the server says of us.
fn alerted(alert: AlertDescription) -> (String, &'static str) {
    let (said, advice) = match alert {
        AlertDescription::CertificateRequired => {
            ("the server wants a client certificate", NO_IDENTITY)
        }
        AlertDescription::BadCertificate
        | AlertDescription::UnsupportedCertificate
        | AlertDescription::CertificateUnknown
        | AlertDescription::AccessDenied => (
            "the server does not accept the client certificate",
            OTHER_IDENTITY,
        ),
        AlertDescription::CertificateExpired => {
            ("the client certificate has expired", OTHER_IDENTITY)
        }
        AlertDescription::CertificateRevoked => {
            ("the client certificate has been revoked", OTHER_IDENTITY)
        }
        AlertDescription::UnknownCA => (
            "the client certificate is signed by an authority that the server does not trust",
            OTHER_IDENTITY,
        ),
        AlertDescription::UnrecognisedName => (
            "the server does not know this server name",
            "give the right one with `--server-name`",
        ),
        other => {
            let said = format!("the server sent the alert {other:?}");
            return (said, "see the server's log");
        }
    };
    (said.to_owned(), advice)
}

fn certificate_problem(name: &str, problem: &CertificateError) -> (String, &'static str) {
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
            (format!("the certificate is not for `{name}`"), OTHER_NAME)
        }
        CertificateError::NotValidForNameContext { presented, .. } => (
            format!(
                "the certificate is not for `{name}` but for {}",
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
