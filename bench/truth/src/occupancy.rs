//! What gauges really were, from the truth of the simulated server.

use std::sync::Arc;

use aiperf_sim::RequestTruth;

/// Tokens in a block of the simulated KV cache.
const BLOCK: u32 = 16;

/// A quantity that changes by steps.
#[derive(Debug, Default)]
pub(crate) struct Steps(Vec<(i64, i64)>);

impl Steps {
    /// Requests that are generating.
    pub(crate) fn running(requests: &[Arc<RequestTruth>]) -> Self {
        let mut steps = Vec::new();
        for request in requests.iter().filter(|request| request.start_ns > 0) {
            steps.push((request.start_ns, 1));
            steps.push((request.end_ns, -1));
        }
        Self(steps)
    }

    /// Blocks of the KV cache that are in use.
    pub(crate) fn blocks(requests: &[Arc<RequestTruth>]) -> Self {
        let mut steps = Vec::new();
        for request in requests.iter().filter(|request| request.start_ns > 0) {
            let prompt = request.prompt_tokens;
            steps.push((request.start_ns, i64::from(prompt.div_ceil(BLOCK))));
            let tokens = request.token_ns.iter().zip(prompt..);
            let opens = tokens.filter(|(_, length)| length.is_multiple_of(BLOCK));
            steps.extend(opens.map(|(at, _)| (*at, 1)));
            let length = prompt + request.completion_tokens;
            steps.push((request.end_ns, -i64::from(length.div_ceil(BLOCK))));
        }
        Self(steps)
    }

    /// Average over time from `from` to `to` (nanoseconds).
    pub(crate) fn average(&self, from: i64, to: i64) -> f64 {
        // A step counts from its moment to the end of the window.
        let weighed = self
            .0
            .iter()
            .map(|(at, step)| *step as f64 * (to - (*at).clamp(from, to)) as f64);
        weighed.sum::<f64>() / (to - from) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_weighed_by_time() {
        let steps = Steps(vec![(0, 2), (15, 1), (20, -2), (99, 5)]);
        // From 10 to 30: 2 for 5, 3 for 5, 1 for 10.
        let average = steps.average(10, 30);
        assert!((average - 35.0 / 20.0).abs() < 1e-12, "{average}");
    }
}
