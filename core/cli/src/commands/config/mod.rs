//! `aiperf config`.

mod check;
mod init;
mod schema;
mod show;

pub(crate) use check::check_config;
pub(crate) use init::init_config;
pub(crate) use schema::config_schema;
pub(crate) use show::show_config;
