//! A library file before anything of it runs: whose it is, what it hashes to, what it looks like.

use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use aiperf_plugin_sdk::hosting::{C_ROOT_SYMBOL, ROOT_SYMBOL};

use super::elf;
use super::error::{LoadError, Reason};

/// Permission of everybody to write.
const OTHERS_WRITE: u32 = 0o002;
const PERMISSIONS: u32 = 0o7777;

/// A file that may be given to the system's loader.
#[derive(Debug)]
pub(super) struct CheckedFile {
    /// Absolute and without links. A bare name would make the system's loader search its folders.
    pub(super) path: PathBuf,
    /// Size in bytes.
    pub(super) size: u64,
    /// SHA-256 in lower-case hex.
    pub(super) sha256: String,
}

impl CheckedFile {
    /// Checks the file at `path`, and that its hash is `pin` if there is one.
    pub(super) fn open(path: &Path, pin: Option<&str>) -> Result<Self, LoadError> {
        let fail = |reason| LoadError::new(path, reason);
        let unreadable = |error: io::Error| fail(Reason::Unreadable(plain(&error)));
        let path = fs::canonicalize(path).map_err(unreadable)?;
        // Opening a pipe would wait for a writer.
        check_type(&fs::metadata(&path).map_err(unreadable)?).map_err(fail)?;
        let mut file = File::open(&path).map_err(unreadable)?;
        check_owner(&file.metadata().map_err(unreadable)?).map_err(fail)?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(unreadable)?;
        let sha256 = hex(ring::digest::digest(&ring::digest::SHA256, &bytes).as_ref());
        check_pin(&sha256, pin).map_err(fail)?;
        elf::check(&bytes).map_err(fail)?;
        let has = |symbol: &str| memchr::memmem::find(&bytes, symbol.as_bytes()).is_some();
        if !has(ROOT_SYMBOL) && !has(C_ROOT_SYMBOL) {
            return Err(fail(Reason::NoRoot));
        }
        let size = bytes.len() as u64;
        Ok(Self { path, size, sha256 })
    }
}

fn check_type(metadata: &Metadata) -> Result<(), Reason> {
    let kind = metadata.file_type();
    if kind.is_file() {
        return Ok(());
    }
    let what = if kind.is_dir() {
        "a folder"
    } else if kind.is_fifo() {
        "a pipe"
    } else {
        "a device"
    };
    Err(Reason::NoFile(what.to_owned()))
}

/// Whoever can change the file can run code as the user of this process.
fn check_owner(metadata: &Metadata) -> Result<(), Reason> {
    let mode = metadata.mode() & PERMISSIONS;
    if mode & OTHERS_WRITE != 0 {
        return Err(Reason::WorldWritable { mode });
    }
    let user = nix::unistd::geteuid().as_raw();
    let owner = metadata.uid();
    if owner != user && owner != 0 {
        return Err(Reason::ForeignOwner { owner, user });
    }
    Ok(())
}

fn check_pin(found: &str, pin: Option<&str>) -> Result<(), Reason> {
    match pin {
        Some(pin) if !pin.eq_ignore_ascii_case(found) => Err(Reason::Pin {
            found: found.to_owned(),
        }),
        _ => Ok(()),
    }
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: [char; 16] = [
        '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f',
    ];
    let digit = |value: u8| DIGITS[usize::from(value & 15)];
    bytes
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(*byte)])
        .collect()
}

/// The message of an IO error without its "(os error 2)".
fn plain(error: &io::Error) -> String {
    let text = error.to_string();
    match text.split_once(" (os error") {
        Some((message, _)) => message.to_lowercase(),
        None => text,
    }
}
