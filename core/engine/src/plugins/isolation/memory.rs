//! Memory that two processes see: pages and batches cross in it, each copied once.
//!
//! What is in it may change at any time if the other process is in trouble. Hence nothing is looked at
//! where it is: numbers are copied out and checked then. Its size is sealed: nobody can take a page of it
//! away, which would end whoever reads there.

#![expect(
    unsafe_code,
    reason = "mapped memory has no owner that the compiler knows"
)]

use std::fs::File;
use std::io;
use std::num::NonZero;
use std::ptr::{NonNull, copy_nonoverlapping};
use std::slice;

use nix::fcntl::{FcntlArg, SealFlag, fcntl};
use nix::sys::memfd::{MFdFlags, memfd_create};
use nix::sys::mman::{MapFlags, ProtFlags, mmap, munmap};

/// Bytes of one piece. Taken from the system only as far as they are used. Pages are capped at a
/// quarter of it.
pub(super) const SIZE: usize = 256 << 20;

/// Numbers for which all bytes are fine.
pub(super) trait Plain: Copy + private::Sealed {}

mod private {
    pub(crate) trait Sealed {}
}

macro_rules! plain {
    ($($number:ty),*) => {$(
        impl Plain for $number {}
        impl private::Sealed for $number {}
    )*};
}
plain!(u8, u32, u64, i64, f64);

/// A piece of shared memory.
#[derive(Debug)]
pub(super) struct Memory {
    start: NonNull<u8>,
}

// SAFETY: it is an address; access goes through `&self` and `&mut self` as for any buffer.
unsafe impl Send for Memory {}

impl Memory {
    /// A new piece, and the file to hand to the other process.
    pub(super) fn create() -> io::Result<(Self, File)> {
        let flags = MFdFlags::MFD_CLOEXEC | MFdFlags::MFD_ALLOW_SEALING;
        let file = File::from(memfd_create("aiperf-plugin", flags)?);
        file.set_len(SIZE as u64)?;
        let seals = SealFlag::F_SEAL_SHRINK | SealFlag::F_SEAL_GROW | SealFlag::F_SEAL_SEAL;
        fcntl(&file, FcntlArg::F_ADD_SEALS(seals))?;
        Ok((Self::of(&file)?, file))
    }

    /// The piece that was handed over as `file`.
    pub(super) fn of(file: &File) -> io::Result<Self> {
        let size = NonZero::new(SIZE).ok_or_else(|| io::Error::other("no memory"))?;
        if file.metadata()?.len() != SIZE as u64 {
            return Err(io::Error::other("memory of another size"));
        }
        let access = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
        let flags = MapFlags::MAP_SHARED | MapFlags::MAP_NORESERVE;
        // SAFETY: a new mapping at an address of the kernel's choice; it touches no memory of ours.
        let start = unsafe { mmap(None, size, access, flags, file, 0) }?;
        Ok(Self {
            start: start.cast(),
        })
    }

    fn at(&self, place: usize) -> *mut u8 {
        // SAFETY: callers have checked that `place` is at most `SIZE`, the length of the mapping.
        unsafe { self.start.as_ptr().add(place) }
    }

    /// Appends here, from the start.
    pub(super) fn writer(&mut self) -> Writer<'_> {
        Writer {
            memory: self,
            end: Some(0),
        }
    }

    /// Reads the first `length` bytes.
    pub(super) fn reader(&self, length: usize) -> Reader<'_> {
        Reader {
            memory: self,
            place: 0,
            end: length.min(SIZE),
        }
    }

    /// The first `length` bytes, in place. For the plugin's process only: the run writes there before it
    /// asks for something, and not again before that has been answered.
    pub(super) fn written_by_the_run(&self, length: usize) -> Option<&[u8]> {
        if length > SIZE {
            return None;
        }
        // SAFETY: the mapping is this long and stays as long as `self`; all bytes are fine. Nobody
        // writes meanwhile: see above, and the run does not hold this memory mutably for anybody else.
        Some(unsafe { slice::from_raw_parts(self.start.as_ptr(), length) })
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        // SAFETY: the mapping was made in `of` with this length, and nothing borrows it any more.
        let unmapped = unsafe { munmap(self.start.cast(), SIZE) };
        // It fails for addresses that are none of ours only.
        unmapped.ok();
    }
}

/// Writes numbers one after the other.
#[derive(Debug)]
pub(super) struct Writer<'a> {
    memory: &'a mut Memory,
    /// `None` once something did not fit.
    end: Option<usize>,
}

impl Writer<'_> {
    /// Appends numbers, or notes that they do not fit.
    pub(super) fn put<T: Plain>(&mut self, numbers: &[T]) {
        let size = size_of_val(numbers);
        let fits = |end: &usize| *end <= SIZE;
        let start = self.end;
        self.end = start.and_then(|start| start.checked_add(size)).filter(fits);
        let (Some(start), Some(_)) = (start, self.end) else {
            return;
        };
        let to = self.memory.at(start);
        // SAFETY: `size` bytes from `to` on are within the mapping, as the end is; they are no part of
        // `numbers`, which is this process's own memory.
        unsafe { copy_nonoverlapping(numbers.as_ptr().cast::<u8>(), to, size) };
    }

    /// Bytes written; `None` if something did not fit.
    pub(super) fn length(&self) -> Option<usize> {
        self.end
    }
}

/// Reads numbers one after the other.
#[derive(Debug)]
pub(super) struct Reader<'a> {
    memory: &'a Memory,
    place: usize,
    end: usize,
}

impl Reader<'_> {
    /// Copies the next `count` numbers into `numbers`, over what is there; `None` if there are not as
    /// many.
    pub(super) fn take<T: Plain>(&mut self, count: usize, numbers: &mut Vec<T>) -> Option<()> {
        let size = count.checked_mul(size_of::<T>())?;
        let end = self
            .place
            .checked_add(size)
            .filter(|end| *end <= self.end)?;
        numbers.clear();
        numbers.reserve(count);
        let from = self.memory.at(self.place);
        // SAFETY: `size` bytes from `from` on are within the mapping, as the end is, and `numbers` has
        // room for as many; the two are different memory.
        unsafe { copy_nonoverlapping(from, numbers.as_mut_ptr().cast::<u8>(), size) };
        // SAFETY: that many numbers have just been written, and all bytes are fine for them.
        unsafe { numbers.set_len(count) };
        self.place = end;
        Some(())
    }

    /// Bytes that are left.
    pub(super) fn left(&self) -> usize {
        self.end - self.place
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_one_side_writes_the_other_reads() {
        let (mut here, file) = Memory::create().unwrap();
        let there = Memory::of(&file).unwrap();
        let mut writer = here.writer();
        writer.put(&[1_u32, 2, u32::MAX]);
        writer.put(b"odd");
        writer.put(&[f64::NEG_INFINITY, -0.0]);
        writer.put::<i64>(&[]);
        let length = writer.length().unwrap();
        assert_eq!(length, 12 + 3 + 16);
        let mut reader = there.reader(length);
        let (mut u32s, mut u8s, mut f64s) = (Vec::new(), vec![7], Vec::new());
        reader.take::<u32>(3, &mut u32s).unwrap();
        reader.take::<u8>(3, &mut u8s).unwrap();
        assert_eq!((u32s, u8s), (vec![1, 2, u32::MAX], b"odd".to_vec()));
        assert_eq!(reader.take::<f64>(3, &mut f64s), None, "there are two");
        reader.take::<f64>(2, &mut f64s).unwrap();
        assert_eq!(f64s.map_bits(), [f64::NEG_INFINITY, -0.0].map(f64::to_bits));
        assert_eq!(reader.left(), 0);
        assert_eq!(reader.take::<u64>(usize::MAX, &mut Vec::new()), None);
    }

    trait MapBits {
        fn map_bits(&self) -> Vec<u64>;
    }

    impl MapBits for Vec<f64> {
        fn map_bits(&self) -> Vec<u64> {
            self.iter().map(|number| number.to_bits()).collect()
        }
    }

    #[test]
    fn what_does_not_fit_is_noted_and_not_written() {
        let (mut here, file) = Memory::create().unwrap();
        let there = Memory::of(&file).unwrap();
        let much = vec![9_u8; SIZE / 2];
        let mut writer = here.writer();
        writer.put(&[1_u8]);
        writer.put(&much);
        assert_eq!(writer.length(), Some(1 + SIZE / 2));
        writer.put(&much);
        assert_eq!(writer.length(), None);
        writer.put(&[2_u8]);
        assert_eq!(writer.length(), None, "nor what comes after it");
        assert_eq!(there.written_by_the_run(2), Some(&[1, 9][..]));
        assert_eq!(there.written_by_the_run(SIZE + 1), None);
        assert_eq!(there.reader(usize::MAX).left(), SIZE);
    }

    #[test]
    fn nobody_can_take_it_away() {
        let (_here, file) = Memory::create().unwrap();
        file.set_len(1).unwrap_err();
        file.set_len(1 << 40).unwrap_err();
        let other = tempfile::tempfile().unwrap();
        Memory::of(&other).unwrap_err();
    }
}
