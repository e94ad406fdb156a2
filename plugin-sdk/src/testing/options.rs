//! Options of a plugin and the sample that documents them.

use std::fmt::Debug;

use crate::Plugin;

/// Checks that the sample of `P`'s options has each at its default, and that the defaults are what
/// a user gets who writes nothing.
///
/// # Panics
/// If they differ, or if the sample is no TOML of these options.
pub fn sample_is_the_defaults<P: Plugin>()
where
    P::Config: Default + PartialEq + Debug,
{
    let sample: P::Config = toml::from_str(P::SAMPLE).expect("the sample is TOML of the options");
    assert_eq!(sample, P::Config::default(), "the sample");
    let nothing: P::Config = toml::from_str("").expect("all options have defaults");
    assert_eq!(nothing, P::Config::default(), "options that are left out");
}
