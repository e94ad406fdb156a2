//! The run on the whole screen. It has the terminal until the report is written; what others say on
//! stderr meanwhile is shown in it, and said again afterwards.

mod state;
mod terminal;
mod view;

use std::io;
use std::sync::{Mutex, MutexGuard, Once, PoisonError, TryLockError};
use std::time::{Duration, Instant};

use aiperf_core::event::Event;

use self::state::State;
use self::terminal::Taken;

/// Between two drawings.
const EVERY: Duration = Duration::from_millis(100);

/// There is one terminal, and so at most one dashboard.
static LIVE: Mutex<Option<Live>> = Mutex::new(None);

struct Live {
    state: State,
    terminal: Taken,
    drawn: Option<Instant>,
}

impl Live {
    fn draw(&mut self) {
        self.drawn = Some(Instant::now());
        let state = &self.state;
        // A terminal that is gone is noticed where the report is written.
        self.terminal.draw(|frame| view::draw(state, frame)).ok();
    }

    fn draw_if_due(&mut self) {
        if self.drawn.is_none_or(|drawn| drawn.elapsed() >= EVERY) {
            self.draw();
        }
    }
}

/// The dashboard, which gives the terminal back when it is dropped.
#[derive(Debug)]
pub(super) struct Dashboard;

impl Dashboard {
    /// Takes the terminal on stderr.
    ///
    /// # Errors
    /// There is none, or it does not do as told.
    pub(super) fn open() -> io::Result<Self> {
        let terminal = Taken::take()?;
        give_back_before_a_panic_is_told();
        *live() = Some(Live {
            state: State::default(),
            terminal,
            drawn: None,
        });
        Ok(Self)
    }
}

impl Drop for Dashboard {
    fn drop(&mut self) {
        close();
    }
}

/// Shows what happened, if there is a dashboard.
pub(super) fn take(event: &Event) {
    if matches!(event, Event::Reporting) {
        close();
        return;
    }
    if let Some(live) = &mut *live() {
        live.state.take(event);
        if matches!(event, Event::Phase(_)) {
            live.draw();
        }
        live.draw_if_due();
    }
}

/// Shows a line for stderr if there is a dashboard, and keeps it for afterwards. False if there is none.
pub(super) fn divert(text: &str) -> bool {
    let mut live = live();
    let Some(live) = &mut *live else {
        return false;
    };
    live.state.say(text);
    live.draw();
    true
}

/// Gives the terminal back, and says what was said meanwhile.
fn close() {
    let closed = live().take();
    if let Some(Live {
        state, terminal, ..
    }) = closed
    {
        drop(terminal);
        state.said().for_each(|line| super::say(&line));
    }
}

fn live() -> MutexGuard<'static, Option<Live>> {
    // What is shown is not worth a panic of its own.
    LIVE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The message would be lost with the screen.
fn give_back_before_a_panic_is_told() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let tell = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            // Whoever panics may be drawing.
            let closed = match LIVE.try_lock() {
                Ok(mut live) => live.take(),
                Err(TryLockError::Poisoned(live)) => live.into_inner().take(),
                Err(TryLockError::WouldBlock) => {
                    terminal::give_back();
                    None
                }
            };
            drop(closed);
            tell(info);
        }));
    });
}
