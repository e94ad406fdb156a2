//! A file into which no secret goes, whoever writes it.

use aiperf_plugin_sdk::Result;
use aiperf_plugin_sdk::hosting::FileServices;
use memchr::memmem::Finder;

use super::Secrets;

/// Passes bytes on with secrets replaced by as many asterisks, so that what counts bytes still fits.
pub(crate) struct Masked {
    inner: Box<dyn FileServices>,
    finders: Vec<Finder<'static>>,
    /// The end of what was written, as long as it may be the beginning of a secret.
    held: Vec<u8>,
}

impl Masked {
    /// `inner` itself if there is nothing to look for.
    pub(crate) fn over(inner: Box<dyn FileServices>, secrets: &Secrets) -> Box<dyn FileServices> {
        let words = secrets.in_files();
        if words.is_empty() {
            return inner;
        }
        let finders = words.iter().map(|word| Finder::new(word).into_owned());
        Box::new(Self {
            inner,
            finders: finders.collect(),
            held: Vec::new(),
        })
    }

    /// Length of the longest end of `bytes` that is the beginning of a secret.
    fn unfinished(&self, bytes: &[u8]) -> usize {
        let begins = |finder: &Finder<'static>| {
            let word = finder.needle();
            let most = bytes.len().min(word.len() - 1);
            (1..=most)
                .rev()
                .find(|length| bytes.ends_with(&word[..*length]))
        };
        self.finders.iter().filter_map(begins).max().unwrap_or(0)
    }

    /// Masks the secrets that begin before `end`; whether there were any.
    fn mask(&self, text: &mut [u8], end: usize) -> bool {
        let mut has_masked = false;
        for finder in &self.finders {
            while let Some(at) = finder.find(text).filter(|at| *at < end) {
                text[at..at + finder.needle().len()].fill(b'*');
                has_masked = true;
            }
        }
        has_masked
    }

    fn release(&mut self) -> Result<()> {
        let mut text = std::mem::take(&mut self.held);
        if text.is_empty() {
            return Ok(());
        }
        let end = text.len();
        self.mask(&mut text, end);
        self.inner.write(&text)
    }
}

impl FileServices for Masked {
    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        let is_clean = self.held.is_empty()
            && self.unfinished(bytes) == 0
            && self
                .finders
                .iter()
                .all(|finder| finder.find(bytes).is_none());
        if is_clean {
            return self.inner.write(bytes);
        }
        let mut text = std::mem::take(&mut self.held);
        text.extend_from_slice(bytes);
        // What is masked begins no secret, so that more of the text may be finished then.
        let end = loop {
            let end = text.len() - self.unfinished(&text);
            if !self.mask(&mut text, end) {
                break end;
            }
        };
        self.held = text.split_off(end);
        if text.is_empty() {
            return Ok(());
        }
        self.inner.write(&text)
    }

    fn flush(&mut self) -> Result<()> {
        self.release()?;
        self.inner.flush()
    }

    fn commit(&mut self) -> Result<()> {
        self.release()?;
        self.inner.commit()
    }

    fn discard(&mut self) -> Result<()> {
        self.held.clear();
        self.inner.discard()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Memory(Arc<Mutex<Vec<u8>>>);

    impl FileServices for Memory {
        fn write(&mut self, bytes: &[u8]) -> Result<()> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(())
        }
        fn flush(&mut self) -> Result<()> {
            Ok(())
        }
        fn commit(&mut self) -> Result<()> {
            Ok(())
        }
        fn discard(&mut self) -> Result<()> {
            Ok(())
        }
    }

    fn written(pieces: &[&[u8]]) -> String {
        let mut secrets = Secrets::default();
        secrets.add("sk-secret-1");
        secrets.add("sk-secret-1-long");
        let memory = Memory::default();
        let mut file = Masked::over(Box::new(memory.clone()), &secrets);
        for piece in pieces {
            file.write(piece).unwrap();
        }
        file.commit().unwrap();
        let bytes = memory.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn however_the_bytes_are_split_no_secret_is_written() {
        let text = "a sk-secret-1, sk-secret-1-long\nsk-sk-secret-1 sk-secret-";
        let expected = "a ***********, ****************\nsk-*********** sk-secret-";
        let text = text.as_bytes();
        assert_eq!(written(&[text]), expected);
        for first in 0..text.len() {
            for second in first..text.len() {
                let pieces = [&text[..first], &text[first..second], &text[second..]];
                assert_eq!(written(&pieces), expected, "{first} {second}");
            }
        }
    }

    #[test]
    fn without_secrets_bytes_pass_as_they_are() {
        let memory = Memory::default();
        let mut file = Masked::over(Box::new(memory.clone()), &Secrets::default());
        file.write(b"x").unwrap();
        assert_eq!(*memory.0.lock().unwrap(), b"x");
    }
}
