//! Drives one source: ticks between barriers, barriers when asked, never two readings at once.

use std::sync::mpsc::Sender;
use std::time::Duration;

use tokio::sync::mpsc::UnboundedReceiver;

use super::poll::Poller;
use super::schedule::{TickOptions, Ticks};
use super::scrape::{Context, Outcome, Scraper};
use super::tag::Tag;
use crate::http::MonoNs;
use crate::store::EndpointId;

/// What a source is told.
#[derive(Debug, Clone)]
pub(super) enum Command {
    /// Read now, then answer.
    Barrier { tag: Tag, reply: Sender<Answer> },
    /// Read regularly from `start` on.
    Tick {
        tag: Tag,
        start: MonoNs,
        options: TickOptions,
    },
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
    Poll(Poller),
}

impl Source {
    pub(super) fn endpoint(&self) -> EndpointId {
        match self {
            Self::Target(scraper) => scraper.endpoint(),
            Self::Poll(poller) => poller.endpoint(),
        }
    }

    async fn read(&mut self, tag: Tag) -> Outcome {
        match self {
            Self::Target(scraper) => scraper.scrape(tag).await,
            Self::Poll(poller) => poller.poll(tag).await,
        }
    }
}

/// Runs until the sender of `commands` is gone.
pub(super) async fn drive(
    mut source: Source,
    context: Context,
    mut commands: UnboundedReceiver<Command>,
) {
    let mut ticking: Option<(Tag, Ticks, Duration)> = None;
    loop {
        let due = ticking.as_ref().map(|(_, ticks, _)| ticks.due());
        tokio::select! {
            biased;
            command = commands.recv() => match command {
                None => return,
                Some(Command::Rest) => ticking = None,
                Some(Command::Tick { tag, start, options }) => {
                    ticking = Some((tag, Ticks::new(start, options), options.interval));
                }
                Some(Command::Barrier { tag, reply }) => {
                    context.sinks.lock().endpoint_counts_mut(source.endpoint()).due += 1;
                    let outcome = source.read(tag).await;
                    let answer = Answer { endpoint: source.endpoint(), outcome };
                    // The barrier may be over already.
                    reply.send(answer).ok();
                }
            },
            () = sleep_until(&context, due) => {
                let Some((tag, ticks, interval)) = &mut ticking else { continue };
                let late = context.clock.now().since(ticks.due());
                let outcome = source.read(*tag).await;
                let skipped = ticks.advance(context.clock.now());
                count(&context, source.endpoint(), outcome, late, *interval, skipped);
            }
        }
    }
}

async fn sleep_until(context: &Context, due: Option<MonoNs>) {
    match due {
        Some(due) => tokio::time::sleep(due.until(context.clock.now())).await,
        None => std::future::pending().await,
    }
}

/// Counts a tick. A source that is left alone is not due.
fn count(
    context: &Context,
    endpoint: EndpointId,
    outcome: Outcome,
    late_ns: i64,
    interval: Duration,
    skipped: u64,
) {
    if outcome == Outcome::Left {
        return;
    }
    let tenth = i64::try_from(interval.as_nanos() / 10).unwrap_or(i64::MAX);
    let mut store = context.sinks.lock();
    let counts = store.endpoint_counts_mut(endpoint);
    counts.due += 1 + skipped;
    counts.skipped += skipped;
    counts.late += u64::from(late_ns > tenth);
}
