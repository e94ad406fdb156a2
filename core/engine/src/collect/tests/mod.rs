//! Collections from outside: real sockets, plugins through the registry.

mod accounting;
mod barriers;
mod bench;
mod plugins;
mod retry;
