//! What can be wrong with a batch.

/// What is wrong with a batch that crossed the boundary. The plugin that made it is at fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BatchError {
    /// A column that every batch has is absent.
    #[error("column `{0}` is missing")]
    Missing(&'static str),
    /// A column has not as many entries as its rows need.
    #[error("column `{column}` has {found} entries, expected {expected}")]
    Length {
        /// Name of the column.
        column: &'static str,
        /// Entries that it has.
        found: usize,
        /// Entries that it should have.
        expected: usize,
    },
    /// Offsets go backwards or past the end of what they index.
    #[error("column `{0}` does not rise to the number of its labels")]
    Offsets(&'static str),
    /// A sample names a family that does not exist.
    #[error("sample {sample} names family {family}, there are {families}")]
    Family {
        /// Row of the sample.
        sample: usize,
        /// Row that it names.
        family: u32,
        /// Number of families.
        families: usize,
    },
}
