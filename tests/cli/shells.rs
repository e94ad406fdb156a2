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
    let ran = context.run(&["man", "--dir", "nowhere"]);
    assert_eq!((ran.code, ran.complaints()), (Some(2), 1), "{}", ran.stderr);
}
