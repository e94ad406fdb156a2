//! Asking a server whether it is there, and which models it has.

use std::time::Duration;

use bytes::Bytes;
use http::header::ACCEPT;
use http::{HeaderMap, HeaderValue, Request, StatusCode, Uri};
use http_body_util::Full;
use serde::Deserialize;

use crate::http::{Client, Clock, ConnectTimes, Connector, ErrorClass, HttpError, Response};

use super::endpoint::{common_headers, models_path};
use super::error::LoadError;
use super::plan::{LoadPlan, PlanError};
use super::shared::connect_options;
use super::stop::{Stop, StopSignal};

/// How often a wish to stop is looked for.
const GLANCE: Duration = Duration::from_millis(20);
/// A list of models is short.
const MAX_BODY_BYTES: usize = 4 * 1024 * 1024;

/// A server that can be reached.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProbeOk {
    /// What opening the connection took.
    pub connect: ConnectTimes,
    /// Status of the list of models; `None` if there was no HTTP answer, see `problem`.
    pub status: Option<u16>,
    /// Names of the models, in the server's order; empty if it does not list them.
    pub models: Vec<String>,
    /// Why there was no HTTP answer, although a connection could be opened.
    pub problem: Option<String>,
}

#[derive(Deserialize)]
struct ModelList {
    data: Vec<Model>,
}

#[derive(Deserialize)]
struct Model {
    id: String,
}

/// Connects to the plan's server and asks for its models. Only the plan's server, credentials,
/// headers and connect settings matter, so that it need not be complete.
///
/// A server that answers badly or not at all is no error: it may still serve requests.
///
/// # Errors
/// [`LoadError::Http`] if no connection can be opened; [`LoadError::Plan`] if a header cannot be
/// sent; [`LoadError::Thread`] if the runtime cannot be started; [`LoadError::Stopped`] if `stop`
/// asks for it.
pub fn probe(plan: &LoadPlan, clock: &Clock, stop: &StopSignal) -> Result<ProbeOk, LoadError> {
    let path = models_path(&plan.origin);
    let target =
        Uri::try_from(&path).map_err(|error| PlanError::Unsendable(path, error.to_string()))?;
    let mut headers = common_headers(plan, &plan.origin)?;
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    headers.extend(plan.headers.clone());
    let connector = Connector::new(
        plan.origin.clone(),
        connect_options(plan, &plan.origin)?,
        clock.clone(),
    )?;
    let client = Client::new(connector);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(LoadError::Thread)?;
    let answer = runtime.block_on(async {
        tokio::select! {
            answer = ask(&client, plan, &target, &headers) => Some(answer),
            () = stopped(stop) => None,
        }
    });
    // A name that is still being looked up would be waited for.
    runtime.shutdown_background();
    Ok(answer.ok_or(LoadError::Stopped)??)
}

async fn stopped(stop: &StopSignal) {
    while stop.state() == Stop::Run {
        tokio::time::sleep(GLANCE).await;
    }
}

async fn ask(
    client: &Client,
    plan: &LoadPlan,
    target: &Uri,
    headers: &HeaderMap,
) -> Result<ProbeOk, HttpError> {
    let mut found = ProbeOk::default();
    let build = || get(target, headers);
    let listing = async {
        let response = client
            .send(build, |connection| found.connect = connection.times())
            .await?;
        if response.status() == StatusCode::PROXY_AUTHENTICATION_REQUIRED {
            return Err(HttpError::proxy_login(plan.origin.url_of(target.path())));
        }
        Ok((response.status().as_u16(), models(response).await?))
    };
    let limit = plan
        .connect_timeout
        .max(plan.request_timeout.min(Duration::from_secs(5)));
    match tokio::time::timeout(limit, listing).await {
        Ok(Ok((status, models))) => Ok(ProbeOk {
            status: Some(status),
            models,
            ..found
        }),
        Ok(Err(error)) if is_unreachable(&error) => Err(error),
        Ok(Err(error)) => Ok(ProbeOk {
            problem: Some(error.to_string()),
            ..found
        }),
        Err(_elapsed) => {
            let url = plan.origin.url_of(target.path());
            let detail = format!("waited {limit:?}");
            let error = HttpError::new(ErrorClass::Timeout, url, detail);
            Ok(ProbeOk {
                problem: Some(error.to_string()),
                ..found
            })
        }
    }
}

fn get(target: &Uri, headers: &HeaderMap) -> Request<Full<Bytes>> {
    let mut request = Request::new(Full::default());
    *request.uri_mut() = target.clone();
    *request.headers_mut() = headers.clone();
    request
}

/// Names of the models; none if the answer is anything but a list of them.
async fn models(mut response: Response) -> Result<Vec<String>, HttpError> {
    let mut body = Vec::new();
    response.read_to_end(&mut body, MAX_BODY_BYTES).await?;
    let list = serde_json::from_slice::<ModelList>(&body).ok();
    Ok(list.map_or_else(Vec::new, |list| {
        list.data.into_iter().map(|model| model.id).collect()
    }))
}

fn is_unreachable(error: &HttpError) -> bool {
    matches!(
        error.class(),
        ErrorClass::Dns
            | ErrorClass::ConnectRefused
            | ErrorClass::ConnectTimeout
            | ErrorClass::Connect
            | ErrorClass::Tls
            | ErrorClass::NoHttp2
    )
}
