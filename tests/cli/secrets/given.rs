//! Places where secrets can be given.

/// A place, and how it is given.
#[derive(Clone, Copy, Default)]
pub(super) struct Place {
    pub(super) name: &'static str,
    /// Lines of a file; `{server}` is the address of the server.
    pub(super) file: &'static str,
    pub(super) args: &'static [&'static str],
    pub(super) variables: &'static [(&'static str, &'static str)],
}

const fn by_file(name: &'static str, file: &'static str) -> Place {
    Place {
        name,
        file,
        args: &[],
        variables: &[],
    }
}

const fn by_flags(name: &'static str, args: &'static [&'static str]) -> Place {
    Place {
        name,
        file: "",
        args,
        variables: &[],
    }
}

const fn by_variables(
    name: &'static str,
    file: &'static str,
    variables: &'static [(&'static str, &'static str)],
) -> Place {
    Place {
        name,
        file,
        args: &[],
        variables,
    }
}

pub(super) const PLACES: &[Place] = &[
    by_flags("API key", &["--api-key", "sk-planted-1"]),
    by_file("API key of a file", "endpoint.api_key = \"sk-planted-1\""),
    by_variables(
        "API key of our variable",
        "",
        &[("AIPERF_API_KEY", "sk-planted-1")],
    ),
    by_variables(
        "API key of any variable",
        "endpoint.api_key_env = \"SOME\"",
        &[("SOME", "sk-planted-1")],
    ),
    by_variables(
        "API key by its name",
        "endpoint.api_key = \"${SOME}\"",
        &[("SOME", "sk-planted-1")],
    ),
    by_variables(
        "URL of our variable",
        "",
        &[(
            "AIPERF_URL",
            "http://me:pw-planted-1@{server}/v1?key=k-planted-1",
        )],
    ),
    by_flags("bearer", &["-H", "Authorization: Bearer tok-planted-1"]),
    // `me:pw-planted-1`, which the server takes apart.
    by_flags(
        "login as a header",
        &["-H", "Authorization: Basic bWU6cHctcGxhbnRlZC0x"],
    ),
    by_flags("key header", &["-H", "X-Api-Key: key-planted-1"]),
    by_flags("any header", &["-H", "X-Tenant: tenant-planted-1"]),
    by_flags("cookies", &["-H", "Cookie: a=b; session=s-planted-1"]),
    by_flags(
        "login in the URL",
        &["--url", "http://me:pw-planted-1@{server}"],
    ),
    by_flags("token as user", &["--url", "http://tok-planted-1@{server}"]),
    by_flags(
        "query of the URL",
        &["--url", "http://{server}/v1?api_key=k-planted-1"],
    ),
    by_flags(
        "second server",
        &[
            "--url",
            "http://{server}",
            "--url",
            "http://me:pw-planted-1@{server}/2",
        ],
    ),
    by_flags("body", &["--extra-inputs", "api_key:k-planted-1"]),
    by_flags(
        "deep in the body",
        &[
            "--extra-inputs",
            r#"{"auth": {"list": [{"token": "t-planted-1"}]}}"#,
        ],
    ),
    by_file(
        "body of a file",
        "endpoint.extra_inputs = { auth = { password = \"p-planted-1\" } }",
    ),
    by_flags(
        "template",
        &[
            "--endpoint-type",
            "template",
            "--payload-template",
            r#"{"text": {{text}}, "auth": {"api_key": "k-planted-1"}}"#,
        ],
    ),
    by_flags(
        "metrics: login",
        &["--server-metrics", "http://me:pw-planted-1@{server}/m"],
    ),
    by_flags(
        "metrics: query",
        &["--server-metrics", "http://{server}/m?sig=s-planted-1"],
    ),
    by_variables(
        "metrics: default endpoints",
        "",
        &[(
            "AIPERF_SERVER_METRICS_DEFAULT_ENDPOINTS",
            "http://{server}/d?token=t-planted-1",
        )],
    ),
    by_file(
        "collector: bearer",
        "server_metrics.urls = [\"http://{server}/m\"]\n\
         collectors.server_metrics.options.bearer_token = \"t-planted-1\"",
    ),
    by_file(
        "collector: login",
        "server_metrics.urls = [\"http://{server}/m\"]\n\
         collectors.server_metrics.options.basic = { username = \"me\", password = \"pw-planted-1\" }",
    ),
    by_file(
        "collector: header",
        "server_metrics.urls = [\"http://{server}/m\"]\n\
         collectors.server_metrics.options.headers = { X-Any = \"h-planted-1\" }",
    ),
    by_file(
        "collector: targets",
        "collectors.server_metrics.options.targets = [\n\
         { url = \"http://me:pw-planted-1@{server}/a?sig=s-planted-1\", bearer_token = \"t-planted-1\" },\n\
         { url = \"http://{server}/b\", basic = { username = \"me\", password = \"pw-planted-2\" } },\n\
         { url = \"http://{server}/c\", headers = { Cookie = \"a=c-planted-1\" } }]",
    ),
    by_file(
        "collector: any option that is named like a secret",
        "collectors.dcgm.options.urls = [\"http://{server}/gpu?access_token=t-planted-1\"]",
    ),
    by_file(
        "proxy",
        "[proxy]\nhttp = \"http://me:pw-planted-1@{server}\"\nloopback = true",
    ),
    by_flags(
        "proxy by a flag",
        &["--proxy", "http://me:pw-planted-1@{server}"],
    ),
    by_variables(
        "proxy by a variable",
        "proxy.loopback = true",
        &[("http_proxy", "http://me:pw%2Fplanted-1@{server}")],
    ),
    by_file(
        "endpoint label",
        "server_metrics.urls = [\"http://{server}/${file:secret}?x=1\"]",
    ),
    by_file("from a file", "endpoint.model = \"${file:secret}\""),
    by_file(
        "part of a text",
        "endpoint.headers.X-Auth-Token = \"v1 ${file:secret} end\"",
    ),
    by_file(
        "prefix of files",
        "run.profile_export_prefix = \"${file:secret}\"",
    ),
];
