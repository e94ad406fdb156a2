//! The files of a run: one folder, one prefix, one writer each.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use aiperf_plugin_sdk::hosting::FileServices;
use aiperf_plugin_sdk::{ErrorKind, PluginError, Result};
use tempfile::NamedTempFile;

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
pub struct Artifacts(Arc<Inner>);

struct Inner {
    dir: PathBuf,
    has_folder: bool,
    prefix: String,
    stdout: SharedWriter,
    /// Who writes which file.
    writers: Mutex<HashMap<PathBuf, String>>,
}

impl std::fmt::Debug for Artifacts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Artifacts")
            .field("dir", &self.0.dir)
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
        let mut folder = dir.to_owned();
        for n in 2.. {
            let failed = |source| ArtifactError {
                path: folder.clone(),
                source,
            };
            fs::create_dir_all(&folder).map_err(failed)?;
            let log = folder.join(format!("{prefix}{LOG}"));
            match File::options().write(true).create_new(true).open(log) {
                Ok(log) => {
                    let writers = Mutex::default();
                    let inner = Inner {
                        dir: folder,
                        has_folder: true,
                        prefix,
                        stdout,
                        writers,
                    };
                    return Ok((Self(Arc::new(inner)), log));
                }
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

    /// No folder: there is standard output, and nothing else.
    pub fn stdout_only(stdout: SharedWriter) -> Self {
        Self(Arc::new(Inner {
            dir: PathBuf::new(),
            has_folder: false,
            prefix: String::new(),
            stdout,
            writers: Mutex::default(),
        }))
    }

    /// Writes a small file of the run itself at once, over its last version.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write(&self, name: &str, text: &str) -> Result<()> {
        let mut file = self.open(RUN, name, true)?;
        file.write(text.as_bytes())?;
        file.commit()
    }

    /// The folder.
    pub fn dir(&self) -> &Path {
        &self.0.dir
    }

    /// Where the file called `name` goes: folder and prefix are added to its last component.
    ///
    /// # Errors
    /// If `name` would leave the folder.
    pub fn path(&self, name: &str) -> Result<PathBuf> {
        if !self.0.has_folder {
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
                let file_name = format!("{}{file_name}", self.0.prefix);
                Ok(self.0.dir.join(relative.with_file_name(file_name)))
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
        if name == "-" {
            return Ok(Box::new(Stdout(Arc::clone(&self.0.stdout))));
        }
        let path = self.path(name)?;
        let mut writers = self
            .0
            .writers
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let known = writers.entry(path.clone()).or_insert(writer.to_owned());
        if known != writer {
            let message = format!("`{name}` is already written by {known}");
            return Err(PluginError::config("path", message));
        }
        drop(writers);
        let failed = |error: io::Error| io_error("create", &path, &error);
        let parent = path.parent().unwrap_or(&self.0.dir);
        fs::create_dir_all(parent).map_err(failed)?;
        if atomic {
            let file = NamedTempFile::new_in(parent).map_err(failed)?;
            return Ok(Box::new(Atomic {
                file: Some(file),
                path,
            }));
        }
        let file = File::create(&path).map_err(failed)?;
        Ok(Box::new(Streaming {
            file,
            path,
            written: 0,
        }))
    }
}

fn io_error(verb: &str, path: &Path, error: &io::Error) -> PluginError {
    PluginError::new(
        ErrorKind::Io,
        format!("cannot {verb} `{}`: {error}", path.display()),
    )
}

struct Stdout(SharedWriter);

impl Stdout {
    fn with(&self, work: impl FnOnce(&mut (dyn Write + Send)) -> io::Result<()>) -> Result<()> {
        let mut stdout = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match work(&mut *stdout) {
            // A reader that has seen enough (`| head`) is no failure of the run.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            Err(error) => Err(PluginError::new(
                ErrorKind::Io,
                format!("standard output: {error}"),
            )),
            Ok(()) => Ok(()),
        }
    }
}

impl FileServices for Stdout {
    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.with(|stdout| stdout.write_all(bytes))
    }
    fn flush(&mut self) -> Result<()> {
        self.with(|stdout| stdout.flush())
    }
    fn commit(&mut self) -> Result<()> {
        self.flush()
    }
    fn discard(&mut self) -> Result<()> {
        Ok(())
    }
}

struct Streaming {
    file: File,
    path: PathBuf,
    /// Bytes of all writes that succeeded.
    written: u64,
}

impl Streaming {
    /// Takes back what a failed write left: half a line would spoil the lines after it.
    fn rewind(&mut self) -> io::Result<()> {
        self.file.set_len(self.written)?;
        self.file.seek(SeekFrom::Start(self.written)).map(drop)
    }
}

impl FileServices for Streaming {
    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        match self.file.write_all(bytes) {
            Ok(()) => self.written += bytes.len() as u64,
            Err(error) => {
                // If even that fails, the first error is the one to tell.
                drop(self.rewind());
                return Err(io_error("write", &self.path, &error));
            }
        }
        Ok(())
    }
    fn flush(&mut self) -> Result<()> {
        // Written bytes are the kernel's already: they survive a crash of this process.
        Ok(())
    }
    fn commit(&mut self) -> Result<()> {
        Ok(())
    }
    fn discard(&mut self) -> Result<()> {
        fs::remove_file(&self.path).map_err(|error| io_error("remove", &self.path, &error))
    }
}

struct Atomic {
    /// `None` once committed, discarded, or incomplete.
    file: Option<NamedTempFile>,
    path: PathBuf,
}

impl Atomic {
    fn taken() -> PluginError {
        PluginError::new(
            ErrorKind::Io,
            "the file is already final, or was given up after a failed write",
        )
    }
}

impl FileServices for Atomic {
    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        let file = self.file.as_mut().ok_or_else(Self::taken)?;
        let written = file.as_file_mut().write_all(bytes);
        written.map_err(|error| {
            // Never let an incomplete file appear under its name.
            self.file = None;
            io_error("write", &self.path, &error)
        })
    }
    fn flush(&mut self) -> Result<()> {
        Ok(())
    }
    fn commit(&mut self) -> Result<()> {
        let file = self.file.take().ok_or_else(Self::taken)?;
        readable_as_usual(file.as_file());
        file.persist(&self.path)
            .map(drop)
            .map_err(|error| io_error("write", &self.path, &error.error))
    }
    fn discard(&mut self) -> Result<()> {
        self.file.take();
        Ok(())
    }
}

/// Temporary files are private; reports are not.
#[cfg(unix)]
fn readable_as_usual(file: &File) {
    use std::os::unix::fs::PermissionsExt;
    // Without it the report is merely private: not worth failing for.
    drop(file.set_permissions(fs::Permissions::from_mode(0o644)));
}

#[cfg(not(unix))]
fn readable_as_usual(_: &File) {}

#[cfg(test)]
mod tests;
