//! The command line by itself.

use super::super::ColorChoice;
use super::*;

fn settings_of(line: &[&str]) -> Vec<(String, String)> {
    let flags = flags(line);
    let settings = flags.settings();
    settings
        .map(|setting| (setting.name.clone(), setting.path.join(".")))
        .collect()
}

#[test]
fn the_definition_is_sound() {
    Cli::command().debug_assert();
}

#[test]
fn every_flag_of_profile_sets_something_under_its_own_name() {
    for flag in ALL_PROFILE_FLAGS {
        let settings = settings_of(&[&["profile"][..], *flag].concat());
        assert!(!settings.is_empty(), "{flag:?} sets nothing");
        assert!(
            settings.iter().all(|(name, _)| name == flag[0]),
            "{settings:?}"
        );
    }
    let command = Cli::command();
    let profile = command.find_subcommand("profile").unwrap();
    let mut defined: Vec<_> = profile
        .get_arguments()
        .filter_map(|arg| arg.get_long())
        .collect();
    let mut tested: Vec<_> = ALL_PROFILE_FLAGS
        .iter()
        .map(|flag| flag[0].trim_start_matches('-'))
        .collect();
    tested.push("config");
    defined.sort_unstable();
    tested.sort_unstable();
    assert_eq!(defined, tested);
}

#[test]
fn every_flag_has_help() {
    let command = Cli::command();
    for subcommand in command.get_subcommands() {
        for argument in subcommand.get_arguments() {
            let name = argument.get_id();
            assert!(
                argument.get_help().is_some(),
                "{} {name}",
                subcommand.get_name()
            );
        }
    }
}

#[test]
fn flags_of_the_python_tool_are_understood() {
    let line = [
        "profile",
        "--model-names",
        "m",
        "--num-requests",
        "5",
        "--synthetic-input-tokens-mean",
        "10",
        "--output-tokens-mean",
        "3",
        "--output-artifact-dir",
        "d",
        "--ui-type",
        "simple",
        "--custom-endpoint",
        "/x",
        "--num-warmup-requests",
        "2",
        "--profile-export-file",
        "p",
    ];
    let paths: Vec<_> = settings_of(&line)
        .into_iter()
        .map(|(_, path)| path)
        .collect();
    let expected = [
        "endpoint.model",
        "endpoint.path",
        "load.request_count",
        "load.isl",
        "load.osl",
        "load.warmup_request_count",
        "run.artifact_dir",
        "run.profile_export_prefix",
        "run.ui",
    ];
    assert_eq!(paths, expected);
}

#[test]
fn the_last_of_opposites_holds() {
    let streaming = |line: &[&str]| {
        let plan = Machine::default().plan(line);
        plan.load.unwrap().without_model().streaming
    };
    assert!(streaming(&["profile"]));
    assert!(!streaming(&["profile", "--streaming", "--no-streaming"]));
    assert!(streaming(&["profile", "--no-streaming", "--streaming"]));
}

#[test]
fn colors_follow_the_terminal_unless_told() {
    let plain = EnvSnapshot::default();
    let with = |name: &str, value: &str| -> EnvSnapshot {
        std::iter::once((name.to_owned(), value.to_owned())).collect()
    };
    let (no_color, dumb) = (with("NO_COLOR", "1"), with("TERM", "dumb"));
    assert!(ColorChoice::Auto.applies(&with("TERM", "xterm"), true));
    assert!(!ColorChoice::Auto.applies(&dumb, true));
    assert!(ColorChoice::Auto.applies(&plain, true));
    assert!(!ColorChoice::Auto.applies(&plain, false));
    assert!(!ColorChoice::Auto.applies(&no_color, true));
    assert!(ColorChoice::Always.applies(&no_color, false));
    assert!(!ColorChoice::Never.applies(&plain, true));
    assert_eq!(
        parse(&["profile", "--color", "never"]).color,
        ColorChoice::Never
    );
}
