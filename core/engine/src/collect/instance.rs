//! A collector instance on a thread of its own: it opens there, then the runtime asks and the
//! thread answers.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use aiperf_plugin_sdk::hosting::CollectorHandle;
use aiperf_plugin_sdk::{ErrorKind, PluginError, Response, Verdict};
use tokio::sync::oneshot;

type Job = Box<dyn FnOnce(&mut CollectorHandle) + Send>;

/// Asks one collector instance; calls wait in line.
#[derive(Clone)]
pub(super) struct Instance {
    name: Arc<str>,
    jobs: Sender<Job>,
    silence: Arc<Silence>,
}

/// Trouble with looking at answers.
#[derive(Default)]
struct Silence {
    /// It did not come back: it is not asked again.
    is_lasting: AtomicBool,
    /// A fault was told: one answer after the other would tell the same.
    is_told: AtomicBool,
}

/// What an instance is asked, in order. Ends when the last [`Instance`] is gone.
pub(super) struct Jobs(Receiver<Job>);

impl std::fmt::Debug for Instance {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Instance").field(&self.name).finish()
    }
}

/// Owned head of an answer.
#[derive(Debug, Clone)]
pub(super) struct Head {
    pub(super) target_id: String,
    pub(super) status: Option<u16>,
    pub(super) content_type: String,
    pub(super) bytes: Vec<u8>,
    pub(super) error: String,
    pub(super) headers: String,
}

impl Jobs {
    /// Does everything that is asked, then closes the collector; how that went.
    pub(super) fn serve(self, mut handle: CollectorHandle) -> Result<(), PluginError> {
        while let Ok(job) = self.0.recv() {
            job(&mut handle);
        }
        handle.close()
    }
}

impl Instance {
    /// An instance that can be asked, and what its thread has to serve.
    pub(super) fn new(name: &str) -> (Self, Jobs) {
        let (jobs, work) = channel();
        let instance = Self {
            name: name.into(),
            jobs,
            silence: Arc::default(),
        };
        (instance, Jobs(work))
    }

    pub(super) fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// Runs `work` on the instance's thread.
    pub(super) async fn ask<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut CollectorHandle) -> Result<T, PluginError> + Send + 'static,
    ) -> Result<T, PluginError> {
        let (reply, answer) = oneshot::channel();
        let job: Job = Box::new(move |handle| {
            // The asker may have given up waiting.
            drop(reply.send(work(handle)));
        });
        let gone = || PluginError::new(ErrorKind::Other, "its thread has ended");
        self.jobs.send(job).map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }

    /// Gives the thread to `work` for good, as a stream collector needs it.
    pub(super) fn run(&self, work: impl FnOnce(&mut CollectorHandle) + Send + 'static) {
        // Its thread serves as long as `self` lives.
        drop(self.jobs.send(Box::new(work)));
    }

    /// What the collector wants done after an answer. If it does not say so within `limit`, or panics, the
    /// answer is kept; the error is one to be told.
    pub(super) async fn on_response(
        &self,
        head: Head,
        limit: Duration,
    ) -> (Verdict, Option<PluginError>) {
        if self.silence.is_lasting.load(Ordering::Relaxed) {
            return (Verdict::Keep, None);
        }
        let asked = self.ask(move |handle| {
            handle.on_response(&Response {
                target_id: &head.target_id,
                status: head.status,
                content_type: &head.content_type,
                head: &head.bytes,
                error: &head.error,
                headers: &head.headers,
            })
        });
        let error = match tokio::time::timeout(limit, asked).await {
            Ok(Ok(verdict)) => return (verdict, None),
            Ok(Err(error)) => error,
            Err(_elapsed) => {
                self.silence.is_lasting.store(true, Ordering::Relaxed);
                let message = format!(
                    "it did not say within {limit:?} what to do with an answer, and is not asked again"
                );
                PluginError::new(ErrorKind::Timeout, message)
            }
        };
        let is_told = self.silence.is_told.swap(true, Ordering::Relaxed);
        // Of the end of its process it was told already.
        let is_told = is_told || error.kind == ErrorKind::Crashed;
        (Verdict::Keep, Some(error).filter(|_| !is_told))
    }
}
