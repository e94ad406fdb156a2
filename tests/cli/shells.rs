//! `aiperf completions` and `aiperf man`.

use super::context::Context;

#[test]
fn every_shell_has_a_script_that_knows_the_commands() {
    let context = Context::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = context.succeed(&["completions", shell]).stdout;
        for known in ["profile", "no-proxy", "lint"] {
            assert!(script.contains(known), "{shell} lacks {known}");
        }
        assert!(!script.contains("request-count-that-is-none"));
    }
    assert_eq!(context.run(&["completions", "no-shell"]).code, Some(2));
}

/// As a shell does it: the script is sourced, and its function asked.
#[test]
fn bash_completes_commands_flags_and_values() {
    let context = Context::new();
    let script = context.succeed(&["completions", "bash"]).stdout;
    context.write("aiperf.bash", &script);
    let ask = "source ./aiperf.bash || exit 9
        ask() { COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1)); COMP_LINE=\"$*\"; COMP_POINT=${#COMP_LINE}
            COMPREPLY=(); _aiperf aiperf \"${@: -1}\" \"${@: -2:1}\"; echo \"${COMPREPLY[@]}\"; }
        complete -p aiperf > /dev/null || exit 8
        ask aiperf pro; ask aiperf config ini; ask aiperf profile --concurrency-r
        ask aiperf profile --ui d";
    let mut shell = std::process::Command::new("bash");
    let shell = shell
        .args(["--norc", "-c", ask])
        .current_dir(context.path());
    let Ok(output) = shell.output() else {
        return; // Where there is no bash, nobody completes in it.
    };
    let said = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(
        said.lines().collect::<Vec<_>>(),
        [
            "profile",
            "init",
            "--concurrency-ramp-duration",
            "dashboard"
        ],
        "{errors}"
    );
}

#[test]
fn the_manual_has_a_page_for_each_command() {
    let context = Context::new();
    let page = context.succeed(&["man"]).stdout;
    assert!(
        page.contains(".TH aiperf 1") && page.contains("aiperf\\-profile(1)"),
        "{page}"
    );
    context.succeed(&["man", "--dir", "."]);
    assert!(context.read("aiperf-profile.1").contains("concurrency"));
    assert!(context.exists("aiperf-config-check.1"));
    assert!(!context.exists("aiperf-__plugin-host.1"));
    context.succeed(&["man", "--dir", "share/man1"]);
    assert!(context.exists("share/man1/aiperf.1"));
    context.write("file", "");
    let ran = context.run(&["man", "--dir", "file/man1"]);
    assert_eq!((ran.code, ran.complaints()), (Some(2), 1), "{}", ran.stderr);
}
