//! A load thread: a runtime of its own, connections of its own, nothing shared on the hot path.

use std::io;
use std::panic::resume_unwind;
use std::sync::{Arc, Mutex, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::{JoinError, JoinSet};

use crate::http::{Client, thread_cpu};

use super::cancel::Cancel;
use super::cost::ThreadUse;
use super::crew::Crew;
use super::error::LoadError;
use super::machine::thread_wait;
use super::phase::Phase;
use super::record::RequestRecords;
use super::shared::Shared;
use super::stage::{Stage, Wanted};
use super::worker::Worker;

/// How often finished requests are handed on, whether or not a block is full.
const FLUSH_INTERVAL: Duration = Duration::from_millis(100);

/// A chain of phases for a thread to take part in. The first one has begun.
struct Assignment {
    chain: Vec<Arc<Phase>>,
    n_threads: usize,
}

/// Turns of tasks between two looks at sockets and timers. A response that arrives faster than it can
/// be read is always ready for its next turn: with the runtime's 61 it keeps the timeouts, and the
/// other requests of the thread, waiting for seconds.
const TURNS: u32 = 16;

/// Turns of tasks between two looks at what other threads have woken: the pacer's tasks are not to wait
/// behind a wave of tokens.
const PACER_TURNS: u32 = 8;

/// Slots made at once. Thousands that connect and send before anybody reads would let the first tokens
/// of the early ones wait until the second ones are there too.
const SLOTS_AT_ONCE: u32 = 16;

/// What a load thread tells the supervisor.
#[derive(Clone, Copy, Debug)]
pub(super) enum Notice {
    /// A phase of the chain has begun to take over from the one before.
    Begun,
    /// A thread has done its part of the chain.
    Finished {
        /// Which.
        thread: usize,
        /// What that cost.
        used: ThreadUse,
    },
}

/// A started load thread. Dropping the handle lets it end.
#[derive(Debug)]
pub(super) struct LoadThread {
    assignments: UnboundedSender<Assignment>,
    handle: JoinHandle<()>,
}

impl LoadThread {
    pub(super) fn spawn(
        index: usize,
        shared: Arc<Shared>,
        notices: mpsc::Sender<Notice>,
    ) -> Result<Self, LoadError> {
        let clients = shared.clients()?;
        let runtime = Builder::new_current_thread()
            .enable_all()
            .event_interval(TURNS)
            .global_queue_interval(PACER_TURNS)
            .build()
            .map_err(LoadError::Thread)?;
        let (assignments, receiver) = unbounded_channel();
        let handle = start(index, move || {
            serve(&runtime, receiver, index, &shared, clients, &notices);
        })
        .map_err(LoadError::Thread)?;
        Ok(Self {
            assignments,
            handle,
        })
    }

    /// Gives the thread its part in a chain of phases, the first of which has begun.
    pub(super) fn assign(&self, chain: Vec<Arc<Phase>>, n_threads: usize) -> Result<(), LoadError> {
        self.assignments
            .send(Assignment { chain, n_threads })
            .map_err(|_| LoadError::ThreadDied)
    }

    pub(super) fn has_ended(&self) -> bool {
        self.handle.is_finished()
    }

    /// Lets the thread end and waits for it.
    pub(super) fn join(self) {
        drop(self.assignments);
        // A panic has been reported where it happened, and as `LoadError::ThreadDied`.
        drop(self.handle.join());
    }
}

fn start(index: usize, body: impl FnOnce() + Send + 'static) -> io::Result<JoinHandle<()>> {
    std::thread::Builder::new()
        .name(format!("load-{index}"))
        .spawn(body)
}

fn serve(
    runtime: &Runtime,
    mut assignments: UnboundedReceiver<Assignment>,
    index: usize,
    shared: &Arc<Shared>,
    clients: Vec<Client>,
    notices: &mpsc::Sender<Notice>,
) {
    let clients: Arc<[Client]> = clients.into();
    runtime.block_on(async move {
        while let Some(assignment) = assignments.recv().await {
            let before = used_so_far();
            let worker = worker(assignment, index, shared, &clients, notices);
            take_part(worker).await;
            let used = used_since(before);
            let thread = index;
            // Nobody listens any more only if the run was given up.
            notices.send(Notice::Finished { thread, used }).ok();
        }
    });
}

/// What the calling thread has used since it started.
fn used_so_far() -> ThreadUse {
    ThreadUse {
        cpu: thread_cpu(),
        waited: thread_wait(),
    }
}

fn used_since(before: ThreadUse) -> ThreadUse {
    let now = used_so_far();
    let waited = now.waited.zip(before.waited);
    ThreadUse {
        cpu: now.cpu.saturating_sub(before.cpu),
        waited: waited.map(|(now, before)| now.saturating_sub(before)),
    }
}

/// What the slots of a thread share, and what they want to have spawned.
fn worker(
    Assignment { chain, n_threads }: Assignment,
    index: usize,
    shared: &Arc<Shared>,
    clients: &Arc<[Client]>,
    notices: &mpsc::Sender<Notice>,
) -> (Arc<Worker>, UnboundedReceiver<Wanted>) {
    let stage = |phase: Arc<Phase>| {
        let slots = (index..phase.slots()).step_by(n_threads).len();
        let crew = Crew::new(slots, phase.ahead());
        Stage { phase, crew }
    };
    let (wanted, receiver) = unbounded_channel();
    let worker = Worker {
        shared: Arc::clone(shared),
        clients: Arc::clone(clients),
        stages: chain.into_iter().map(stage).collect(),
        index: u16::try_from(index).unwrap_or(u16::MAX),
        step: n_threads,
        wanted,
        notices: notices.clone(),
        cancel: Cancel::default(),
        block: Mutex::new(RequestRecords::default()),
    };
    (Arc::new(worker), receiver)
}

async fn take_part((worker, mut wanted): (Arc<Worker>, UnboundedReceiver<Wanted>)) {
    let Some(chain) = worker.stages.first().map(|stage| &stage.phase.chain) else {
        return;
    };
    let (mut begun, mut stops) = (chain.begun(), chain.stops());
    worker.begin(*begun.borrow_and_update());
    worker.cancel.fire(*stops.borrow_and_update());
    let (mut slots, mut attendants) = (JoinSet::new(), JoinSet::new());
    let mut flush = tokio::time::interval(FLUSH_INTERVAL);
    let mut made: u32 = 0;
    // A slot asks for another one before it ends, so that none is left behind.
    while !(slots.is_empty() && wanted.is_empty() && worker.is_done()) {
        tokio::select! {
            biased;
            Some(wanted) = wanted.recv() => match wanted {
                Wanted::Slot { stage, number } => {
                    slots.spawn(Arc::clone(&worker).slot(stage, number));
                    made = made.wrapping_add(1);
                    if made.is_multiple_of(SLOTS_AT_ONCE) {
                        everybody_else().await;
                    }
                }
                // It lasts as long as slots of any thread may wait for it.
                Wanted::Dealer { stage } => {
                    slots.spawn(Arc::clone(&worker).deal(stage));
                }
                Wanted::Attendant { stage } => {
                    attendants.spawn(Arc::clone(&worker).attend(stage));
                }
            },
            Ok(()) = begun.changed() => worker.begin(*begun.borrow_and_update()),
            Ok(()) = stops.changed() => worker.cancel.fire(*stops.borrow_and_update()),
            Some(ended) = slots.join_next(), if !slots.is_empty() => raise(ended),
            Some(ended) = attendants.join_next(), if !attendants.is_empty() => raise(ended),
            _ = flush.tick() => worker.flush(),
        }
    }
    attendants.abort_all();
    worker.flush();
}

/// Waits until all tasks that are ready now have had a turn.
async fn everybody_else() {
    // A new task has the last place in the queue. It cannot fail.
    drop(tokio::spawn(async {}).await);
}

/// Goes on with the panic of a slot, which is a bug that ends the run.
fn raise(ended: Result<(), JoinError>) {
    if let Some(panic) = ended.err().and_then(|error| error.try_into_panic().ok()) {
        resume_unwind(panic);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

    use super::*;

    #[test]
    fn everybody_else_has_a_turn_before_more_slots_are_made() {
        let runtime = Builder::new_current_thread().build().unwrap();
        let turns = Arc::new(AtomicU32::new(0));
        runtime.block_on(async {
            for _ in 0..100 {
                let turns = Arc::clone(&turns);
                tokio::spawn(async move { turns.fetch_add(1, Relaxed) });
            }
            everybody_else().await;
        });
        assert_eq!(turns.load(Relaxed), 100);
    }
}
