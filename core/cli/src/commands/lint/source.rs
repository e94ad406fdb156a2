//! Where pages come from: servers, files, standard input.

use std::fs::File;
use std::io::{self, Read};

use aiperf_core::Secrets;
use aiperf_core::collect::fetch_once;
use aiperf_core::http::{Clock, Origin, Proxies, Proxy, ProxyOptions, Tls, TlsOptions};
use aiperf_plugin_sdk::display::printable;
use aiperf_plugin_sdk::hosting::HttpRequest;

use crate::args::env::{NO_PROXY, PROXIES};
use crate::args::{EnvSnapshot, LintArgs};
use crate::exit_code::ExitCode;

/// Larger pages are not read; runs read no larger ones either.
const LIMIT: u64 = 64 << 20;

/// A page, and what is known of it.
pub(super) struct Page {
    /// As it was named, without secrets and on one line.
    pub(super) name: String,
    pub(super) content_type: String,
    pub(super) body: Vec<u8>,
    secrets: Secrets,
}

impl Page {
    /// A text about the page: servers may say what they were sent.
    pub(super) fn without_secrets(&self, text: &str) -> String {
        self.secrets.scrub(text).into_owned()
    }
}

/// Reads pages.
pub(super) struct Reader<'a> {
    args: &'a LintArgs,
    /// `name: value` lines.
    headers: String,
    secrets: Secrets,
    tls: Tls,
    proxies: Proxies,
}

/// Why a page could not be read, and the code of that.
type Failure = (ExitCode, String);

impl<'a> Reader<'a> {
    pub(super) fn new(args: &'a LintArgs, environment: &EnvSnapshot) -> Result<Self, String> {
        let mut secrets = Secrets::default();
        // What servers are asked for first, as by collectors.
        let mut headers = "accept: text/plain;version=0.0.4;q=0.5, \
                           application/openmetrics-text;version=1.0.0;q=0.3, */*;q=0.1\n"
            .to_owned();
        for header in &args.header {
            let header = header.to_string();
            let Some((name, value)) = header.split_once(':').filter(|(name, _)| !name.is_empty())
            else {
                return Err("`--header` must be `Name: value`".to_owned());
            };
            secrets.add_header(name.trim(), value.trim());
            headers.extend([name.trim(), ": ", value.trim(), "\n"]);
        }
        let tls = Tls::new(TlsOptions {
            ca_file: args.ca_file.clone(),
            insecure: args.insecure,
            ..TlsOptions::default()
        });
        tls.check()?;
        Ok(Self {
            args,
            headers,
            secrets,
            tls,
            proxies: proxies(args, environment)?,
        })
    }

    /// Reads what `named` names.
    pub(super) fn read(&self, named: &str) -> Result<Page, Failure> {
        let mut secrets = self.secrets.clone();
        secrets.add_url(named);
        let name = printable(&secrets.scrub(named)).into_owned();
        let read = match named {
            "-" => limited(io::stdin().lock()).map(|body| (String::new(), body)),
            _ if is_url(named) => return self.fetch(named, name, secrets),
            path => File::open(path)
                .and_then(limited)
                .map(|body| (String::new(), body)),
        };
        let (content_type, body) = read.map_err(|error| {
            let problem = format!("cannot read `{name}`: {error}");
            (ExitCode::Usage, problem)
        })?;
        let name = match name.as_str() {
            "-" => "standard input".to_owned(),
            _ => name,
        };
        Ok(Page {
            name,
            content_type,
            body,
            secrets,
        })
    }

    fn fetch(&self, named: &str, name: String, secrets: Secrets) -> Result<Page, Failure> {
        let failed = |problem: &dyn std::fmt::Display| {
            let problem = secrets.scrub(&problem.to_string()).into_owned();
            (ExitCode::Unreachable, problem)
        };
        let usage = |error: aiperf_core::http::HttpError| {
            let problem = secrets.scrub(&error.to_string()).into_owned();
            (ExitCode::Usage, problem)
        };
        let url = page_url(named).map_err(usage)?;
        let request = HttpRequest {
            method: "GET",
            url: &url,
            headers: &self.headers,
            body: &[],
            timeout: self.args.timeout,
        };
        let answer = fetch_once(&request, &Clock::new(), &self.tls, &self.proxies)
            .map_err(|error| failed(&error))?;
        if !(200..300).contains(&answer.status) {
            return Err(failed(&format!("`{name}`: HTTP {}", answer.status)));
        }
        Ok(Page {
            name,
            content_type: answer.content_type,
            body: answer.body,
            secrets,
        })
    }
}

/// As runs have them, without files of settings.
fn proxies(args: &LintArgs, environment: &EnvSnapshot) -> Result<Proxies, String> {
    let flag = args.proxy.proxy.as_ref().map(ToString::to_string);
    let flag = flag.map(|url| Proxies::parse(&url)).transpose()?;
    let [http, https] = PROXIES.map(|(_, names)| {
        let variable = || {
            let (name, url) = environment.first_named(names)?;
            Some(Proxies::of_variable(name, url))
        };
        flag.clone().map(Proxy::At).or_else(variable)
    });
    let exclude = match args.proxy.no_proxy.as_slice() {
        [] => {
            let hosts = environment.first_named(NO_PROXY);
            let hosts = hosts.unwrap_or_default().1.split(',');
            hosts.map(str::to_owned).collect()
        }
        hosts => hosts.to_vec(),
    };
    Ok(Proxies::new(ProxyOptions {
        http,
        https,
        exclude,
        loopback: false,
    }))
}

fn limited(from: impl Read) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    from.take(LIMIT + 1).read_to_end(&mut body)?;
    if body.len() as u64 > LIMIT {
        let message = "it is larger than 64 MiB";
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, message));
    }
    Ok(body)
}

/// `http://...`, or `host:port` where no file has that name.
fn is_url(named: &str) -> bool {
    if named.contains("://") {
        return true;
    }
    let authority = named.split('/').next().unwrap_or_default();
    let port = authority.rsplit_once(':').map(|(_, port)| port);
    port.is_some_and(|port| port.parse::<u16>().is_ok()) && !std::path::Path::new(named).exists()
}

/// The URL of a page: without a path, `/metrics` is meant.
fn page_url(named: &str) -> Result<String, aiperf_core::http::HttpError> {
    let origin = Origin::parse(named)?;
    if !origin.base_path().is_empty() || origin.query().is_some() {
        return Ok(named.to_owned());
    }
    Ok(format!("{}/metrics", named.trim().trim_end_matches('/')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_without_path_is_asked_for_its_metrics() {
        let url = |named| page_url(named).unwrap();
        assert_eq!(url("http://h:1"), "http://h:1/metrics");
        assert_eq!(url("h:1/"), "h:1/metrics");
        assert_eq!(url("http://h/x"), "http://h/x");
        assert_eq!(url("http://h/?a=b"), "http://h/?a=b");
    }

    #[test]
    fn files_and_servers_are_told_apart() {
        assert!(is_url("http://h") && is_url("localhost:8000") && is_url("h:1/metrics"));
        assert!(!is_url("page.prom") && !is_url("a/b:1") && !is_url("h:x"));
    }
}
