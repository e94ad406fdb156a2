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
use super::worker::Worker;

/// How often finished requests are handed on, whether or not a block is full.
const FLUSH_INTERVAL: Duration = Duration::from_millis(100);

/// A phase for a thread to take part in.
struct Assignment {
    phase: Arc<Phase>,
    part: Part,
}

/// A thread's part in a phase.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part {
    /// Its slots at most.
    pub(super) slots: usize,
    /// Number of its first slot, over all threads.
    pub(super) first: usize,
    /// From one of its slots to the next.
    pub(super) step: usize,
}

/// Turns of tasks between two looks at sockets and timers. A response that arrives faster than it can
/// be read is always ready for its next turn: with the runtime's 61 it keeps the timeouts, and the
/// other requests of the thread, waiting for seconds.
const TURNS: u32 = 16;

/// Turns of tasks between two looks at what other threads have woken: the pacer's tasks are not to wait
/// behind a wave of tokens.
const PACER_TURNS: u32 = 8;

/// A thread has done its part of a phase.
#[derive(Clone, Copy, Debug)]
pub(super) struct Finished {
    pub(super) thread: usize,
    pub(super) used: ThreadUse,
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
        finished: mpsc::Sender<Finished>,
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
            serve(&runtime, receiver, index, &shared, clients, &finished);
        })
        .map_err(LoadError::Thread)?;
        Ok(Self {
            assignments,
            handle,
        })
    }

    /// Gives the thread its part of a phase.
    pub(super) fn assign(&self, phase: Arc<Phase>, part: Part) -> Result<(), LoadError> {
        self.assignments
            .send(Assignment { phase, part })
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
    finished: &mpsc::Sender<Finished>,
) {
    let clients: Arc<[Client]> = clients.into();
    runtime.block_on(async move {
        while let Some(assignment) = assignments.recv().await {
            let before = used_so_far();
            take_part(assignment, index, shared, &clients).await;
            let used = used_since(before);
            let done = Finished {
                thread: index,
                used,
            };
            // Nobody listens any more only if the run was given up.
            finished.send(done).ok();
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

async fn take_part(
    Assignment { phase, part }: Assignment,
    index: usize,
    shared: &Arc<Shared>,
    clients: &Arc<[Client]>,
) {
    let (crew, mut wanted) = Crew::new(part.slots, phase.ahead());
    let worker = Arc::new(Worker {
        shared: Arc::clone(shared),
        clients: Arc::clone(clients),
        phase: Arc::clone(&phase),
        index: u16::try_from(index).unwrap_or(u16::MAX),
        crew,
        cancel: Cancel::default(),
        block: Mutex::new(RequestRecords::default()),
    });
    let slot = |number| Arc::clone(&worker).slot(part.first + part.step * number);
    let mut slots: JoinSet<()> = (0..worker.crew.made()).map(slot).collect();
    let rising = (index == 0).then(|| tokio::spawn(rise(Arc::clone(&worker))));
    let mut halts = phase.halts();
    worker.cancel.fire(*halts.borrow_and_update());
    let mut flush = tokio::time::interval(FLUSH_INTERVAL);
    loop {
        tokio::select! {
            // A slot asks for another one before it ends, so that no request for one is left behind.
            biased;
            Some(number) = wanted.recv() => drop(slots.spawn(slot(number))),
            ended = slots.join_next() => match ended {
                Some(ended) => raise(ended),
                None => break,
            },
            Ok(()) = halts.changed() => worker.cancel.fire(*halts.borrow_and_update()),
            _ = flush.tick() => worker.flush(),
        }
    }
    if let Some(rising) = rising {
        rising.abort();
    }
    worker.flush();
}

/// Lets the limit of requests without a first token rise, if there is one.
async fn rise(worker: Arc<Worker>) {
    if let Some(prefill) = &worker.phase.prefill {
        prefill.rise(&worker.shared.pacer, worker.phase.start).await;
    }
}

/// Goes on with the panic of a slot, which is a bug that ends the run.
fn raise(ended: Result<(), JoinError>) {
    if let Some(panic) = ended.err().and_then(|error| error.try_into_panic().ok()) {
        resume_unwind(panic);
    }
}
