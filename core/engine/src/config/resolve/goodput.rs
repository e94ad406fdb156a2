//! `[goodput]` becomes limits.

use super::Resolver;
use crate::report::Goodput;

impl Resolver<'_> {
    /// The limits for single requests. Of a load, those that none of its requests can have are errors.
    pub(super) fn goodput(&mut self, sends_load: bool) -> Goodput {
        let goodput = self.config.goodput.goodput();
        let endpoint = &self.config.endpoint;
        let streams = endpoint.streaming && endpoint.kind.generates();
        for limit in &goodput.limits {
            let metric = limit.metric;
            if sends_load && metric.needs_stream() && !streams {
                let help = "without them there is no first token; limit `request_latency`";
                let path = ["goodput", metric.as_str()];
                self.wrong(&path, "needs streams", Some(help.to_owned()));
            }
        }
        goodput
    }
}
