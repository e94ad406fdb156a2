//! Updates that wait on disk: a queue in a file without a name, which is gone when it is closed,
//! also after a crash.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

/// Bytes before each frame: its length.
const HEAD: u64 = 4;

/// A ring of frames, first in, first out.
#[derive(Debug)]
pub(super) struct Spill {
    file: File,
    /// Bytes that the file may have.
    capacity: u64,
    /// Where the next frame is read, counted as if the file had no end.
    read: u64,
    /// Where the next one is written.
    write: u64,
    frames: u64,
}

impl Spill {
    /// An empty queue in the folder `dir`.
    pub(super) fn create(dir: &Path, capacity: u64) -> io::Result<Self> {
        Ok(Self {
            file: tempfile::tempfile_in(dir)?,
            capacity,
            read: 0,
            write: 0,
            frames: 0,
        })
    }

    /// Number of frames that wait.
    pub(super) fn len(&self) -> u64 {
        self.frames
    }

    /// Appends a frame; false if there is no room for it.
    pub(super) fn push(&mut self, frame: &[u8]) -> io::Result<bool> {
        let Ok(length) = u32::try_from(frame.len()) else {
            return Ok(false);
        };
        let end = self.write + HEAD + u64::from(length);
        if end - self.read > self.capacity {
            return Ok(false);
        }
        self.write_at(self.write, &length.to_le_bytes())?;
        self.write_at(self.write + HEAD, frame)?;
        self.write = end;
        self.frames += 1;
        Ok(true)
    }

    /// Takes the oldest frame.
    pub(super) fn pop(&mut self) -> io::Result<Option<Vec<u8>>> {
        if self.frames == 0 {
            return Ok(None);
        }
        let mut head = [0; 4];
        self.read_at(self.read, &mut head)?;
        let length = u32::from_le_bytes(head);
        let mut frame = vec![0; length as usize];
        self.read_at(self.read + HEAD, &mut frame)?;
        self.read += HEAD + u64::from(length);
        self.frames -= 1;
        if self.frames == 0 {
            self.clear()?;
        }
        Ok(Some(frame))
    }

    /// Forgets everything and gives the room back.
    pub(super) fn clear(&mut self) -> io::Result<()> {
        (self.read, self.write, self.frames) = (0, 0, 0);
        self.file.set_len(0)
    }

    fn write_at(&mut self, at: u64, bytes: &[u8]) -> io::Result<()> {
        let (start, before_end) = self.place(at, bytes.len());
        let (first, rest) = bytes.split_at(before_end);
        self.file.seek(SeekFrom::Start(start))?;
        self.file.write_all(first)?;
        if !rest.is_empty() {
            self.file.rewind()?;
            self.file.write_all(rest)?;
        }
        Ok(())
    }

    fn read_at(&mut self, at: u64, bytes: &mut [u8]) -> io::Result<()> {
        let (start, before_end) = self.place(at, bytes.len());
        let (first, rest) = bytes.split_at_mut(before_end);
        self.file.seek(SeekFrom::Start(start))?;
        self.file.read_exact(first)?;
        if !rest.is_empty() {
            self.file.rewind()?;
            self.file.read_exact(rest)?;
        }
        Ok(())
    }

    /// Place in the file, and how many of `length` bytes fit before its end.
    fn place(&self, at: u64, length: usize) -> (u64, usize) {
        let start = at % self.capacity;
        let room = usize::try_from(self.capacity - start).unwrap_or(usize::MAX);
        (start, length.min(room))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Against a queue in memory, around the end of the file many times.
        #[test]
        fn it_is_a_bounded_queue(steps in prop::collection::vec((any::<bool>(), 0_usize..40), 1..200)) {
            let dir = tempfile::tempdir().unwrap();
            let mut spill = Spill::create(dir.path(), 100).unwrap();
            let mut oracle = VecDeque::new();
            for (number, (push, length)) in steps.into_iter().enumerate() {
                if push {
                    let byte = u8::try_from(number % 256).unwrap();
                    let frame = vec![byte; length];
                    let used: usize = oracle.iter().map(|frame: &Vec<u8>| frame.len() + 4).sum();
                    let fits = used + length + 4 <= 100;
                    prop_assert_eq!(spill.push(&frame).unwrap(), fits);
                    oracle.extend(fits.then_some(frame));
                } else {
                    prop_assert_eq!(spill.pop().unwrap(), oracle.pop_front());
                }
                prop_assert_eq!(spill.len(), oracle.len() as u64);
                prop_assert!(spill.file.metadata().unwrap().len() <= 100);
            }
            prop_assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
        }
    }
}
