//! When sources are read between barriers.

use std::time::Duration;

use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};

use crate::http::MonoNs;

/// First gap of a phase, and of its end: short runs have samples too.
const FIRST_GAP: Duration = Duration::from_millis(20);
/// So many times as often as usual are sources read while a phase ends.
const CLOSER: u32 = 5;

/// How ticks are placed.
#[derive(Debug, Clone, Copy)]
pub struct TickOptions {
    /// Time between ticks.
    pub interval: Duration,
    /// Draw each tick uniformly inside its slot. Closed-loop load moves in waves, with which
    /// regular ticks alias.
    pub jitter: bool,
    /// Seed of the draws.
    pub seed: u64,
    /// Tick at once and without short gaps: a run without load has no first send.
    pub from_start: bool,
    /// Tick also where slices of this length begin, so that counters are known there.
    pub slice: Option<Duration>,
}

/// The ticks of one source in one phase.
///
/// The first comes 20 ms after the start, further ones at doubling gaps while the gap is below the
/// interval. Then time is cut into slots of one interval, with one tick in each. When nothing more
/// is sent and gauges fall, the same begins anew with a fifth of the interval.
#[derive(Debug)]
pub(super) struct Ticks {
    options: TickOptions,
    random: SmallRng,
    /// Gap to the next tick while gaps still double.
    ramp: Option<Duration>,
    slot_end: MonoNs,
    next: MonoNs,
    /// Begin of the next slice.
    boundary: Option<MonoNs>,
}

impl Ticks {
    pub(super) fn new(start: MonoNs, options: TickOptions) -> Self {
        let mut ticks = Self {
            options,
            random: SmallRng::seed_from_u64(options.seed),
            ramp: None,
            slot_end: start,
            next: start,
            boundary: options.slice.map(|slice| start.after(slice)),
        };
        if !options.from_start {
            ticks.begin_ramp(start);
        }
        ticks
    }

    /// From now on gauges fall to nothing: reads more often, so that the rest of the phase is not
    /// taken for what it was before.
    pub(super) fn ending(&mut self, now: MonoNs) {
        self.options.interval = (self.options.interval / CLOSER).max(FIRST_GAP);
        self.begin_ramp(now);
    }

    fn begin_ramp(&mut self, start: MonoNs) {
        let first_gap = FIRST_GAP.min(self.options.interval);
        self.next = start.after(first_gap);
        self.slot_end = self.next;
        self.ramp = Some(first_gap * 2);
    }

    /// When the next tick is due.
    pub(super) fn due(&self) -> MonoNs {
        self.boundary
            .map_or(self.next, |boundary| boundary.min(self.next))
    }

    /// Moves on to the next tick; returns how many were left out because their time was over
    /// before the tick before them was done.
    pub(super) fn advance(&mut self, now: MonoNs) -> u64 {
        let due = self.due();
        let mut skipped = 0;
        if self.next == due {
            self.step();
            while self.slot_end <= now {
                self.step();
                skipped += 1;
            }
        }
        while let Some((boundary, slice)) = self.boundary.zip(self.options.slice)
            && boundary <= now.max(due)
        {
            skipped += u64::from(boundary > due);
            self.boundary = Some(boundary.after(slice));
        }
        skipped
    }

    fn step(&mut self) {
        if let Some(gap) = self.ramp.take().filter(|gap| *gap < self.options.interval) {
            self.next = self.next.after(gap);
            self.slot_end = self.next;
            self.ramp = Some(gap * 2);
            return;
        }
        let slot = self.slot_end;
        self.slot_end = slot.after(self.options.interval);
        self.next = if self.options.jitter {
            let part = self.random.random_range(0.0..1.0);
            slot.after(self.options.interval.mul_f64(part))
        } else {
            self.slot_end
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ticks(jitter: bool, from_start: bool) -> Ticks {
        let interval = Duration::from_millis(500);
        Ticks::new(
            MonoNs(0),
            TickOptions {
                interval,
                jitter,
                seed: 1,
                from_start,
                slice: None,
            },
        )
    }

    /// Due times in ms, when every tick is done at once.
    fn dues(mut ticks: Ticks, n: usize) -> Vec<i64> {
        let mut dues = Vec::new();
        for _ in 0..n {
            dues.push(ticks.due().0 / 1_000_000);
            assert_eq!(ticks.advance(ticks.due()), 0);
        }
        dues
    }

    #[test]
    fn gaps_double_up_to_the_interval() {
        assert_eq!(
            dues(ticks(false, false), 8),
            [20, 60, 140, 300, 620, 1120, 1620, 2120]
        );
    }

    #[test]
    fn without_load_ticks_are_regular_from_the_start() {
        assert_eq!(dues(ticks(false, true), 4), [0, 500, 1000, 1500]);
    }

    #[test]
    fn jitter_keeps_one_tick_in_each_slot() {
        let dues = dues(ticks(true, true), 1000);
        for (slot, due) in dues.iter().skip(1).enumerate() {
            let slot = i64::try_from(slot).unwrap() * 500;
            assert!(
                (slot..slot + 500).contains(due),
                "{due} is not in the slot at {slot}"
            );
        }
    }

    #[test]
    fn slots_that_passed_are_skipped_and_counted() {
        let mut ticks = ticks(false, true);
        assert_eq!(ticks.advance(MonoNs(1_700_000_000)), 3);
        assert_eq!(ticks.due(), MonoNs(2_000_000_000));
    }

    #[test]
    fn while_a_phase_ends_gaps_are_short() {
        let mut ticks = ticks(false, true);
        ticks.advance(MonoNs(1_000_000));
        ticks.ending(MonoNs(1_000_000_000));
        assert_eq!(dues(ticks, 5), [1020, 1060, 1140, 1240, 1340]);
    }

    #[test]
    fn slices_begin_with_a_tick() {
        let mut ticks = ticks(false, true);
        ticks.options.slice = Some(Duration::from_millis(800));
        ticks.boundary = Some(MonoNs(800_000_000));
        assert_eq!(dues(ticks, 8), [0, 500, 800, 1000, 1500, 1600, 2000, 2400]);
    }
}
