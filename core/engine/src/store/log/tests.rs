use proptest::prelude::*;

use super::*;

/// A page: nothing, or a value (if it is there) for each part.
type Page = Option<Vec<Option<f64>>>;

fn value() -> impl Strategy<Value = f64> {
    prop_oneof![
        6 => (0_u8..6).prop_map(f64::from),
        2 => -1e3..1e3_f64,
        1 => any::<f64>(),
        1 => prop_oneof![
            Just(-0.0),
            Just(9_007_199_254_740_992.0),
            Just(-9_007_199_254_740_992.0),
            Just(9_007_199_254_740_994.0),
            Just(f64::NAN),
        ],
    ]
}

/// Pages of up to 11 parts, of which later ones may come late.
fn pages() -> impl Strategy<Value = Vec<Page>> {
    let part = prop::option::weighted(0.9, value());
    let page = prop::collection::vec(part, 1..12);
    let page = prop::option::weighted(0.8, page).prop_map(|page| {
        page.map(|mut parts| {
            // A page has one part at least, and the last one is always there when it is new.
            if let Some(last) = parts.last_mut() {
                last.get_or_insert(1.0);
            }
            parts
        })
    });
    let repeated = (page, 1_usize..4).prop_map(|(page, times)| vec![page; times]);
    prop::collection::vec(repeated, 0..120).prop_map(|runs| {
        let mut width = 0;
        let mut pages = runs.concat();
        for page in pages.iter_mut().flatten() {
            width = width.max(page.len());
            page.resize(width, None);
        }
        pages
    })
}

fn follows(at: usize) -> bool {
    at != 2
}

/// Bits of the values as last known, and which are on the page.
type Read = (u32, Vec<u64>, Vec<bool>);

/// Pushes the pages and says what reading each should give.
fn fill(pages: &[Page], log: &mut Log) -> Vec<Read> {
    let (mut values, mut present, mut expect) = (Vec::new(), Vec::new(), Vec::new());
    for (number, page) in (0_u32..).zip(pages) {
        let Some(page) = page else { continue };
        values.resize(page.len(), 0.0);
        present.resize(page.len(), false);
        let slot = |(at, value): (usize, &Option<f64>)| Slot {
            value: value.unwrap_or(values[at]),
            before: values[at],
            present: value.is_some(),
            was_present: present[at],
            follows: follows(at),
        };
        let slots: Vec<Slot> = page.iter().enumerate().map(slot).collect();
        log.push(number, &slots);
        values = slots.iter().map(|slot| slot.value).collect();
        present = slots.iter().map(|slot| slot.present).collect();
        let bits = values.iter().map(|value| value.to_bits()).collect();
        expect.push((number, bits, present.clone()));
    }
    expect
}

fn read(log: &Log, from: u32) -> Vec<Read> {
    let mut cursor = log.cursor(from);
    let mut all = Vec::new();
    while let Some(run) = cursor.advance(&follows) {
        for page in run.first..=run.last {
            let bits = cursor
                .values()
                .iter()
                .map(|value| value.to_bits())
                .collect();
            all.push((page, bits, cursor.present().to_vec()));
        }
    }
    all
}

proptest! {
    #[test]
    fn nothing_is_lost(pages in pages()) {
        let mut log = Log::default();
        let expect = fill(&pages, &mut log);
        prop_assert_eq!(read(&log, 0), expect);
    }

    #[test]
    fn reading_starts_at_or_before_any_page(pages in pages(), from in 0_u32..400) {
        let mut log = Log::default();
        let expect = fill(&pages, &mut log);
        let part = read(&log, from);
        let tail = expect.len() - part.len();
        prop_assert_eq!(&part[..], &expect[tail..]);
        let before = expect.iter().rposition(|(page, ..)| *page <= from);
        prop_assert!(tail <= before.unwrap_or(0), "the last page not after {from} is read");
    }
}

#[test]
fn what_stands_still_takes_no_room() {
    let mut log = Log::default();
    let page: Page = Some(vec![Some(3.0), Some(4.5)]);
    fill(&vec![page; 10_000], &mut log);
    assert!(log.sealed.is_empty());
    assert!(log.open.bytes.len() < FIRST, "{}", log.open.bytes.len());
}

#[test]
fn memory_is_taken_by_the_block() {
    let mut log = Log::default();
    let (mut before, mut changes) = (0, 0);
    for page in 0..10_000_u32 {
        let value = f64::from(page) / 7.0;
        let slot = Slot {
            value,
            before: f64::from(page.saturating_sub(1)) / 7.0,
            present: true,
            was_present: true,
            follows: false,
        };
        log.push(page, &[slot]);
        changes += u32::from(log.heap_bytes() != before);
        before = log.heap_bytes();
    }
    // Once for each of some 180 blocks, and a few times for the first one and for the list.
    assert!(changes < 220, "{changes} changes for 10,000 values");
    let whole: usize = log.sealed.iter().map(|block| block.bytes.capacity()).sum();
    assert_eq!(log.sealed_bytes as usize, whole);
}

#[test]
fn what_is_forgotten_gives_its_memory_back() {
    let pages: Vec<Page> = (0..3000)
        .map(|n| Some(vec![Some(f64::from(n) / 3.0)]))
        .collect();
    let mut log = Log::default();
    let expect = fill(&pages, &mut log);
    let before = log.heap_bytes();
    log.forget_before(2000);
    assert!(log.heap_bytes() < before / 2);
    let left = read(&log, 0);
    assert_eq!(&left[..], &expect[3000 - left.len()..]);
    assert!(left[0].0 < 2000 && left[0].0 > 1900, "{}", left[0].0);
}

#[test]
fn a_histogram_takes_a_byte_or_two_for_each_bucket_that_rose() {
    let mut counts = [0.0; 14];
    let page = |number: u8| {
        for count in &mut counts[usize::from(number % 5 + 3)..] {
            *count += f64::from(number % 3 + 1);
        }
        Some(counts.iter().copied().map(Some).collect())
    };
    let pages: Vec<Page> = (0..=250).cycle().take(1000).map(page).collect();
    let mut log = Log::default();
    fill(&pages, &mut log);
    let blocks = log.sealed.iter().chain([&log.open]);
    let bytes: usize = blocks.map(|block| block.bytes.len()).sum();
    assert!(bytes < 8 * 1000, "{bytes} bytes for 1000 pages");
}
