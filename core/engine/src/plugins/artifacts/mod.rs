//! The files of a run: one folder, one prefix, one writer each.

mod files;

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aiperf_plugin_sdk::hosting::FileServices;
use aiperf_plugin_sdk::{PluginError, Result};

use crate::secrets::{Masked, Secrets};
use files::{Atomic, Stdout, Streaming, is_at, restore};

/// Name of the log of a run.
const LOG: &str = "run.log";
/// Writer of files that are no plugin's.
const RUN: &str = "run";

/// Standard output, lent by whoever runs the engine.
pub type SharedWriter = Arc<Mutex<dyn Write + Send>>;

/// A file or folder of the run that cannot be made.
#[derive(Debug, thiserror::Error)]
#[error("cannot create `{}`: {source}; choose another folder with `--artifact-dir`", path.display())]
pub struct ArtifactError {
    /// What was to be created.
    pub path: PathBuf,
    /// Why it cannot be.
    #[source]
    pub source: io::Error,
}

/// Where the files of a run go.
#[derive(Clone)]
pub struct Artifacts {
    inner: Arc<Inner>,
    /// What must be in no file.
    secrets: Arc<Secrets>,
}

struct Inner {
    /// The folder, and the log that marks it as ours; `None` if there is only standard output.
    place: Mutex<Option<(PathBuf, File)>>,
    prefix: String,
    stdout: SharedWriter,
    /// Who writes which file, by its name below the folder.
    writers: Mutex<HashMap<PathBuf, String>>,
    /// What the run itself has written, should it get lost.
    own: Mutex<HashMap<String, String>>,
}

impl std::fmt::Debug for Artifacts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Artifacts")
            .field("dir", &self.dir())
            .finish_non_exhaustive()
    }
}

impl Artifacts {
    /// Uses `dir`, or `dir-2`, `dir-3`… if an earlier run with the same prefix is there: it is
    /// never overwritten. Runs with different prefixes share a folder. The run's log marks the
    /// place as taken.
    ///
    /// # Errors
    /// If the folder or the log cannot be created.
    pub fn claim(
        dir: &Path,
        prefix: &str,
        stdout: SharedWriter,
    ) -> Result<(Self, File), ArtifactError> {
        let prefix = if prefix.is_empty() {
            String::new()
        } else {
            format!("{prefix}_")
        };
        let (folder, log) = free_place(dir, &prefix)?;
        let ours = log.try_clone().map_err(|source| ArtifactError {
            path: folder.clone(),
            source,
        })?;
        let inner = Inner {
            place: Mutex::new(Some((folder, ours))),
            prefix,
            stdout,
            writers: Mutex::default(),
            own: Mutex::default(),
        };
        Ok((Self::of(inner), log))
    }

    /// If somebody has removed the folder, or put another one there, takes a place again: files that
    /// become final from then on go there, whole. Returns it.
    ///
    /// # Errors
    /// If there is none.
    pub fn secure(&self) -> Result<Option<PathBuf>, ArtifactError> {
        let mut place = lock(&self.inner.place);
        let Some((dir, log)) = &mut *place else {
            return Ok(None);
        };
        let name = format!("{}{LOG}", self.inner.prefix);
        if is_at(log, &dir.join(&name)) {
            return Ok(None);
        }
        let (folder, mut empty) = free_place(dir, &self.inner.prefix)?;
        let taken = restore(log, &mut empty).map_err(|source| ArtifactError {
            path: folder.join(&name),
            source,
        });
        dir.clone_from(&folder);
        // What is logged from now on goes to the file that is there no more, and is added at the end.
        taken.map(|()| Some(folder))
    }

    /// Writes again what the run itself had written and is gone; the last step of a run whose folder
    /// was taken away.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn restore(&self) -> Result<()> {
        let own = lock(&self.inner.own).clone();
        for (name, text) in own {
            if !self.path(&name)?.exists() {
                self.write(&name, &text)?;
            }
        }
        let log = format!("{}{LOG}", self.inner.prefix);
        match &mut *lock(&self.inner.place) {
            Some((dir, ours)) if !is_at(ours, &dir.join(&log)) => {
                let path = dir.join(&log);
                let failed = |error: io::Error| files::io_error("write", &path, &error);
                let mut file = File::create(&path).map_err(failed)?;
                restore(ours, &mut file).map_err(failed)
            }
            _ => Ok(()),
        }
    }

    /// No folder: there is standard output, and nothing else.
    pub fn stdout_only(stdout: SharedWriter) -> Self {
        Self::of(Inner {
            place: Mutex::default(),
            prefix: String::new(),
            stdout,
            writers: Mutex::default(),
            own: Mutex::default(),
        })
    }

    fn of(inner: Inner) -> Self {
        Self {
            inner: Arc::new(inner),
            secrets: Arc::default(),
        }
    }

    /// Keeps secrets out of every file: as asterisks, as many as the secret has bytes.
    #[must_use]
    pub fn without(self, secrets: Arc<Secrets>) -> Self {
        Self { secrets, ..self }
    }

    /// Writes a small file of the run itself at once, over its last version.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write(&self, name: &str, text: &str) -> Result<()> {
        let mut file = self.open(RUN, name, true)?;
        file.write(text.as_bytes())?;
        lock(&self.inner.own).insert(name.to_owned(), text.to_owned());
        file.commit()
    }

    /// The folder; empty if there is none.
    pub fn dir(&self) -> PathBuf {
        let place = lock(&self.inner.place);
        place
            .as_ref()
            .map(|(dir, _)| dir.clone())
            .unwrap_or_default()
    }

    /// Where the file called `name` goes: folder and prefix are added to its last component.
    ///
    /// # Errors
    /// If `name` would leave the folder.
    pub fn path(&self, name: &str) -> Result<PathBuf> {
        let dir = self.dir();
        if dir.as_os_str().is_empty() {
            let message = format!("`{name}` needs a folder: name one with `--artifact-dir`");
            return Err(PluginError::config("path", message));
        }
        let relative = Path::new(name);
        let inside = relative
            .components()
            .all(|part| matches!(part, Component::Normal(_)));
        let file_name = relative.file_name().and_then(|name| name.to_str());
        match file_name {
            Some(file_name) if inside => {
                let file_name = format!("{}{file_name}", self.inner.prefix);
                Ok(dir.join(relative.with_file_name(file_name)))
            }
            _ => Err(PluginError::config(
                "path",
                format!("`{name}` must be a file name or a path below the artifact folder"),
            )),
        }
    }

    /// Opens a file for the only one who writes it; `"-"` is standard output. Who opens a file again
    /// starts it anew.
    ///
    /// # Errors
    /// If it cannot be created, or another one writes it.
    pub fn open(&self, writer: &str, name: &str, atomic: bool) -> Result<Box<dyn FileServices>> {
        let file = self.open_bare(writer, name, atomic)?;
        Ok(Masked::over(file, &self.secrets))
    }

    fn open_bare(&self, writer: &str, name: &str, atomic: bool) -> Result<Box<dyn FileServices>> {
        if name == "-" {
            return Ok(Box::new(Stdout(Arc::clone(&self.inner.stdout))));
        }
        let path = self.path(name)?;
        let mut writers = lock(&self.inner.writers);
        let known = writers.entry(name.into()).or_insert(writer.to_owned());
        if known != writer {
            let message = format!("`{name}` is already written by {known}");
            return Err(PluginError::config("path", message));
        }
        drop(writers);
        if atomic {
            Ok(Box::new(Atomic::new(self.clone(), name, &path)?))
        } else {
            Ok(Box::new(Streaming::create(self.clone(), name, &path)?))
        }
    }
}

/// The first of `dir`, `dir-2`, `dir-3`… that no run with this prefix has taken, and its new log.
fn free_place(dir: &Path, prefix: &str) -> Result<(PathBuf, File), ArtifactError> {
    let mut folder = dir.to_owned();
    for n in 2.. {
        let failed = |source| ArtifactError {
            path: folder.clone(),
            source,
        };
        fs::create_dir_all(&folder).map_err(failed)?;
        let log = folder.join(format!("{prefix}{LOG}"));
        // Appending, so that reading it again does not move where the next line goes.
        let mut options = File::options();
        match options.read(true).append(true).create_new(true).open(log) {
            Ok(log) => return Ok((folder, log)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                let mut name = dir.file_name().unwrap_or_default().to_owned();
                name.push(format!("-{n}"));
                folder = dir.with_file_name(name);
            }
            Err(error) => return Err(failed(error)),
        }
    }
    unreachable!("there is always another number")
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
