//! Upper bounds of histogram buckets, as the real servers have them.

/// vLLM: time to first token, seconds.
pub(super) const VLLM_TTFT: &[f64] = &[
    0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0,
    20.0, 40.0, 80.0, 160.0, 640.0, 2560.0,
];
/// vLLM: inter-token latency and time per output token, seconds.
pub(super) const VLLM_ITL: &[f64] = &[
    0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0, 20.0,
    40.0, 80.0,
];
/// vLLM: phases of a request and the whole of it, seconds.
pub(super) const VLLM_REQUEST: &[f64] = &[
    0.3, 0.5, 0.8, 1.0, 1.5, 2.0, 2.5, 5.0, 10.0, 15.0, 20.0, 30.0, 40.0, 50.0, 60.0, 120.0, 240.0,
    480.0, 960.0, 1920.0, 7680.0,
];
/// vLLM's HTTP layer: coarse and fine request duration, seconds.
pub(super) const HTTP_COARSE: &[f64] = &[0.1, 0.5, 1.0];
pub(super) const HTTP_FINE: &[f64] = &[
    0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 4.5, 5.0,
    7.5, 10.0, 30.0, 60.0,
];
/// Dynamo frontend: time to first token, seconds.
pub(super) const DYNAMO_TTFT: &[f64] = &[
    0.0, 0.0022, 0.0047, 0.01, 0.022, 0.047, 0.1, 0.22, 0.47, 1.0, 2.2, 4.7, 10.0, 22.0, 48.0,
    100.0, 220.0, 480.0,
];
/// Dynamo frontend: inter-token latency, seconds.
pub(super) const DYNAMO_ITL: &[f64] = &[
    0.0, 0.0018, 0.0033, 0.0059, 0.011, 0.02, 0.035, 0.064, 0.12, 0.21, 0.38, 0.69, 1.2, 2.3, 4.1,
    7.4, 13.0, 24.0, 44.0, 80.0,
];
/// Dynamo frontend: request duration, seconds.
pub(super) const DYNAMO_REQUEST: &[f64] =
    &[0.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 130.0, 260.0, 510.0];
/// Dynamo worker: request duration, seconds.
pub(super) const DYNAMO_COMPONENT: &[f64] = &[
    0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0,
    600.0,
];
/// All bounds of durations.
pub(super) const SECONDS: &[&[f64]] = &[
    VLLM_TTFT,
    VLLM_ITL,
    VLLM_REQUEST,
    HTTP_COARSE,
    HTTP_FINE,
    DYNAMO_TTFT,
    DYNAMO_ITL,
    DYNAMO_REQUEST,
    DYNAMO_COMPONENT,
];

/// vLLM: tokens of a request.
pub(super) const VLLM_TOKENS: &[f64] =
    &[1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0];
/// vLLM: the request parameter `n`.
pub(super) const VLLM_N: &[f64] = &[1.0, 2.0, 5.0, 10.0, 20.0];
/// vLLM: tokens of an engine step.
pub(super) const VLLM_ITERATION: &[f64] = &[
    1.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1024.0, 2048.0, 4096.0, 8192.0, 16384.0,
];
/// Dynamo frontend: prompt tokens.
pub(super) const DYNAMO_INPUT: &[f64] = &[
    0.0, 100.0, 210.0, 430.0, 870.0, 1800.0, 3600.0, 7400.0, 15000.0, 31000.0, 63000.0, 130_000.0,
];
/// Dynamo frontend: completion tokens.
pub(super) const DYNAMO_OUTPUT: &[f64] = &[
    0.0, 100.0, 210.0, 430.0, 880.0, 1800.0, 3700.0, 7600.0, 16000.0, 32000.0,
];
/// Bytes of a response.
pub(super) const RESPONSE_BYTES: &[f64] = &[100.0, 1000.0, 10_000.0, 100_000.0, 1_000_000.0];
/// All bounds of counts.
pub(super) const COUNTS: &[&[f64]] = &[
    VLLM_TOKENS,
    VLLM_N,
    VLLM_ITERATION,
    DYNAMO_INPUT,
    DYNAMO_OUTPUT,
    RESPONSE_BYTES,
];
