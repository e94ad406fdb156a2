//! `aiperf`: benchmark LLM inference servers and see what the servers saw.

mod args;
mod builtin_plugins;
mod commands;
mod exit_code;
mod output;
mod schema;
mod signals;

use args::{Action, Cli, ConfigAction, PluginsAction};
use clap::Parser;
use exit_code::ExitCode;

fn main() -> std::process::ExitCode {
    aiperf_plugin_sdk::hosting::quiet_plugin_panics();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(answer) => return unparsed(&answer).into(),
    };
    let world = commands::World::new(cli.color);
    let code = match &cli.action {
        Action::Profile(profile) => commands::run(profile.as_ref(), &[], &world),
        Action::Collect(collect) => commands::run(collect.as_ref(), &[], &world),
        Action::Demo(demo) => commands::demo(demo, &world),
        Action::Report(report) => commands::report(report.as_ref(), &world),
        Action::Lint(lint) => commands::lint(lint, &world),
        Action::Config(config) => match &config.action {
            ConfigAction::Check(check) => commands::check_config(check, &world),
            ConfigAction::Show(show) => commands::show_config(show, &world),
            ConfigAction::Schema(schema) => commands::config_schema(schema, &world),
            ConfigAction::Init(init) => commands::init_config(init, &world),
        },
        Action::Plugins(plugins) => match &plugins.action {
            PluginsAction::List(list) => commands::list_plugins(list, &world),
            PluginsAction::Show(show) => commands::show_plugin(show, &world),
            PluginsAction::New(new) => commands::new_plugin(new),
            PluginsAction::Check(check) => commands::check_plugin(check, &world),
            PluginsAction::Header => commands::print_header(),
        },
        Action::Sim(sim) => commands::sim(sim),
        Action::Completions(completions) => commands::completions(completions),
        Action::Man(man) => commands::man(man),
        Action::PluginProbe { path } => commands::probe_plugin(path),
        Action::PluginHost { path, sha256, run } => commands::host_plugin(path, sha256, *run),
    };
    // Whatever else there was to say of it, a script must not take half of it for the whole.
    if code == ExitCode::Success && output::is_lost() {
        ExitCode::Partial.into()
    } else {
        code.into()
    }
}

/// Says what is wrong with the command line, or gives the help that was asked for.
fn unparsed(answer: &clap::Error) -> ExitCode {
    let printed = match args::instead_of(answer) {
        Some(instead) => clap::Error::raw(answer.kind(), instead).print(),
        None => answer.print(),
    };
    if answer.use_stderr() {
        return ExitCode::Usage;
    }
    if let Err(error) = printed {
        output::lose(&error);
    }
    if output::is_lost() {
        ExitCode::Partial
    } else {
        ExitCode::Success
    }
}
