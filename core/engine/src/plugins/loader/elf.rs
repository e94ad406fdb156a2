//! The headers of a library: enough to refuse what must not be given to the system's loader.
//!
//! The system's loader trusts the headers. It maps what they speak of, and the first access to a
//! page behind the end of the file is a SIGBUS.

use super::error::Reason;

/// Little-endian 64-bit class of ELF, the only one that is loaded.
const CLASS_64: u8 = 2;
const LITTLE_ENDIAN: u8 = 1;
/// `e_type` of a shared object.
const SHARED_OBJECT: u16 = 3;
/// Bytes of the ELF header.
const HEADER: usize = 64;
/// Bytes of one program header.
const PROGRAM_HEADER: u64 = 56;

/// `e_machine` of this program and its name; none where it is not known here.
const MACHINE: Option<u16> = if cfg!(target_arch = "x86_64") {
    Some(62)
} else if cfg!(target_arch = "aarch64") {
    Some(183)
} else {
    None
};

/// Whether `bytes` are a whole shared library for this machine.
pub(super) fn check(bytes: &[u8]) -> Result<(), Reason> {
    let elf = Elf(bytes);
    elf.check_kind()?;
    let absurd = || Reason::NoLibrary(" with sound headers".to_owned());
    let needed = elf.needed().ok_or_else(absurd)?;
    if needed > size(bytes) {
        return Err(truncated(bytes, needed));
    }
    Ok(())
}

fn size(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}

fn truncated(bytes: &[u8], needed: u64) -> Reason {
    let size = size(bytes);
    Reason::Truncated { size, needed }
}

struct Elf<'a>(&'a [u8]);

impl Elf<'_> {
    fn check_kind(&self) -> Result<(), Reason> {
        let no_library = |why: &str| Err(Reason::NoLibrary(why.to_owned()));
        if !self.0.starts_with(b"\x7fELF") {
            return no_library("");
        }
        if self.0.len() < HEADER {
            return Err(truncated(self.0, HEADER as u64));
        }
        if self.0[4] != CLASS_64 || self.0[5] != LITTLE_ENDIAN {
            return Err(Reason::Machine("not 64 bit little-endian".to_owned()));
        }
        let machine = self.u16_at(18).unwrap_or_default();
        if MACHINE.is_some_and(|ours| ours != machine) {
            return Err(Reason::Machine(name_of(machine)));
        }
        match self.u16_at(16) {
            Some(SHARED_OBJECT) => Ok(()),
            Some(1) => no_library(" but an object file"),
            Some(2) => no_library(" but a program"),
            Some(4) => no_library(" but a core dump"),
            _ => no_library(""),
        }
    }

    /// Bytes that the headers speak of: segments and the table of sections at the end. `None` if
    /// the numbers are absurd.
    fn needed(&self) -> Option<u64> {
        let programs = self.u64_at(32)?;
        let program_size = u64::from(self.u16_at(54)?);
        let program_count = u64::from(self.u16_at(56)?);
        if program_size != PROGRAM_HEADER {
            return None;
        }
        let programs_end = programs.checked_add(program_count * PROGRAM_HEADER)?;
        let sections_size = u64::from(self.u16_at(58)?) * u64::from(self.u16_at(60)?);
        let sections_end = self.u64_at(40)?.checked_add(sections_size)?;
        let mut needed = programs_end.max(sections_end);
        if programs_end <= size(self.0) {
            for number in 0..program_count {
                let at = usize::try_from(programs + number * PROGRAM_HEADER).ok()?;
                let end = self.u64_at(at + 8)?.checked_add(self.u64_at(at + 32)?)?;
                needed = needed.max(end);
            }
        }
        Some(needed)
    }

    fn u16_at(&self, at: usize) -> Option<u16> {
        let bytes = self.0.get(at..)?.first_chunk()?;
        Some(u16::from_le_bytes(*bytes))
    }

    fn u64_at(&self, at: usize) -> Option<u64> {
        let bytes = self.0.get(at..)?.first_chunk()?;
        Some(u64::from_le_bytes(*bytes))
    }
}

fn name_of(machine: u16) -> String {
    match machine {
        3 => "x86, 32 bit".to_owned(),
        40 => "ARM, 32 bit".to_owned(),
        62 => "x86-64".to_owned(),
        183 => "AArch64".to_owned(),
        243 => "RISC-V".to_owned(),
        other => format!("ELF machine {other}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Headers of a library with one segment of `segment` bytes, 1000 bytes in all.
    fn library(segment: u64) -> Vec<u8> {
        let mut bytes = vec![0; 1000];
        let mut put = |at: usize, value: &[u8]| bytes[at..at + value.len()].copy_from_slice(value);
        put(0, b"\x7fELF");
        put(4, &[CLASS_64, LITTLE_ENDIAN]);
        put(16, &SHARED_OBJECT.to_le_bytes());
        put(18, &MACHINE.unwrap_or_default().to_le_bytes());
        put(32, &64_u64.to_le_bytes());
        put(54, &56_u16.to_le_bytes());
        put(56, &1_u16.to_le_bytes());
        put(64 + 32, &segment.to_le_bytes());
        bytes
    }

    #[test]
    fn a_whole_library_passes() {
        assert_eq!(check(&library(1000)), Ok(()));
    }

    #[test]
    fn what_is_behind_the_end_is_missed() {
        let size = 1000;
        let truncated = |needed| Err(Reason::Truncated { size, needed });
        assert_eq!(check(&library(1001)), truncated(1001));
        let mut sections = library(10);
        sections[40..48].copy_from_slice(&990_u64.to_le_bytes());
        sections[58] = 64;
        sections[60] = 1;
        assert_eq!(check(&sections), truncated(990 + 64));
        let mut absurd = library(10);
        absurd[72..80].copy_from_slice(&u64::MAX.to_le_bytes());
        let unsound = Reason::NoLibrary(" with sound headers".to_owned());
        assert_eq!(check(&absurd), Err(unsound));
    }

    #[test]
    fn no_length_panics() {
        let whole = library(1000);
        for length in 0..whole.len() {
            assert!(check(&whole[..length]).is_err(), "{length} bytes");
        }
    }
}
