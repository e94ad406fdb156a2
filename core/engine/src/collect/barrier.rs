//! A barrier: one reading of every source, and how long a phase may be delayed by it.

use std::collections::BTreeSet;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use super::driver::{Answer, Command};
use super::roster::{Handle, SharedRoster, Stream};
use super::tag::{Place, Round, Tag};
use crate::http::Clock;
use crate::store::EndpointId;

/// Longest wait at a barrier.
pub(super) const BARRIER_LIMIT: Duration = Duration::from_secs(1);
/// A reading that runs into its own timeout answers just after it.
const GRACE: Duration = Duration::from_millis(50);

/// Whoever is asked at a barrier.
pub(super) struct Asked {
    sources: Vec<Handle>,
    streams: Vec<Stream>,
}

impl Asked {
    /// All sources and streams.
    pub(super) fn all(roster: &SharedRoster) -> Self {
        let roster = roster.lock();
        Self {
            sources: roster.sources.clone(),
            streams: roster.streams.clone(),
        }
    }

    /// Keeps only some of the sources, and no streams.
    pub(super) fn retain(&mut self, keep: impl Fn(EndpointId) -> bool) {
        self.sources.retain(|source| keep(source.endpoint));
        self.streams.clear();
    }

    pub(super) fn has_sources(&self) -> bool {
        !self.sources.is_empty()
    }

    pub(super) fn endpoints(&self) -> Vec<EndpointId> {
        self.sources.iter().map(|source| source.endpoint).collect()
    }

    /// One reading each. Waits for those that may be expected to answer, at most
    /// [`BARRIER_LIMIT`]; who misses that is not waited for again until it has answered.
    pub(super) fn read(&self, roster: &SharedRoster, clock: &Clock, tag: Tag) -> Vec<Answer> {
        let limit = self.limit();
        let round = Round::until(clock.now().after(limit));
        let place = Place::in_round(tag, &round);
        roster.place.set(place.clone());
        let (reply, answers) = channel();
        for source in &self.sources {
            let (place, reply) = (place.clone(), Some(reply.clone()));
            source.send(Command::Barrier { place, reply });
        }
        drop(reply);
        let deadline = Instant::now() + limit;
        let syncs: Vec<_> = self.streams.iter().map(|s| s.host.ask_to_sync()).collect();
        let answers = self.wait_for_sources(&answers, deadline);
        for (stream, sync) in self.streams.iter().zip(syncs) {
            stream.wait(sync, deadline);
        }
        round.close();
        answers
    }

    /// The same without waiting: load goes on.
    pub(super) fn read_in_passing(&self, roster: &SharedRoster, clock: &Clock, tag: Tag) {
        let round = Round::until(clock.now().after(BARRIER_LIMIT));
        let place = Place::in_round(tag, &round);
        roster.place.set(place.clone());
        for source in &self.sources {
            let place = place.clone();
            source.send(Command::Barrier { place, reply: None });
        }
        for stream in &self.streams {
            stream.host.ask_to_sync();
        }
    }

    fn limit(&self) -> Duration {
        let sources = self.sources.iter().filter(|source| source.responsive.get());
        let streams = self.streams.iter().filter(|stream| stream.responsive.get());
        let longest = sources
            .map(|source| source.timeout.min(BARRIER_LIMIT))
            .chain(streams.map(|_| BARRIER_LIMIT))
            .max();
        longest.map_or(Duration::ZERO, |limit| limit + GRACE)
    }

    fn wait_for_sources(&self, answers: &Receiver<Answer>, deadline: Instant) -> Vec<Answer> {
        let expected = self.sources.iter().filter(|source| source.responsive.get());
        let mut missing: BTreeSet<_> = expected.map(|source| source.endpoint).collect();
        let mut got = Vec::new();
        while !missing.is_empty() {
            let left = deadline.saturating_duration_since(Instant::now());
            let Ok(answer) = answers.recv_timeout(left) else {
                break;
            };
            missing.remove(&answer.endpoint);
            got.push(answer);
        }
        let late = |source: &&Handle| missing.contains(&source.endpoint);
        for source in self.sources.iter().filter(late) {
            source.responsive.set(false);
        }
        got
    }
}

impl Stream {
    /// Waits until it has pushed what it had, if that may be expected.
    fn wait(&self, sync: u64, deadline: Instant) {
        let left = if self.responsive.get() {
            deadline.saturating_duration_since(Instant::now())
        } else {
            Duration::ZERO
        };
        self.responsive.set(self.host.wait_for_sync(sync, left));
    }
}
