//! Connections by token.

/// A table whose tokens are never used twice, so that a late event for a closed connection does
/// not reach the one that took its place.
#[derive(Debug)]
pub(crate) struct Slab<T> {
    entries: Vec<(u32, Option<T>)>,
    free: Vec<u32>,
}

impl<T> Default for Slab<T> {
    fn default() -> Self {
        Self {
            entries: Vec::new(),
            free: Vec::new(),
        }
    }
}

fn split(token: u64) -> (usize, u32) {
    let half = |bits: u64| u32::try_from(bits & u64::from(u32::MAX)).unwrap_or_default();
    (half(token) as usize, half(token >> 32))
}

impl<T> Slab<T> {
    /// Adds what `make` makes of its token.
    pub(crate) fn insert_with(&mut self, make: impl FnOnce(u64) -> T) -> u64 {
        let index = self.free.pop().unwrap_or_else(|| {
            self.entries.push((0, None));
            u32::try_from(self.entries.len() - 1).expect("descriptors run out long before")
        });
        let Some((generation, entry)) = self.entries.get_mut(index as usize) else {
            unreachable!("the index was just made or freed");
        };
        let token = (u64::from(*generation) << 32) | u64::from(index);
        *entry = Some(make(token));
        token
    }

    pub(crate) fn get_mut(&mut self, token: u64) -> Option<&mut T> {
        let (index, generation) = split(token);
        let (current, entry) = self.entries.get_mut(index)?;
        if *current == generation {
            entry.as_mut()
        } else {
            None
        }
    }

    pub(crate) fn remove(&mut self, token: u64) -> Option<T> {
        let (index, generation) = split(token);
        let (current, entry) = self.entries.get_mut(index)?;
        if *current != generation {
            return None;
        }
        let removed = entry.take()?;
        *current = current.wrapping_add(1);
        self.free.push(u32::try_from(index).unwrap_or_default());
        Some(removed)
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.entries
            .iter_mut()
            .filter_map(|(_, entry)| entry.as_mut())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_dies_with_its_entry() {
        let mut slab = Slab::default();
        let first = slab.insert_with(|_| "first");
        assert_eq!(slab.remove(first), Some("first"));
        let second = slab.insert_with(|_| "second");
        assert_ne!(first, second);
        assert_eq!(slab.get_mut(first), None);
        assert_eq!(slab.get_mut(second), Some(&mut "second"));
    }
}
