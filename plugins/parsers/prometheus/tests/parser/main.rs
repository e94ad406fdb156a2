//! Tests of the parser through its public interface.

#![cfg(test)]

mod cases;
mod conformance;
mod lint;
mod pages;
mod plugin;
mod properties;
mod support;
