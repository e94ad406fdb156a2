//! What the run gives a plugin's process, and what it hears from it beside the calls.

use std::io::{BufRead, BufReader, Read};
use std::time::Duration;

use aiperf_plugin_sdk::hosting::{HostServices, HttpRequest};
use aiperf_plugin_sdk::{ErrorKind, LogLevel, PluginError, Wake};

use super::channel::{Channel, LONG};
use super::message::{Answer, Ask, HttpHead, Said};
use crate::event::one_line;

/// Longest line that is taken from a plugin's standard error; a longer one becomes several.
const LINE_LIMIT: u64 = 1000;

/// What a host answers, and bytes beside it; `None` to what is not answered.
pub(super) fn answer(
    ask: Ask,
    beside: &[u8],
    services: &dyn HostServices,
) -> Option<(Answer, Vec<u8>)> {
    let answer = match ask {
        Ask::Log { level, message } => {
            let level = match level {
                1 => LogLevel::Error,
                2 => LogLevel::Warn,
                3 => LogLevel::Info,
                _ => LogLevel::Debug,
            };
            services.log(level, &message);
            return None;
        }
        Ask::Synced => {
            services.synced();
            return None;
        }
        Ask::Wait { ns } => Answer::Wake(wake_code(services.wait(Duration::from_nanos(ns)))),
        Ask::TimeLeft => {
            let left = services.time_left();
            let ns = |left: Duration| u64::try_from(left.as_nanos()).unwrap_or(u64::MAX);
            Answer::TimeLeft(left.map(ns))
        }
        Ask::Http {
            method,
            url,
            headers,
            timeout_ns,
        } => {
            let response = services.http(&HttpRequest {
                method: &method,
                url: &url,
                headers: &headers,
                body: beside,
                timeout: Duration::from_nanos(timeout_ns),
            });
            let (head, body) = match response {
                Ok(response) => {
                    let head = HttpHead {
                        status: response.status,
                        content_type: response.content_type,
                        headers: response.headers,
                    };
                    (Ok(head), response.body)
                }
                Err(error) => (Err(error), Vec::new()),
            };
            return Some((Answer::Http(head), body));
        }
        // Readings belong to a call; there is none here.
        Ask::Payload(_) | Ask::Batch(_) => {
            let message = "readings are taken from the thread of the call only";
            Answer::Taken(Err(PluginError::new(ErrorKind::Unsupported, message)))
        }
        Ask::Error(_) => return None,
    };
    Some((answer, Vec::new()))
}

/// What woke a plugin, as it is told.
pub(super) fn wake_code(wake: Wake) -> u8 {
    match wake {
        Wake::Elapsed => 0,
        Wake::Sync => 2,
        // Whatever a later version adds: it is time to go.
        _ => 1,
    }
}

/// Answers what the plugin's own threads ask, until its process has ended.
pub(super) fn listen(mut channel: Channel, services: &dyn HostServices) {
    loop {
        match channel.wait(LONG) {
            Ok(true) => {}
            Ok(false) => continue,
            Err(_) => return,
        }
        // A process that sends nonsense is found out by its calls.
        let Ok(Some(Said::Ask(ask))) = channel.receive() else {
            return;
        };
        if let Some((answer, beside)) = answer(ask, channel.beside(), services)
            && channel.send(&answer, &beside).is_err()
        {
            return;
        }
    }
}

/// Takes what the plugin's process prints into the log.
pub(super) fn take_lines(printed: Option<impl Read>, services: &dyn HostServices) {
    let Some(printed) = printed else { return };
    let mut printed = BufReader::new(printed);
    let mut line = Vec::new();
    loop {
        line.clear();
        match printed
            .by_ref()
            .take(LINE_LIMIT)
            .read_until(b'\n', &mut line)
        {
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
        let text = String::from_utf8_lossy(&line);
        let text = one_line(text.trim_end());
        if !text.is_empty() {
            services.log(LogLevel::Info, &text);
        }
    }
}
