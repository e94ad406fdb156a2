//! A simulated inference server that knows its own truth.
