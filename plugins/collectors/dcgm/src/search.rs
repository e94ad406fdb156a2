//! What an answer means for a target.

use std::time::Duration;

use aiperf_plugin_sdk::{Response, Verdict};

/// How long an endpoint that nobody asked for is left alone if nothing listens there.
const PAUSE: Duration = Duration::from_secs(5);

/// What is known of a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Search {
    /// The user did not ask for it, and it has shown no GPU yet.
    Looking,
    /// It has shown GPUs, or the user says that it does.
    Found,
}

impl Search {
    pub(crate) fn new(automatic: bool) -> Self {
        if automatic {
            Self::Looking
        } else {
            Self::Found
        }
    }

    /// Decides what an answer means. Whatever goes wrong with a target that was found is an error of
    /// that scrape only.
    pub(crate) fn on_answer(&mut self, response: &Response<'_>) -> Verdict {
        if *self == Self::Found {
            return Verdict::Keep;
        }
        match response.status {
            // It may come up later; meanwhile nobody waits for it.
            None | Some(500..=599) => Verdict::Pause(PAUSE),
            // An exporter that has not looked at its GPUs yet serves nothing.
            Some(200..=299) if response.head.trim_ascii().is_empty() => Verdict::Keep,
            Some(200..=299) if shows_gpus(response.head) => {
                *self = Self::Found;
                Verdict::Keep
            }
            Some(200..=299) => Verdict::Disable("it is no DCGM exporter".to_owned()),
            Some(status) => {
                Verdict::Disable(format!("it is no DCGM exporter: it answers HTTP {status}"))
            }
        }
    }
}

/// True if a line is about a field of DCGM's.
fn shows_gpus(head: &[u8]) -> bool {
    let mut lines = head.split(|byte| *byte == b'\n');
    lines.any(|line| {
        let words = line.split(|byte| *byte == b' ' || *byte == b'{');
        let mut names = words.filter(|word| !matches!(*word, b"#" | b"HELP" | b"TYPE"));
        names.next().is_some_and(|name| name.starts_with(b"DCGM_"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn feed(automatic: bool, status: Option<u16>, head: &str) -> (Search, Verdict) {
        let mut search = Search::new(automatic);
        let verdict = search.on_answer(&Response {
            target_id: "t",
            status,
            content_type: "text/plain",
            head: head.as_bytes(),
            ..Response::default()
        });
        (search, verdict)
    }

    #[test]
    fn what_the_user_named_is_read_whatever_it_says() {
        for (status, head) in [(None, ""), (Some(404), "no"), (Some(200), "<html>")] {
            assert_eq!(feed(false, status, head).1, Verdict::Keep);
        }
    }

    #[test]
    fn a_page_of_a_gpu_is_known_by_its_fields() {
        for head in [
            "# HELP DCGM_FI_DEV_SM_CLOCK SM clock frequency (in MHz).\n",
            "DCGM_FI_DEV_SM_CLOCK{gpu=\"0\"} 1215\n",
            "# TYPE DCGM_EXP_XID_ERRORS_COUNT gauge",
        ] {
            assert_eq!(feed(true, Some(200), head), (Search::Found, Verdict::Keep));
        }
        let empty = feed(true, Some(200), "\n");
        assert_eq!(empty, (Search::Looking, Verdict::Keep));
    }

    #[test]
    fn what_is_something_else_is_left_alone() {
        for (status, head) in [
            (200, "# HELP up Whether it is up\nup 1\n"),
            (200, "<html>DCGM_FI_DEV_SM_CLOCK</html>"),
            (404, "DCGM_FI_DEV_SM_CLOCK 1"),
            (301, ""),
        ] {
            let (_, verdict) = feed(true, Some(status), head);
            assert!(matches!(verdict, Verdict::Disable(_)), "{head}");
        }
    }

    #[test]
    fn what_does_not_answer_is_asked_again_later() {
        assert_eq!(feed(true, None, "").1, Verdict::Pause(PAUSE));
        assert_eq!(feed(true, Some(503), "").1, Verdict::Pause(PAUSE));
    }
}
