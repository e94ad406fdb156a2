//! Every place where a secret can be given, one at a time: against a server that refuses it and repeats all
//! that it was sent, and in what is shown of settings.

use crate::context::{Context, Ran, ran};
use crate::peer::{response, send, serve_whole};

use super::PLANTED;
use super::given::{PLACES, Place};

/// A server that refuses everybody and repeats what it was sent, and what it made of that.
fn echo() -> String {
    serve_whole(|head, body, stream| {
        let basic = head
            .lines()
            .find_map(|line| line.split_once(": Basic "))
            .and_then(|(_, login)| decoded(login));
        let said = format!("you {basic:?} sent {head} with {body}");
        let answer = response("text/plain", "", said.as_bytes());
        let text = String::from_utf8(answer).expect("UTF-8");
        let refused = text.replacen("200 OK", "401 Unauthorized", 1);
        send(stream, refused.as_bytes())
    })
}

fn decoded(base64: &str) -> Option<String> {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut bits, mut held, mut bytes) = (0_u32, 0, Vec::new());
    for digit in base64.trim_end_matches('=').bytes() {
        let value = DIGITS.iter().position(|known| *known == digit)?;
        bits = (bits << 6 | u32::try_from(value).ok()?) & 0xFFFF;
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push(u8::try_from(bits >> held & 0xFF).ok()?);
        }
    }
    String::from_utf8(bytes).ok()
}

fn run(context: &Context, command: &[&str], place: &Place, server: &str) -> Ran {
    let here = |text: &str| text.replace("{server}", server);
    let mut line: Vec<String> = command.iter().map(|word| here(word)).collect();
    line.extend(place.args.iter().map(|word| here(word)));
    let line: Vec<_> = line.iter().map(String::as_str).collect();
    let mut command = context.command(&line);
    for (name, value) in place.variables {
        command.env(name, here(value));
    }
    ran(command.output().expect("the binary starts"))
}

fn prepared(place: &Place, server: &str) -> Context {
    let context = Context::new();
    context.write("secret", "f-planted-1\n");
    let names_model = place.file.contains("endpoint.model");
    let model = if names_model {
        ""
    } else {
        "endpoint.model = \"m\"\n"
    };
    let file = place.file.replace("{server}", server);
    let url = format!("endpoint.url = \"http://{server}\"\n");
    context.write("aiperf.toml", &format!("{model}{url}{file}\n"));
    context
}

#[test]
fn no_place_gives_its_secret_away() {
    let url = echo();
    let server = url.trim_start_matches("http://");
    for place in PLACES {
        let context = prepared(place, server);
        let load = [
            "profile",
            "--request-count",
            "3",
            "--osl",
            "3",
            "--artifact-dir",
            "out",
        ];
        let profile = run(&context, &load, place, server);
        assert!(
            matches!(profile.code, Some(3 | 4)),
            "{}: {:?} {}",
            place.name,
            profile.code,
            profile.stderr
        );
        if context.exists("out") {
            super::check_named(place.name, &context, &profile);
            let again = context.run(&["report", "out"]);
            super::check_named(place.name, &context, &again);
        }
        let shown = run(
            &context,
            &["config", "show", "--origin", "profile"],
            place,
            server,
        );
        assert_eq!(shown.code, Some(0), "{}: {}", place.name, shown.stderr);
        for ran in [&profile, &shown] {
            let all = format!("{}{}", ran.stdout, ran.stderr);
            assert!(!all.contains(PLANTED), "{}: {all}", place.name);
        }
    }
}

#[test]
fn no_place_gives_its_secret_away_when_something_else_is_wrong() {
    for place in PLACES {
        let context = prepared(place, "127.0.0.1:1");
        for wrong in [
            &["profile", "--concurrency", "0"][..],
            &["profile", "--isl", "x"],
            &["profile", "--no-such-flag"],
            &[
                "profile",
                "--sweep",
                "endpoint.api_key=sk-planted-1,sk-planted-2",
            ],
            &["collect", "--duration", "x"],
        ] {
            let ran = run(&context, wrong, place, "127.0.0.1:1");
            let all = format!("{}{}", ran.stdout, ran.stderr);
            assert!(!all.contains(PLANTED), "{} {wrong:?}: {all}", place.name);
        }
        if !place.file.is_empty() {
            let text = context.read("aiperf.toml");
            context.write(
                "aiperf.toml",
                &format!("{text}\n[load]\nconcurrency = 0\nx = 1\n"),
            );
            let ran = run(&context, &["config", "check"], place, "127.0.0.1:1");
            assert_eq!(ran.code, Some(7), "{}", place.name);
            let all = format!("{}{}", ran.stdout, ran.stderr);
            assert!(!all.contains(PLANTED), "{}: {all}", place.name);
        }
    }
}

#[test]
fn several_runs_give_no_secrets_away() {
    let url = echo();
    let server = url.trim_start_matches("http://");
    for place in PLACES {
        let context = prepared(place, server);
        let load = [
            "profile",
            "--request-count",
            "2",
            "--sweep",
            "concurrency=1,2",
            "--artifact-dir",
            "out",
        ];
        let ran = run(&context, &load, place, server);
        let all = format!("{}{}", ran.stdout, ran.stderr);
        assert!(!all.contains(PLANTED), "{}: {all}", place.name);
        if context.exists("out") {
            super::check_named(place.name, &context, &ran);
            let mut names = Vec::new();
            super::names(&context.path().join("out"), &mut names);
            // Names of files are the user's own words.
            let is_prefix = place.file.contains("profile_export_prefix");
            let shown = names.iter().find(|name| name.contains(PLANTED));
            assert!(shown.is_none() || is_prefix, "{}: {names:?}", place.name);
        }
    }
}

#[test]
fn secrets_do_not_vary() {
    let context = Context::new();
    for vary in [
        "endpoint.api_key=sk-planted-1,sk-planted-2",
        "endpoint.headers.X-Api-Key=sk-planted-1,sk-planted-2",
        "endpoint.url=http://me:pw-planted-1@h,http://h",
        "endpoint.extra_inputs.api_key=sk-planted-1,sk-planted-2",
    ] {
        let ran = context.run(&["profile", "--sweep", vary]);
        assert_eq!(ran.code, Some(2), "{}", ran.stderr);
        assert!(
            ran.stderr.contains("is a secret and cannot vary"),
            "{}",
            ran.stderr
        );
        assert!(!ran.stderr.contains(PLANTED), "{}", ran.stderr);
    }
}

#[test]
fn a_page_that_is_looked_at_gives_no_secrets_away() {
    let url = echo();
    let server = url.trim_start_matches("http://");
    let context = Context::new();
    for line in [
        &["lint", "http://me:pw-planted-1@{server}/m?sig=s-planted-1"][..],
        &["lint", "-H", "X-Api-Key: k-planted-1", "http://{server}/m"],
        &[
            "lint",
            "--proxy",
            "http://me:pw-planted-1@{server}",
            "http://h.test/m",
        ],
    ] {
        let ran = run(&context, line, &Place::default(), server);
        assert_ne!(ran.code, Some(0), "{line:?}");
        let all = format!("{}{}", ran.stdout, ran.stderr);
        assert!(!all.contains(PLANTED), "{line:?}: {all}");
    }
}
