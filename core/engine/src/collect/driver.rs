//! Drives the sources: ticks between barriers, barriers when asked, never two readings of one
//! source at once.

use std::sync::mpsc::Sender;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::LocalSet;

use super::context::Context;
use super::poll::Poller;
use super::roster::Responsive;
use super::schedule::{TickOptions, Ticks};
use super::scrape::{Outcome, Scraper};
use super::tag::Place;
use super::target_list::TargetList;
use crate::http::MonoNs;
use crate::store::EndpointId;

/// What a source is told.
#[derive(Debug, Clone)]
pub(super) enum Command {
    /// Read now, then answer whoever waits.
    Barrier {
        place: Place,
        reply: Option<Sender<Answer>>,
    },
    /// Read regularly from `start` on.
    Tick {
        place: Place,
        start: MonoNs,
        options: TickOptions,
    },
    /// Read more often from now on: the phase ends, and gauges fall.
    Closer { since: MonoNs },
    /// Stop reading regularly.
    Rest,
}

/// A source's answer at a barrier.
#[derive(Debug, Clone, Copy)]
pub(super) struct Answer {
    pub(super) endpoint: EndpointId,
    pub(super) outcome: Outcome,
}

/// Something that can be read.
#[derive(Debug)]
pub(super) enum Source {
    Target(Box<Scraper>),
    Poll(Box<Poller>),
}

impl Source {
    pub(super) fn endpoint(&self) -> EndpointId {
        match self {
            Self::Target(scraper) => scraper.endpoint(),
            Self::Poll(poller) => poller.endpoint(),
        }
    }

    async fn read(&mut self, place: &Place) -> Outcome {
        match self {
            Self::Target(scraper) => scraper.scrape(place).await,
            Self::Poll(poller) => poller.poll(place).await,
        }
    }
}

/// A source with what it listens to.
#[derive(Debug)]
pub(super) struct Driven {
    pub(super) source: Source,
    pub(super) responsive: Responsive,
    pub(super) commands: UnboundedReceiver<Command>,
}

/// Who joins.
#[derive(Debug)]
pub(super) enum Newcomer {
    Source(Driven),
    /// Targets that may become others, and what ends with the run.
    Targets(Box<TargetList>, UnboundedReceiver<()>),
}

/// Regular readings of one source.
struct Ticking {
    place: Place,
    ticks: Ticks,
    interval: Duration,
}

/// Starts the thread that drives all sources, also those that join later. It ends when nobody can
/// join or give commands any more.
pub(super) fn spawn(
    context: Context,
    mut newcomers: UnboundedReceiver<Newcomer>,
) -> std::io::Result<JoinHandle<()>> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    thread::Builder::new()
        .name("scrape".to_owned())
        .spawn(move || {
            let local = LocalSet::new();
            let welcome = async move {
                while let Some(newcomer) = newcomers.recv().await {
                    match newcomer {
                        Newcomer::Source(driven) => {
                            tokio::task::spawn_local(driven.drive(context.clone()));
                        }
                        Newcomer::Targets(list, end) => {
                            tokio::task::spawn_local(list.watch(end));
                        }
                    }
                }
            };
            local.spawn_local(welcome);
            runtime.block_on(local);
        })
}

impl Driven {
    /// Runs until nobody can give commands any more.
    async fn drive(mut self, context: Context) {
        let mut ticking: Option<Ticking> = None;
        loop {
            let due = ticking.as_ref().map(|ticking| ticking.ticks.due());
            tokio::select! {
                biased;
                command = self.commands.recv() => match command {
                    None => return,
                    Some(Command::Rest) => ticking = None,
                    Some(Command::Closer { since }) => {
                        if let Some(ticking) = &mut ticking {
                            ticking.ticks.ending(since);
                        }
                    }
                    Some(Command::Tick { place, start, options }) => {
                        let (ticks, interval) = (Ticks::new(start, options), options.interval);
                        ticking = Some(Ticking { place, ticks, interval });
                    }
                    Some(Command::Barrier { place, reply }) => {
                        self.barrier(&context, &place, reply).await;
                    }
                },
                () = sleep_until(&context, due) => {
                    if let Some(ticking) = &mut ticking {
                        self.tick(&context, ticking).await;
                    }
                }
            }
        }
    }

    /// A barrier that ended while this source was still being read is left out.
    async fn barrier(&mut self, context: &Context, place: &Place, reply: Option<Sender<Answer>>) {
        let outcome = if place.is_late(context.clock.now()) {
            Outcome::Skipped
        } else {
            self.read(place).await
        };
        self.count(context, outcome, 0, false);
        let endpoint = self.source.endpoint();
        if let Some(reply) = reply {
            // The barrier may be over by now.
            reply.send(Answer { endpoint, outcome }).ok();
        }
    }

    async fn tick(&mut self, context: &Context, ticking: &mut Ticking) {
        let started = context.clock.now();
        let late_ns = started.since(ticking.ticks.due());
        let outcome = self.read(&ticking.place).await;
        let skipped = ticking.ticks.advance(context.clock.now());
        if outcome != Outcome::Left {
            let tag = ticking.place.tag(started);
            let phase = tag.phase.unwrap_or_default();
            context.lateness.add(phase, late_ns);
        }
        let tenth = i64::try_from(ticking.interval.as_nanos() / 10).unwrap_or(i64::MAX);
        self.count(context, outcome, skipped, late_ns > tenth);
    }

    async fn read(&mut self, place: &Place) -> Outcome {
        let outcome = self.source.read(place).await;
        let in_time = !matches!(outcome, Outcome::TimedOut | Outcome::Skipped);
        self.responsive.set(in_time);
        outcome
    }

    /// Counts a reading that came due, and ticks that were left out after it. The store counts what
    /// came of it; a source that is left alone is not due.
    fn count(&self, context: &Context, outcome: Outcome, left_out: u64, late: bool) {
        if outcome == Outcome::Left {
            return;
        }
        let skipped = outcome == Outcome::Skipped;
        // A poll collector may bring several readings a call, or none: it counts them itself.
        let due = skipped || matches!(self.source, Source::Target(_));
        let mut store = context.sinks.lock();
        let counts = store.endpoint_counts_mut(self.source.endpoint());
        counts.due += u64::from(due) + left_out;
        counts.skipped += u64::from(skipped) + left_out;
        counts.late += u64::from(late);
    }
}

async fn sleep_until(context: &Context, due: Option<MonoNs>) {
    match due {
        Some(due) => tokio::time::sleep(due.until(context.clock.now())).await,
        None => std::future::pending().await,
    }
}
