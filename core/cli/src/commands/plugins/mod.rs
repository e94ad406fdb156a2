//! `aiperf plugins`.

mod check;
mod header;
mod installed;
mod list;
mod new;
mod show;

pub(crate) use check::check_plugin;
pub(crate) use header::print_header;
pub(crate) use list::list_plugins;
pub(crate) use new::new_plugin;
pub(crate) use show::show_plugin;
