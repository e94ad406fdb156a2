//! The list.

mod machine;
mod pages;
mod proxies;
mod requests;
mod server;

use crate::case::Case;

/// All faults.
pub fn all() -> impl Iterator<Item = &'static Case> {
    let parts = [
        requests::CASES,
        pages::CASES,
        server::CASES,
        proxies::CASES,
        machine::CASES,
    ];
    parts.into_iter().flatten()
}
