//! The machine that aiperf runs on, and the people at it.

use nix::sys::signal::Signal;

use crate::case::{Act, Case, Files, Group};

const PROFILE: &[&str] = &[
    "profile",
    "--url",
    "{url}",
    "--request-count",
    "200",
    "--concurrency",
    "4",
    "--osl",
    "4",
    "--server-metrics-interval",
    "0.05",
    "--artifact-dir",
    "out",
    "--ui",
    "none",
];

/// Until it is ended.
const ENDLESS: &[&str] = &[
    "profile",
    "--url",
    "{url}",
    "--request-count",
    "1000000",
    "--concurrency",
    "4",
    "--osl",
    "4",
    "--server-metrics-interval",
    "0.05",
    "--artifact-dir",
    "out",
    "--ui",
    "none",
];

const SLOW_REQUESTS: &[&str] = &[
    "profile",
    "--url",
    "{url}",
    "--request-count",
    "1000000",
    "--concurrency",
    "4",
    "--artifact-dir",
    "out",
    "--ui",
    "none",
];

/// Until it is ended, which is as it should be.
const COLLECT: &[&str] = &[
    "collect",
    "--server-metrics",
    "{url}/metrics",
    "--server-metrics-interval",
    "0.05",
    "--artifact-dir",
    "out",
    "--ui",
    "none",
];

/// More at once than there are files for.
const RATE: &[&str] = &[
    "profile",
    "--url",
    "{url}",
    "--request-rate",
    "400",
    "--request-count",
    "150",
    "--request-timeout-seconds",
    "0.5",
    "--artifact-dir",
    "out",
    "--ui",
    "none",
];

/// More than a small memory holds.
const MANY: &[&str] = &[
    "profile",
    "--url",
    "{url}",
    "--request-count",
    "5000",
    "--concurrency",
    "64",
    "--osl",
    "4",
    "--server-metrics-interval",
    "0.02",
    "--artifact-dir",
    "out",
    "--ui",
    "none",
];

/// Whoever ignores SIGHUP makes others ignore it.
const TERMINAL: &str = "test $((0x$(awk '/^SigIgn/ {print $2}' /proc/self/status) & 1)) -eq 0";
/// A small disk of their own is what unprivileged users get by this.
const NAMESPACES: &str = "unshare -rm true";
const ON_A_SMALL_DISK: &str = "mkdir disk && unshare -rm sh -c '
    mount -t tmpfs -o size=200k none disk && cd disk || exit 99
    \"$0\" \"$@\"; code=$?
    cp -r out ..; exit $code' \"$0\" \"$@\"; code=$?; rmdir disk; exit $code";
const ON_A_READ_ONLY_DISK: &str = "mkdir disk && unshare -rm sh -c '
    mount -t tmpfs -o ro none disk && cd disk || exit 99
    \"$0\" \"$@\"' \"$0\" \"$@\"; code=$?; rmdir disk; exit $code";

const fn case(name: &'static str) -> Case {
    Case::new(name, Group::Machine, PROFILE)
}

const fn endless(name: &'static str, signals: &'static [Signal]) -> Case {
    Case::new(name, Group::Machine, ENDLESS).act(Act::Signal(signals))
}

pub(super) const CASES: &[Case] = &[
    endless("Ctrl-C", &[Signal::SIGINT]).ends(130, "press Ctrl-C again"),
    endless("SIGTERM", &[Signal::SIGTERM]).ends(130, "press Ctrl-C again"),
    endless("SIGHUP", &[Signal::SIGHUP])
        .needs(TERMINAL)
        .ends(130, "press Ctrl-C again"),
    endless("SIGHUP under nohup", &[Signal::SIGHUP, Signal::SIGTERM])
        .by("`nohup`")
        .shell("trap '' HUP; exec \"$0\" \"$@\"")
        .ends(130, "press Ctrl-C again"),
    Case::new("Ctrl-C, without load", Group::Machine, COLLECT)
        .act(Act::Signal(&[Signal::SIGINT]))
        .ends(0, "press Ctrl-C again")
        .lines(1),
    Case::new("Ctrl-C, server says nothing", Group::Machine, SLOW_REQUESTS)
        .silent()
        .act(Act::SignalAtOnce(&[Signal::SIGINT]))
        .ends(130, "interrupted before anything was sent")
        .lines(2)
        .files(Files::None),
    Case::new("Ctrl-C twice, requests hang", Group::Machine, SLOW_REQUESTS)
        .sim(&["hang:after=20"], "")
        .act(Act::Signal(&[Signal::SIGINT, Signal::SIGINT]))
        .ends(130, "Giving up what is in flight")
        .lines(2),
    endless("kill -9", &[Signal::SIGKILL]).is_killed(),
    case("closed standard output")
        .by("`\\| true`")
        .act(Act::CloseStdout),
    case("full standard output")
        .by("`> /dev/full`")
        .shell("exec \"$0\" \"$@\" > /dev/full")
        .ends(5, "standard output"),
    Case::new(
        "full standard output of a command",
        Group::Machine,
        &["config", "schema"],
    )
    .by("`> /dev/full`")
    .shell("exec \"$0\" \"$@\" > /dev/full")
    .ends(5, "standard output")
    .files(Files::None),
    Case::new("full standard output of help", Group::Machine, &["--help"])
        .by("`> /dev/full`")
        .shell("exec \"$0\" \"$@\" > /dev/full")
        .ends(5, "standard output")
        .files(Files::None),
    case("no standard streams")
        .by("`<&- >&- 2>&-`")
        .shell("exec \"$0\" \"$@\" <&- >&- 2>&-"),
    // The file of requests is larger, all others are smaller.
    case("file size limit")
        .by("`ulimit -f 200`, requests only")
        .config("[server_metrics]\nenabled = false\n")
        .shell("ulimit -f 200; exec \"$0\" \"$@\"")
        .ends(5, "File too large")
        .files(Files::Some),
    case("folder removed")
        .by("`rm -r out`")
        .act(Act::RemoveFolder)
        .ends(0, "was removed while the run went on"),
    Case::new("memory limit", Group::Machine, MANY)
        .by("`[run] memory_limit = \"1 MiB\"`")
        .config("[run]\nmemory_limit = \"1 MiB\"\n")
        .ends(0, "memory_limit")
        .slow(),
    case("too few open files")
        .by("`ulimit -n 60`")
        .shell("ulimit -n 60; exec \"$0\" \"$@\"")
        .ends(2, "ulimit -n")
        .files(Files::None),
    Case::new("too few open files for a rate", Group::Machine, RATE)
        .by("`ulimit -n 120`")
        .sim(&["hang"], "")
        .shell("ulimit -n 120; exec \"$0\" \"$@\"")
        .ends(4, "no complete response in time"),
    case("settings without end")
        .by("`--config /dev/zero`")
        .shell("exec \"$0\" \"$@\" --config /dev/zero")
        .ends(2, "it is larger than 16 MiB")
        .lines(6)
        .files(Files::None),
    case("full disk")
        .by("a disk of 200 KiB")
        .shell(ON_A_SMALL_DISK)
        .needs(NAMESPACES)
        .ends(5, "No space left on device")
        .lines(5)
        .files(Files::Some),
    case("read-only folder")
        .by("a disk that is mounted read-only")
        .shell(ON_A_READ_ONLY_DISK)
        .needs(NAMESPACES)
        .ends(2, "Read-only file system")
        .files(Files::None),
    case("folder that cannot be made")
        .by("a file in its place")
        .shell("touch out; \"$0\" \"$@\"; code=$?; rm out; exit $code")
        .ends(2, "cannot create `out`")
        .files(Files::None),
    case("argument that is no text")
        .by("`--model` with a byte 255")
        .shell("exec \"$0\" \"$@\" --model \"$(printf 'a\\377')\"")
        .ends(2, "invalid UTF-8")
        .lines(5)
        .files(Files::None),
    case("path that is no text")
        .by("`--ca-file` with a byte 255")
        .shell("exec \"$0\" \"$@\" --ca-file \"$(printf 'a\\377')\"")
        .ends(2, "`--ca-file` is no UTF-8 text")
        .lines(6)
        .files(Files::None),
    case("variable that is no text")
        .by("`AIPERF_MODEL` with a byte 255")
        .shell("AIPERF_MODEL=\"$(printf 'a\\377')\" exec \"$0\" \"$@\"")
        .ends(2, "`AIPERF_MODEL` holds no UTF-8 text")
        .lines(6)
        .files(Files::None),
    case("neither HOME nor PATH")
        .by("`unset HOME PATH`")
        .shell("unset HOME PATH; exec \"$0\" \"$@\""),
    case("no TMPDIR")
        .by("`TMPDIR=/nowhere`")
        .shell("TMPDIR=/nowhere exec \"$0\" \"$@\""),
];
