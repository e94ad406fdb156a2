//! The search for the metrics page of one target.
//!
//! A target is looked for until it has answered with a page once; from then on it is what it is,
//! and whatever goes wrong is an error of that scrape only.

use std::collections::VecDeque;
use std::fmt::Write as _;

use aiperf_plugin_sdk::Verdict;

use crate::address::{Address, Key};
use crate::classify::Answer;

/// Where a target has been looked for, and where else it may be.
#[derive(Debug)]
pub(crate) struct Search {
    automatic: bool,
    current: Address,
    remaining: VecDeque<Address>,
    /// True once the places of the plan are used up and the usual other place is tried.
    on_fallback: bool,
    /// True once a page was found.
    found: bool,
    /// What was found instead, place by place, for the reason of giving up.
    failures: Vec<String>,
}

impl Search {
    /// Starts at the first of `candidates`, of which there must be one.
    pub(crate) fn new(candidates: Vec<Address>, automatic: bool) -> Option<Self> {
        let mut remaining = VecDeque::from(candidates);
        let current = remaining.pop_front()?;
        Some(Self {
            automatic,
            current,
            remaining,
            on_fallback: false,
            found: false,
            failures: Vec::new(),
        })
    }

    /// Decides what `answer` means. `taken` says whether another target has a URL already.
    pub(crate) fn on_answer(&mut self, answer: Answer, taken: impl Fn(&Key) -> bool) -> Verdict {
        let failure = match answer {
            Answer::Page => {
                self.found = true;
                return Verdict::Keep;
            }
            _ if self.found => return Verdict::Keep,
            Answer::None | Answer::Refused => return Verdict::Keep,
            // What the user asked for may come up later; nobody waits for the rest.
            Answer::Absent(_) | Answer::Prose if !self.automatic && !self.on_fallback => {
                return Verdict::Keep;
            }
            Answer::Moved(_) => return self.redirected(answer, taken),
            Answer::Absent(status) => format!("HTTP {status}"),
            Answer::Other(what) => what.to_owned(),
            Answer::Prose => "text without metrics".to_owned(),
        };
        self.next(&failure, taken)
    }

    /// Redirects are not followed blindly, since they may lead to a login page elsewhere; but one
    /// from `/metrics` to `/metrics/` is what frameworks do with a mounted application.
    fn redirected(&mut self, answer: Answer, taken: impl Fn(&Key) -> bool) -> Verdict {
        match (self.current.with_slash(), answer) {
            (Some(slashed), _) if !taken(&slashed.key()) => self.replace(slashed),
            (_, Answer::Moved(status)) if self.automatic || self.on_fallback => {
                self.next(&format!("HTTP {status}"), taken)
            }
            _ => Verdict::Keep,
        }
    }

    fn next(&mut self, failure: &str, taken: impl Fn(&Key) -> bool) -> Verdict {
        self.failures
            .push(format!("{} is {failure}", self.current.as_str()));
        while let Some(address) = self.remaining.pop_front() {
            if !taken(&address.key()) {
                return self.replace(address);
            }
        }
        let fallback = self.current.fallback();
        if !self.on_fallback && fallback != self.current && !taken(&fallback.key()) {
            self.on_fallback = true;
            return self.replace(fallback);
        }
        Verdict::Disable(self.reason())
    }

    fn replace(&mut self, address: Address) -> Verdict {
        self.current = address;
        Verdict::Replace(self.current.as_str().to_owned())
    }

    fn reason(&self) -> String {
        let mut reason = String::from("no metrics page: ");
        for (index, failure) in self.failures.iter().enumerate() {
            let separator = if index == 0 { "" } else { ", " };
            // Writing to a string cannot fail.
            let _written = write!(reason, "{separator}{failure}");
        }
        reason.push_str("; switch metrics on in the server, or give the URL of its metrics page");
        reason
    }

    /// The URL that is scraped now.
    pub(crate) fn current(&self) -> &Address {
        &self.current
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const JSON: Answer = Answer::Other("JSON");

    fn search(candidates: &[&str], automatic: bool) -> Search {
        let addresses = candidates
            .iter()
            .map(|url| Address::parse(url).unwrap())
            .collect();
        Search::new(addresses, automatic).unwrap()
    }

    fn replace(url: &str) -> Verdict {
        Verdict::Replace(url.to_owned())
    }

    /// Feeds the answers and gives the last verdict.
    fn feed(search: &mut Search, answers: &[Answer]) -> Verdict {
        let mut verdict = Verdict::Keep;
        for answer in answers {
            verdict = search.on_answer(*answer, |_| false);
        }
        verdict
    }

    #[test]
    fn the_first_candidate_that_answers_stays() {
        let mut search = search(&["http://h/metrics", "http://h/v1/metrics"], true);
        assert_eq!(
            feed(&mut search, &[Answer::None, Answer::Refused]),
            Verdict::Keep
        );
        assert_eq!(
            feed(&mut search, &[Answer::Absent(404)]),
            replace("http://h/v1/metrics")
        );
        assert_eq!(
            feed(&mut search, &[Answer::None, Answer::Page]),
            Verdict::Keep
        );
        let later = [
            JSON,
            Answer::Absent(404),
            Answer::Moved(307),
            Answer::Prose,
            Answer::None,
        ];
        for answer in later {
            assert_eq!(
                feed(&mut search, &[answer]),
                Verdict::Keep,
                "{answer:?} after a page"
            );
        }
    }

    #[test]
    fn a_server_with_json_at_metrics_is_found_below_prometheus() {
        for automatic in [true, false] {
            let mut search = search(&["http://h:1/metrics?x=1"], automatic);
            assert_eq!(
                feed(&mut search, &[JSON]),
                replace("http://h:1/prometheus/metrics")
            );
            assert_eq!(feed(&mut search, &[Answer::Page]), Verdict::Keep);
            assert_eq!(search.current().as_str(), "http://h:1/prometheus/metrics");
        }
    }

    #[test]
    fn giving_up_says_what_was_found_where() {
        let mut search = search(&["http://h/metrics"], false);
        let Verdict::Disable(reason) = feed(&mut search, &[JSON, Answer::Absent(404)]) else {
            panic!("goes on");
        };
        assert_eq!(
            reason,
            "no metrics page: http://h/metrics is JSON, http://h/prometheus/metrics is HTTP 404; \
             switch metrics on in the server, or give the URL of its metrics page"
        );
    }

    #[test]
    fn the_fallback_is_tried_once() {
        let mut automatic = search(&["http://h/prometheus/metrics"], true);
        assert!(matches!(feed(&mut automatic, &[JSON]), Verdict::Disable(_)));
        let mut explicit = search(&["http://h/metrics"], false);
        assert!(matches!(
            feed(&mut explicit, &[JSON, JSON]),
            Verdict::Disable(_)
        ));
    }

    #[test]
    fn what_the_user_named_is_waited_for() {
        let mut search = search(&["http://h/metrics"], false);
        for answer in [
            Answer::Absent(404),
            Answer::Prose,
            Answer::None,
            Answer::Refused,
        ] {
            assert_eq!(feed(&mut search, &[answer; 3]), Verdict::Keep, "{answer:?}");
        }
    }

    #[test]
    fn what_nobody_named_is_not() {
        for answer in [Answer::Absent(404), Answer::Prose, JSON] {
            let mut search = search(&["http://h/metrics"], true);
            assert_eq!(
                feed(&mut search, &[answer]),
                replace("http://h/prometheus/metrics")
            );
            assert!(
                matches!(feed(&mut search, &[answer]), Verdict::Disable(_)),
                "{answer:?}"
            );
        }
    }

    #[test]
    fn a_redirect_means_a_slash_at_most() {
        let mut search_ = search(&["http://h/metrics"], false);
        assert_eq!(
            feed(&mut search_, &[Answer::Moved(307)]),
            replace("http://h/metrics/")
        );
        assert_eq!(feed(&mut search_, &[Answer::Moved(302)]), Verdict::Keep);
        let mut automatic = search(&["http://h/metrics"], true);
        let moved = [Answer::Moved(302), Answer::Moved(302)];
        assert_eq!(
            feed(&mut automatic, &moved),
            replace("http://h/prometheus/metrics")
        );
    }

    #[test]
    fn no_page_is_scraped_twice() {
        let other = Address::parse("http://127.0.0.1/prometheus/metrics")
            .unwrap()
            .key();
        let mut search = search(&["http://localhost/metrics"], false);
        let verdict = search.on_answer(JSON, |key| *key == other);
        assert!(matches!(verdict, Verdict::Disable(_)), "{verdict:?}");
    }
}
