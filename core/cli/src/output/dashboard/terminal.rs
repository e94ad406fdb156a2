//! The terminal: its other screen, without a cursor and without the echo of keys. Keys mean what they
//! always mean, Ctrl-C above all.

use std::io::{self, IsTerminal as _, Stderr};

use console::Term;
use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::cursor::{Hide, Show};
use ratatui::crossterm::execute;
use ratatui::crossterm::terminal::{EnterAlternateScreen, LeaveAlternateScreen};
use ratatui::layout::Rect;
use ratatui::{Frame, Terminal, TerminalOptions, Viewport};

/// The terminal as long as it is taken.
pub(super) struct Taken {
    terminal: Terminal<CrosstermBackend<Stderr>>,
    size: Rect,
    _quiet: Option<Quiet>,
}

impl Taken {
    /// Takes the terminal on stderr.
    pub(super) fn take() -> io::Result<Self> {
        let mut stderr = io::stderr();
        if !stderr.is_terminal() {
            return Err(io::Error::other("standard error is no terminal"));
        }
        let quiet = Quiet::please();
        execute!(stderr, EnterAlternateScreen, Hide)?;
        let size = size().unwrap_or(Rect::new(0, 0, 80, 24));
        let viewport = Viewport::Fixed(size);
        let terminal =
            Terminal::with_options(CrosstermBackend::new(stderr), TerminalOptions { viewport });
        // From here on, dropping it gives the screen back.
        Ok(Self {
            terminal: terminal.inspect_err(|_| give_back())?,
            size,
            _quiet: quiet,
        })
    }

    pub(super) fn draw(&mut self, draw: impl FnOnce(&mut Frame<'_>)) -> io::Result<()> {
        if let Some(size) = size().filter(|size| *size != self.size) {
            self.size = size;
            self.terminal.resize(size)?;
        }
        self.terminal.draw(draw)?;
        Ok(())
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        give_back();
    }
}

/// Of the terminal on stderr: the library asks that on stdout, which may be a file.
fn size() -> Option<Rect> {
    let (rows, columns) = Term::stderr().size_checked()?;
    Some(Rect::new(0, 0, columns, rows))
}

/// Goes back to the screen that was there before.
pub(super) fn give_back() {
    // There is nobody to tell that the terminal is gone.
    execute!(io::stderr(), LeaveAlternateScreen, Show).ok();
}

#[cfg(unix)]
use quiet::Quiet;

#[cfg(unix)]
mod quiet {
    use std::io;

    use nix::sys::termios::{LocalFlags, SetArg, Termios, tcgetattr, tcsetattr};

    /// The terminal does not echo keys, which would tear the picture.
    pub(super) struct Quiet {
        before: Termios,
    }

    impl Quiet {
        /// `None` if input is no terminal.
        pub(super) fn please() -> Option<Self> {
            let before = tcgetattr(io::stdin()).ok()?;
            let mut quiet = before.clone();
            quiet.local_flags.remove(LocalFlags::ECHO);
            tcsetattr(io::stdin(), SetArg::TCSANOW, &quiet).ok()?;
            Some(Self { before })
        }
    }

    impl Drop for Quiet {
        fn drop(&mut self) {
            // What was typed meanwhile was not meant for the shell.
            tcsetattr(io::stdin(), SetArg::TCSAFLUSH, &self.before).ok();
        }
    }
}

#[cfg(not(unix))]
struct Quiet;

#[cfg(not(unix))]
impl Quiet {
    fn please() -> Option<Self> {
        None
    }
}
