//! How much one plugin may bring at once. One in trouble brings readings without end: they must not take
//! the run's memory and files along.

use std::time::Duration;

use aiperf_plugin_sdk::batch::BatchView;
use aiperf_plugin_sdk::{ErrorKind, PluginError};

use super::fetch::BODY_LIMIT;
use crate::http::MonoNs;

/// Sources of one instance, each of which is an endpoint of the report.
pub(super) const SOURCES: usize = 5000;
/// Samples, unless the user wants to keep more series than that.
const SAMPLES: usize = 1_000_000;
/// Bytes: as much as the memory holds that plugins in processes of their own bring their readings in.
const BYTES: usize = 256 << 20;
/// What a reading weighs at least, in samples: each is a line in files.
const LEAST: usize = 100;

/// What may come at once.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    samples: usize,
    bytes: usize,
}

impl Limits {
    /// For a run that keeps `max_series` series.
    pub(super) fn for_series(max_series: usize) -> Self {
        Self {
            samples: SAMPLES.max(max_series),
            bytes: BYTES,
        }
    }

    /// All of it, for one call or one page.
    pub(super) fn whole(self) -> Allowance {
        Allowance {
            limits: self,
            samples: 0,
            bytes: 0,
            since: None,
        }
    }
}

/// What has come of what may come in one call of a collector, of one page, or in a second of a stream.
#[derive(Debug)]
pub(super) struct Allowance {
    limits: Limits,
    samples: usize,
    bytes: usize,
    /// Streams: when the second began.
    since: Option<MonoNs>,
}

impl Allowance {
    /// Begins anew if the last second is over.
    pub(super) fn renew(&mut self, now: MonoNs) {
        let is_over = |since: MonoNs| now >= since.after(Duration::from_secs(1));
        if self.since.is_none_or(is_over) {
            (self.samples, self.bytes, self.since) = (0, 0, Some(now));
        }
    }

    /// Takes a reading, if there is room for it.
    pub(super) fn batch(&mut self, batch: &BatchView<'_>) -> Result<(), PluginError> {
        self.take(batch.len(), batch.size())
    }

    /// Takes a page, if there is room for it.
    pub(super) fn page(&mut self, bytes: usize) -> Result<(), PluginError> {
        if bytes > BODY_LIMIT {
            let message =
                format!("it brings a page of {bytes} bytes, which is more than {BODY_LIMIT}");
            return Err(PluginError::new(ErrorKind::Limit, message));
        }
        self.take(0, bytes)
    }

    fn take(&mut self, samples: usize, bytes: usize) -> Result<(), PluginError> {
        let samples = self.samples.saturating_add(samples.max(LEAST));
        let bytes = self.bytes.saturating_add(bytes);
        let (limit, what) = if samples > self.limits.samples {
            (self.limits.samples, "samples")
        } else if bytes > self.limits.bytes {
            (self.limits.bytes, "bytes")
        } else {
            (self.samples, self.bytes) = (samples, bytes);
            return Ok(());
        };
        let within = match self.since {
            Some(_) => "a second",
            None => "one call",
        };
        let message =
            format!("it brings more than {limit} {what} in {within}: the rest is left out");
        Err(PluginError::new(ErrorKind::Limit, message))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(result: Result<(), PluginError>) -> String {
        result.map_or_else(|error| error.message, |()| String::new())
    }

    #[test]
    fn what_is_too_much_is_left_out_and_less_fits_still() {
        let mut call = Limits::for_series(5).whole();
        assert_eq!(said(call.take(999_000, 10)), "");
        let too_many = "it brings more than 1000000 samples in one call: the rest is left out";
        assert_eq!(said(call.take(1001, 10)), too_many);
        assert_eq!(said(call.take(900, 10)), "");
        assert_eq!(said(call.take(0, 10)), "", "a reading weighs 100 samples");
        assert_eq!(said(call.take(0, 10)), too_many);
        let mut call = Limits::for_series(2_000_000).whole();
        assert_eq!(said(call.take(2_000_000, BYTES)), "");
        assert_eq!(
            said(Limits::for_series(0).whole().page(BODY_LIMIT + 1)),
            "it brings a page of 67108865 bytes, which is more than 67108864"
        );
    }

    #[test]
    fn streams_begin_anew_every_second() {
        let mut stream = Limits::for_series(0).whole();
        let at = |ms| MonoNs(0).after(Duration::from_millis(ms));
        for (ms, fits) in [
            (0, true),
            (1, true),
            (999, false),
            (1000, true),
            (1001, true),
        ] {
            stream.renew(at(ms));
            let taken = stream
                .page(BODY_LIMIT)
                .and_then(|()| stream.page(BODY_LIMIT));
            assert_eq!(taken.is_ok(), fits, "{ms}");
        }
        stream.renew(at(1002));
        let said = said(stream.page(1));
        assert!(said.contains("268435456 bytes in a second"), "{said}");
    }
}
