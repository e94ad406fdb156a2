use super::*;

fn secrets(take: impl FnOnce(&mut Secrets)) -> Secrets {
    let mut secrets = Secrets::default();
    take(&mut secrets);
    secrets
}

#[test]
fn a_message_has_neither_known_nor_possible_secrets() {
    let secrets = secrets(|s| {
        s.add("sk-12345678");
        s.add_header("X-Tenant", "team-a");
        s.add_header("Content-Type", "text/plain");
        s.add("abc");
    });
    assert_eq!(
        secrets.scrub("key sk-12345678 of team-a, text/plain abc"),
        "key *** of ***, text/plain abc"
    );
    assert_eq!(
        secrets.scrub_name("http://team-a/sk-12345678"),
        "http://team-a/***"
    );
    assert!(matches!(secrets.scrub("nothing"), Cow::Borrowed(_)));
    assert!(!format!("{secrets:?}").contains("sk-"));
}

#[test]
fn headers_are_taken_apart() {
    let secrets = secrets(|s| {
        s.add_header("authorization", "Bearer tok-1234");
        s.add_header("Cookie", "a=cook-1; b=cook-2==");
        s.add_header("X-Api-Key", "key 1=2");
    });
    for (said, shown) in [
        ("got Bearer tok-1234", "got ***"),
        ("got tok-1234", "got ***"),
        ("a is cook-1", "a is ***"),
        ("b is cook-2==", "b is ***"),
        ("key 1=2", "***"),
        ("Bearer of news", "Bearer of news"),
    ] {
        assert_eq!(secrets.scrub(said), shown);
    }
}

#[test]
fn logins_are_known_as_they_are_sent() {
    let secrets = secrets(|s| {
        s.add_url("http://Aladdin:open%20sesame@h/?api_key=k%2Fey1&match[]=up");
        s.add_url("http://only-user@h/");
    });
    for secret in [
        "open sesame",
        "open%20sesame",
        "QWxhZGRpbjpvcGVuIHNlc2FtZQ==",
        "k%2Fey1",
        "k/ey1",
        "only-user",
    ] {
        assert_eq!(secrets.scrub(secret), MASK, "{secret}");
    }
    assert_eq!(secrets.scrub("Aladdin match[]=up"), "Aladdin match[]=up");
}

#[test]
fn a_login_that_is_sent_is_known_as_it_was_given() {
    let secrets = secrets(|s| {
        s.add_header("Authorization", "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
    });
    assert_eq!(secrets.scrub("is it open sesame"), "is it ***");
}

#[test]
fn names_are_without_the_shortest_secrets() {
    let secrets = Secrets::default();
    for (name, shown) in [
        ("http://u:p@h/?sig=x&a=b", "http://***@h/?sig=***&a=b"),
        ("h:1/m?key=k", "h:1/m?key=***"),
        ("http://h/m?a=b", "http://h/m?a=b"),
    ] {
        assert_eq!(secrets.scrub_name(name), shown);
    }
}

#[test]
fn parts_of_urls_and_json_do_not_overlap() {
    let text = r#"http://u:p@h/?x="token":"a"&token="api_key":"b""#;
    let parts = secret_parts(text);
    assert!(parts.is_sorted_by(|a, b| a.end <= b.start), "{parts:?}");
}

#[test]
fn only_what_cannot_be_a_name_or_a_number_is_kept_out_of_files() {
    let secrets = secrets(|s| {
        s.add("none");
        s.add("123456789");
        s.add("12e45678");
        s.add("secret");
        s.add("zq1x");
        s.add("sk-long-enough");
        s.add("sk-long-enough-2");
        s.add("s3cret");
        s.add_possible("llama-3-8b");
    });
    let files = secrets.in_files();
    let has = |word: &str| files.contains(&word.as_bytes().to_vec());
    for word in ["sk-long-enough-2", "sk-long-enough", "s3cret"] {
        assert!(has(word), "{word}");
    }
    for word in [
        "none",
        "123456789",
        "12e45678",
        "secret",
        "zq1x",
        "llama-3-8b",
    ] {
        assert!(!has(word), "{word}");
    }
    assert!(files.is_sorted_by_key(|word| std::cmp::Reverse(word.len())));
}
