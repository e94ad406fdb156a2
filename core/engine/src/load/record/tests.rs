use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::http::ErrorClass;

fn ok(id: u64, arrivals: &[i64]) -> RequestRecord {
    let mut record = RequestRecord::new(3);
    record.begin(id, 1, MonoNs(5));
    record.start = Some(MonoNs(10));
    for &at in arrivals {
        record.token(MonoNs(at), 7);
    }
    record.end = MonoNs(1_000);
    record.status = Some(200);
    record.outcome = Outcome::Ok;
    record.usage.completion_tokens = Some(0);
    record
}

fn failed(id: u64, message: &str) -> RequestRecord {
    let mut record = RequestRecord::new(0);
    record.begin(id, 0, MonoNs(5));
    record.outcome = Outcome::Failed(FailureClass::Http(ErrorClass::Reset));
    record.error = Some(message.to_owned());
    record
}

#[test]
fn a_request_comes_back_as_it_went_in() {
    let mut record = ok(9, &[20, 30, 31]);
    let times = ConnectTimes {
        dns: None,
        tcp: Duration::from_micros(3),
        tls: None,
    };
    record.connect = Some(times);
    (record.sent, record.first_byte) = (Some(MonoNs(12)), Some(MonoNs(15)));
    (record.wire_sent, record.wire_received, record.reads) = (4, 5, 6);
    record.usage.rejected_prediction_tokens = Some(8);
    let drafts = Drafts {
        steps: 1,
        proposed: 2,
        accepted: 0,
    };
    record.drafts = Some(drafts);
    let mut records = RequestRecords::default();
    records.push(&record);
    let row = records.row(0);
    assert_eq!(
        (row.id, row.phase, row.worker, row.status),
        (9, 1, 3, Some(200))
    );
    assert_eq!(
        (row.intended, row.start, row.end),
        (MonoNs(5), Some(MonoNs(10)), MonoNs(1_000))
    );
    assert_eq!(
        (row.first_token, row.last_token),
        (Some(MonoNs(20)), Some(MonoNs(31)))
    );
    assert_eq!(
        (row.sent, row.first_byte),
        (Some(MonoNs(12)), Some(MonoNs(15)))
    );
    assert_eq!((row.wire_sent, row.wire_received, row.reads), (4, 5, 6));
    assert_eq!((row.chunks, row.text_bytes), (3, 21));
    assert_eq!(row.gaps.collect::<Vec<_>>(), [10, 1]);
    assert_eq!(
        row.usage.completion_tokens,
        Some(0),
        "zero is not the same as unknown"
    );
    assert_eq!((row.usage, row.drafts), (record.usage, Some(drafts)));
    assert_eq!((row.connect, row.error), (Some(times), None));
}

#[test]
fn what_never_happened_stays_unknown() {
    let mut records = RequestRecords::default();
    records.push(&failed(1, "gone"));
    let row = records.row(0);
    assert_eq!((row.start, row.first_token, row.status), (None, None, None));
    assert_eq!(
        row.outcome,
        Outcome::Failed(FailureClass::Http(ErrorClass::Reset))
    );
    assert_eq!(row.error, Some("gone"));
    assert_eq!(row.gaps.len(), 0);
}

#[test]
fn a_record_begun_again_holds_nothing_of_the_previous_request() {
    let mut record = ok(1, &[20, 30]);
    record.begin(2, 0, MonoNs(40));
    assert_eq!(
        (record.id, record.worker, record.intended),
        (2, 3, MonoNs(40))
    );
    assert_eq!(
        (record.chunks, record.first_token, record.gaps.len()),
        (0, None, 0)
    );
}

#[test]
fn merged_blocks_keep_rows_messages_and_long_gaps_together() {
    let long = i64::from(u32::MAX) + 100;
    let mut one = RequestRecords::default();
    one.push(&ok(1, &[100, 100 + long, 200 + long]));
    one.push(&failed(2, "reset"));
    let mut two = RequestRecords::default();
    two.push(&failed(3, "refused"));
    two.push(&failed(4, "reset"));
    two.push(&ok(5, &[1, 1 + long]));
    one.merge(&two);

    assert_eq!(one.id(), [1, 2, 3, 4, 5]);
    let errors: Vec<_> = one.rows().map(|row| row.error).collect();
    assert_eq!(
        errors,
        [None, Some("reset"), Some("refused"), Some("reset"), None]
    );
    let gaps: Vec<Vec<u64>> = one.rows().map(|row| row.gaps.collect()).collect();
    let long = u64::try_from(long).unwrap();
    assert_eq!(gaps, [vec![long, 100], vec![], vec![], vec![], vec![long]]);
    assert_eq!(one.gaps().collect::<Vec<_>>(), [long, 100, long]);
}

proptest! {
    #[test]
    fn gaps_are_exact_whatever_their_size_and_however_blocks_are_merged(
        requests in prop::collection::vec(
            prop::collection::vec(
                prop_oneof![0..5_u64, u64::from(u32::MAX) - 2..u64::from(u32::MAX) + 2, any::<u64>()],
                0..5,
            ),
            0..12,
        ),
        block in 1..5_usize,
    ) {
        let mut all = RequestRecords::default();
        for requests in requests.chunks(block) {
            let mut records = RequestRecords::with_capacity(block);
            for gaps in requests {
                let mut record = RequestRecord::new(0);
                record.gaps.clone_from(gaps);
                records.push(&record);
            }
            all.merge(&records);
        }
        let rows: Vec<Vec<u64>> = all.rows().map(|row| row.gaps.collect()).collect();
        prop_assert_eq!(&rows, &requests);
        prop_assert_eq!(all.gaps().collect::<Vec<_>>(), requests.concat());
    }
}
