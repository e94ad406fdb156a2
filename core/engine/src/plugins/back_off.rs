//! Growing delays between attempts.

use std::time::Duration;

use aiperf_plugin_sdk::PluginError;

const FIRST: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(10);

/// Delays after failures of one plugin instance: 100 ms, doubling up to 10 s.
#[derive(Debug)]
pub(crate) struct BackOff(Duration);

impl Default for BackOff {
    fn default() -> Self {
        Self(FIRST)
    }
}

impl BackOff {
    /// How long to wait after `error`, if it may pass at all. The plugin may know better.
    pub(crate) fn after(&mut self, error: &PluginError) -> Option<Duration> {
        let delay = error.retry_after.unwrap_or(self.0);
        self.0 = (self.0 * 2).min(LONGEST);
        error.retriable.then_some(delay)
    }
}

#[cfg(test)]
mod tests {
    use aiperf_plugin_sdk::ErrorKind;

    use super::*;

    #[test]
    fn delays_double_up_to_a_limit() {
        let error = PluginError::new(ErrorKind::Io, "not yet").retriable();
        let mut back_off = BackOff::default();
        let delays: Vec<_> = (0..9).filter_map(|_| back_off.after(&error)).collect();
        let ms = delays.iter().map(Duration::as_millis).collect::<Vec<_>>();
        assert_eq!(ms, [100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000]);
    }

    #[test]
    fn the_plugin_says_whether_and_when() {
        let error = PluginError::new(ErrorKind::Io, "gone");
        assert_eq!(BackOff::default().after(&error), None);
        let error = error.retry_after(Duration::from_secs(3));
        assert_eq!(
            BackOff::default().after(&error),
            Some(Duration::from_secs(3))
        );
    }
}
