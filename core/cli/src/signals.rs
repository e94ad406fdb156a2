//! Ctrl-C once: stop sending and finish. Twice: give up what is in flight. The files stay valid
//! either way.

use std::thread;

use aiperf_core::load::{Stop, StopSignal};

use crate::output;

/// Watches for SIGINT and SIGTERM on a thread of its own. Without one the default handling stays.
pub(crate) fn watch(stop: StopSignal) {
    let watcher = thread::Builder::new()
        .name("signals".to_owned())
        .spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            if let Ok(runtime) = runtime {
                runtime.block_on(escalate(&stop));
            }
        });
    if let Err(error) = watcher {
        output::say(&format!("Ctrl-C will end the run at once: {error}"));
    }
}

async fn escalate(stop: &StopSignal) {
    for (urgency, message) in [
        (
            Stop::Drain,
            "Finishing what is in flight; press Ctrl-C again to give it up.",
        ),
        (
            Stop::Abort,
            "Giving up what is in flight; writing what there is.",
        ),
    ] {
        if interrupted().await.is_err() {
            return;
        }
        output::say(message);
        stop.request(urgency);
    }
}

#[cfg(unix)]
async fn interrupted() -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        result = tokio::signal::ctrl_c() => result,
        _ = terminate.recv() => Ok(()),
    }
}

#[cfg(not(unix))]
async fn interrupted() -> std::io::Result<()> {
    tokio::signal::ctrl_c().await
}
