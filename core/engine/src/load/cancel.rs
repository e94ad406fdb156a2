//! Ending what all slots of one load thread do, at once.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};

use super::stop::{Stop, StopSignal};

/// The future was cancelled before it was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cancelled;

/// A switch that all tasks of one thread watch. Watching costs one flag a poll, which matters
/// because a request is polled for every token.
#[derive(Debug, Default)]
pub(super) struct Cancel {
    state: StopSignal,
    watchers: Mutex<Vec<Waker>>,
}

impl Cancel {
    /// Registers the calling task; it is woken when the switch is thrown, wherever it waits then.
    pub(super) async fn watch(&self) {
        poll_fn(|cx| {
            self.watchers().push(cx.waker().clone());
            Poll::Ready(())
        })
        .await;
    }

    /// Throws the switch; a weaker wish than one already made ends nothing.
    pub(super) fn fire(&self, stop: Stop) {
        self.state.request(stop);
        self.watchers().iter().for_each(Waker::wake_by_ref);
    }

    /// Runs `future` until it is done or the switch stands at `stop` or beyond. The task must be
    /// watching.
    pub(super) async fn guard<F: Future>(
        &self,
        stop: Stop,
        future: F,
    ) -> Result<F::Output, Cancelled> {
        let mut future = pin!(future);
        poll_fn(|cx| match future.as_mut().poll(cx) {
            Poll::Ready(output) => Poll::Ready(Ok(output)),
            Poll::Pending if self.state.state() >= stop => Poll::Ready(Err(Cancelled)),
            Poll::Pending => Poll::Pending,
        })
        .await
    }

    fn watchers(&self) -> MutexGuard<'_, Vec<Waker>> {
        // A list of wakers is sound at every moment, so that poisoning means nothing.
        self.watchers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};
    use std::sync::Arc;

    use super::*;

    fn block_on<T>(future: impl Future<Output = T>) -> T {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        runtime.block_on(future)
    }

    #[test]
    fn a_thrown_switch_wakes_every_waiting_task() {
        block_on(async {
            let cancel = Arc::new(Cancel::default());
            let wait = || {
                let cancel = Arc::clone(&cancel);
                tokio::spawn(async move {
                    cancel.watch().await;
                    cancel.guard(Stop::Abort, pending::<()>()).await
                })
            };
            let waiting = [wait(), wait()];
            tokio::task::yield_now().await;
            cancel.fire(Stop::Abort);
            for task in waiting {
                assert_eq!(task.await.unwrap(), Err(Cancelled));
            }
        });
    }

    #[test]
    fn what_is_done_is_not_cancelled() {
        let cancel = Cancel::default();
        cancel.fire(Stop::Abort);
        assert_eq!(block_on(cancel.guard(Stop::Abort, ready(1))), Ok(1));
    }

    #[test]
    fn draining_ends_what_waits_and_not_what_runs() {
        let cancel = Cancel::default();
        cancel.fire(Stop::Drain);
        let waits = block_on(cancel.guard(Stop::Drain, pending::<()>()));
        assert_eq!(waits, Err(Cancelled));
        let runs = pin!(cancel.guard(Stop::Abort, pending::<()>()));
        let cx = &mut std::task::Context::from_waker(Waker::noop());
        assert!(runs.poll(cx).is_pending());
    }
}
