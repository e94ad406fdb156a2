//! Whose samples are whose.

use super::*;

#[test]
fn a_page_of_named_servers_is_split() {
    let mut bench = Bench::new();
    let fill = |b: &mut Batch| {
        for (server, value) in [("b", 1.0), ("a", 2.0)] {
            let labels = [
                ("server_id", server),
                ("instance", server),
                ("server_type", "ai"),
            ];
            b.gauge("up", &labels, value);
            b.gauge("gpu", &[("server_id", server), ("n", "0")], value);
        }
    };
    let records = bench.tick(fill);
    let servers: Vec<_> = bench
        .schema
        .servers
        .iter()
        .map(|s| s.server_id.as_str())
        .collect();
    assert_eq!(servers, ["b", "a"]);
    assert_eq!(bench.schema.servers[0].metadata.instance, "b");
    assert_eq!(bench.schema.servers[0].metadata.hostname, "unknown");
    assert_eq!(bench.keys(&records[0]), pairs(&[("gpu", 1.0), ("up", 1.0)]));
    assert_eq!(bench.keys(&records[1]), pairs(&[("gpu", 2.0), ("up", 2.0)]));
    assert!(bench.schema.series[0].labels.is_empty());
}

#[test]
fn labels_common_to_a_page_describe_its_one_server() {
    let mut bench = Bench::new();
    let keys = bench.keys_of(|b| {
        b.gauge("up", &[("instance", "i:1"), ("hostname", "x")], 1.0);
        b.gauge("down", &[("instance", "i:1"), ("hostname", "x")], 1.0);
        b.gauge(
            "down",
            &[("instance", "i:1"), ("hostname", "y"), ("server_id", "s")],
            2.0,
        );
    });
    let server = &bench.schema.servers[0];
    assert_eq!(
        (server.server_id.as_str(), server.metadata.instance.as_str()),
        ("server-0", "i:1")
    );
    assert_eq!(server.metadata.hostname, "unknown");
    let expect = [
        ("down_hostname_x", 1.0),
        ("down_hostname_y_server_id_s", 2.0),
        ("up", 1.0),
    ];
    assert_eq!(keys, pairs(&expect));
}

#[test]
fn the_user_names_a_server_and_ids_stay_unique() {
    let labels = [("server_id", "mine"), ("server_type", "router")];
    let labels = labels.map(|(n, v)| (n.to_owned(), v.to_owned())).into();
    let mut bench = Bench::with(
        StoreOptions::default(),
        EndpointInfo {
            labels,
            ..Default::default()
        },
    );
    bench.tick(|b| b.gauge("up", &[("server_type", "worker")], 1.0));
    bench.endpoint = bench.store.add_endpoint(EndpointInfo::default());
    bench.tick(|b| b.gauge("up", &[("server_id", "mine")], 1.0));
    let ids: Vec<_> = bench
        .schema
        .servers
        .iter()
        .map(|s| s.server_id.as_str())
        .collect();
    assert_eq!(ids, ["mine", "mine-2"]);
    assert_eq!(bench.schema.servers[0].metadata.server_type, "router");
}

#[test]
fn failures_make_records_for_what_the_user_asked_for() {
    let failure = ScrapeFailure {
        class: "timeout".to_owned(),
        ..Default::default()
    };
    let automatic = EndpointInfo {
        automatic: true,
        ..Default::default()
    };
    let mut bench = Bench::with(StoreOptions::default(), automatic);
    let info = bench.info(None, Barrier::Tick);
    assert!(
        bench
            .store
            .failure(bench.endpoint, &info, &failure)
            .is_empty()
    );
    bench.tick(|b| b.gauge("up", &[], 1.0));
    let records = bench.store.failure(bench.endpoint, &info, &failure);
    assert_eq!(records[0].meta.error.as_ref().unwrap().class, "timeout");
    assert!(records[0].keys.is_empty());

    let explicit = bench.store.add_endpoint(EndpointInfo::default());
    let records = bench.store.failure(explicit, &info, &failure);
    assert_eq!(records[0].schema.servers[0].server_id, "server-1");
    assert_eq!(
        bench.store.endpoint(explicit).servers().count(),
        0,
        "never answered"
    );
}
