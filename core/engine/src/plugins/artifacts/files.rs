//! Files of a run as plugins get them.

use std::fs::{self, File};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::PoisonError;

use aiperf_plugin_sdk::hosting::FileServices;
use aiperf_plugin_sdk::{ErrorKind, PluginError, Result};
use tempfile::NamedTempFile;

use super::{Artifacts, SharedWriter};

pub(super) fn io_error(verb: &str, path: &Path, error: &io::Error) -> PluginError {
    PluginError::new(
        ErrorKind::Io,
        format!("cannot {verb} `{}`: {error}", path.display()),
    )
}

pub(super) struct Stdout(pub(super) SharedWriter);

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

/// A file that grows while the run goes on.
pub(super) struct Streaming {
    artifacts: Artifacts,
    name: String,
    file: File,
    path: PathBuf,
    /// Bytes of all writes that succeeded.
    written: u64,
}

impl Streaming {
    pub(super) fn create(artifacts: Artifacts, name: &str, path: &Path) -> Result<Self> {
        Ok(Self {
            artifacts,
            name: name.to_owned(),
            file: create(path).map_err(|error| io_error("create", path, &error))?,
            path: path.to_owned(),
            written: 0,
        })
    }

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
        let path = self.artifacts.path(&self.name)?;
        if is_at(&self.file, &path) {
            return Ok(());
        }
        // Its folder was taken away. We still hold the file, and with it all that it had.
        let failed = |error: io::Error| io_error("write", &path, &error);
        let mut again = create(&path).map_err(failed)?;
        restore(&mut self.file, &mut again).map_err(failed)?;
        (self.file, self.path) = (again, path);
        Ok(())
    }
    fn discard(&mut self) -> Result<()> {
        match fs::remove_file(&self.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(io_error("remove", &self.path, &error))
            }
            _ => Ok(()),
        }
    }
}

/// A file that appears when it is whole.
pub(super) struct Atomic {
    artifacts: Artifacts,
    name: String,
    state: State,
}

enum State {
    /// Nothing is on disk yet, so that a run that is killed leaves nothing.
    Empty,
    Begun(NamedTempFile),
    /// Final, discarded, or incomplete.
    Over,
}

impl Atomic {
    /// Tries whether a file can be made there.
    pub(super) fn new(artifacts: Artifacts, name: &str, path: &Path) -> Result<Self> {
        begin(path).map_err(|error| io_error("create", path, &error))?;
        Ok(Self {
            artifacts,
            name: name.to_owned(),
            state: State::Empty,
        })
    }

    fn taken() -> PluginError {
        PluginError::new(
            ErrorKind::Io,
            "the file is already final, or was given up after a failed write",
        )
    }

    /// The file to write to, and where it will be.
    fn file(&mut self) -> Result<(&mut NamedTempFile, PathBuf)> {
        let path = self.artifacts.path(&self.name)?;
        if matches!(self.state, State::Empty) {
            let file = begin(&path).map_err(|error| io_error("create", &path, &error))?;
            self.state = State::Begun(file);
        }
        match &mut self.state {
            State::Begun(file) => Ok((file, path)),
            State::Empty | State::Over => Err(Self::taken()),
        }
    }
}

impl FileServices for Atomic {
    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        let (file, path) = self.file()?;
        let written = file.as_file_mut().write_all(bytes);
        written.map_err(|error| {
            // Never let an incomplete file appear under its name.
            self.state = State::Over;
            io_error("write", &path, &error)
        })
    }
    fn flush(&mut self) -> Result<()> {
        Ok(())
    }
    fn commit(&mut self) -> Result<()> {
        let (_, path) = self.file()?;
        let State::Begun(file) = std::mem::replace(&mut self.state, State::Over) else {
            return Err(Self::taken());
        };
        readable_as_usual(file.as_file());
        file.persist(&path)
            .map(drop)
            .map_err(|error| io_error("write", &path, &error.error))
    }
    fn discard(&mut self) -> Result<()> {
        self.state = State::Over;
        Ok(())
    }
}

/// Creates a file, and its folder if that is not there.
fn create(path: &Path) -> io::Result<File> {
    fs::create_dir_all(parent(path))?;
    let mut options = File::options();
    options.read(true).write(true).create(true).truncate(true);
    options.open(path)
}

/// Creates a file beside `path` that is gone unless it is put there.
fn begin(path: &Path) -> io::Result<NamedTempFile> {
    fs::create_dir_all(parent(path))?;
    NamedTempFile::new_in(parent(path))
}

fn parent(path: &Path) -> &Path {
    path.parent().unwrap_or(path)
}

/// Copies all that `from` holds.
pub(super) fn restore(from: &mut File, to: &mut File) -> io::Result<()> {
    from.seek(SeekFrom::Start(0))?;
    let copied = io::copy(from, to);
    from.seek(SeekFrom::End(0))?;
    copied.map(drop)
}

/// Whether `path` still names this file.
#[cfg(unix)]
pub(super) fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let identity = |metadata: fs::Metadata| (metadata.dev(), metadata.ino());
    let named = fs::metadata(path).map(identity).ok();
    named.is_some() && file.metadata().map(identity).ok() == named
}

#[cfg(not(unix))]
pub(super) fn is_at(_: &File, path: &Path) -> bool {
    path.exists()
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
