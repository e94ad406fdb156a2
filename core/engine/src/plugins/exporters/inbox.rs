//! What one exporter still has to take: some in memory, the rest on disk, in order.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use aiperf_plugin_sdk::view::{SchemaDelta, ScrapeRecord};

use super::message::{End, Update};
use super::spill::Spill;

/// What one exporter may have waiting.
#[derive(Debug, Clone)]
pub(super) struct Limits {
    /// Bytes in memory. One update is taken whatever its size.
    pub(super) memory: usize,
    /// Bytes on disk; 0 for none.
    pub(super) disk: u64,
    /// Folder for them.
    pub(super) dir: PathBuf,
}

/// What became of the updates so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Tally {
    /// Updates that went over disk.
    pub(super) spilled: u64,
    /// Updates that found no room.
    pub(super) dropped: u64,
    /// Why the disk could not be used, if it could not.
    pub(super) disk_error: Option<String>,
}

/// The next thing to do.
#[derive(Debug)]
pub(super) enum Next {
    Update(Update),
    End(End),
}

/// A bounded queue between the run and one exporter. Nobody who puts something in ever waits for
/// the exporter.
#[derive(Debug)]
pub(super) struct Inbox {
    limits: Limits,
    state: Mutex<State>,
    filled: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// All older than what is on disk.
    memory: VecDeque<Update>,
    /// Weight of `memory`.
    weight: usize,
    disk: Option<Spill>,
    /// Schema of scrapes that were dropped.
    owed: SchemaDelta,
    tally: Tally,
    end: Option<End>,
    /// Nobody reads any more.
    closed: bool,
}

impl Inbox {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            limits,
            state: Mutex::default(),
            filled: Condvar::new(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts an update in, or counts it as dropped.
    pub(super) fn put(&self, update: Update) {
        let mut state = self.lock();
        if !state.closed {
            state.put(update, &self.limits);
            self.filled.notify_one();
        }
    }

    /// The last thing to do, after everything that waits.
    pub(super) fn end(&self, end: End) {
        self.lock().end = Some(end);
        self.filled.notify_one();
    }

    /// Waits for the next thing to do. The error is a line about updates that are lost.
    pub(super) fn next(&self) -> Result<Next, String> {
        let mut state = self.lock();
        loop {
            if let Some(update) = state.take()? {
                return Ok(Next::Update(update));
            }
            if let Some(end) = state.end.take() {
                return Ok(Next::End(end));
            }
            state = self
                .filled
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Lets nothing in any more.
    pub(super) fn close(&self) {
        let mut state = self.lock();
        state.closed = true;
        state.memory.clear();
        state.disk = None;
    }

    /// What became of the updates so far.
    pub(super) fn tally(&self) -> Tally {
        self.lock().tally.clone()
    }
}

impl State {
    fn put(&mut self, update: Update, limits: &Limits) {
        let update = self.with_owed(update);
        let weight = update.weight();
        let on_disk = self.disk.as_ref().map_or(0, Spill::len);
        let fits = self.memory.is_empty() || self.weight + weight <= limits.memory;
        if on_disk == 0 && fits {
            self.weight += weight;
            self.memory.push_back(update);
        } else if self.spill(&update, limits) {
            self.tally.spilled += 1;
        } else {
            self.tally.dropped += 1;
            if let Update::Scrape(record) = &update {
                self.owed.clone_from(&record.schema);
            }
        }
    }

    /// A dropped scrape's schema goes along with the next: without it, no later id could be
    /// understood.
    fn with_owed(&mut self, update: Update) -> Update {
        match update {
            Update::Scrape(record) if !self.owed.is_empty() => {
                let mut whole = ScrapeRecord::clone(&record);
                let fresh = std::mem::replace(&mut whole.schema, std::mem::take(&mut self.owed));
                whole.schema.extend(fresh);
                Update::Scrape(Arc::new(whole))
            }
            update => update,
        }
    }

    /// Puts an update on disk; false if there is no room.
    fn spill(&mut self, update: &Update, limits: &Limits) -> bool {
        if limits.disk == 0 {
            return false;
        }
        let pushed = update.to_bytes().map_err(|error| error.to_string());
        let pushed = pushed.and_then(|frame| {
            self.open_disk(limits)
                .and_then(|disk| disk.push(&frame))
                .map_err(|error| error.to_string())
        });
        pushed.unwrap_or_else(|error| {
            self.tally.disk_error.get_or_insert(error);
            false
        })
    }

    fn open_disk(&mut self, limits: &Limits) -> std::io::Result<&mut Spill> {
        if self.disk.is_none() {
            self.disk = Some(Spill::create(&limits.dir, limits.disk)?);
        }
        Ok(self.disk.as_mut().expect("just made"))
    }

    /// The oldest update.
    fn take(&mut self) -> Result<Option<Update>, String> {
        if let Some(update) = self.memory.pop_front() {
            self.weight -= update.weight();
            return Ok(Some(update));
        }
        let Some(disk) = &mut self.disk else {
            return Ok(None);
        };
        let waiting = disk.len();
        let frame = disk.pop().map_err(|error| error.to_string());
        let update = frame.and_then(|frame| {
            let update = frame.map(|frame| Update::from_bytes(&frame));
            update.transpose().map_err(|error| error.to_string())
        });
        update.map_err(|error| {
            self.tally.dropped += waiting;
            self.disk = None;
            format!("{waiting} updates cannot be read back from disk: {error}")
        })
    }
}

#[cfg(test)]
mod tests;
