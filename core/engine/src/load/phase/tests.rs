use super::*;
use crate::load::arrival::{ArrivalPlan, Curve, Pattern, RateOf, RatePlan, RatePoint};

fn plan(stop: StopPlan) -> PhasePlan {
    PhasePlan {
        name: "test".to_owned(),
        kind: PhaseKind::Profiling,
        takes_over: false,
        arrival: ArrivalPlan::ClosedLoop,
        concurrency: Some(8),
        concurrency_ramp: Duration::ZERO,
        prefill: None,
        cancellation: None,
        stop,
        grace_period: Duration::ZERO,
    }
}

/// A phase that begins at 1,000 with request 100.
fn start(plan: &PhasePlan, control: &StopSignal) -> Phase {
    let phase = waiting(plan, control);
    assert!(phase.begin(MonoNs(1_000), 100));
    phase
}

fn waiting(plan: &PhasePlan, control: &StopSignal) -> Phase {
    let setup = PhaseSetup {
        index: 1,
        n_threads: 2,
        max_open: 50,
        seed: 1,
        has_turns: false,
    };
    Phase::new(plan, setup, control.clone(), Arc::new(Chain::new()))
}

/// Requests until the phase is over or stopped.
fn drawn(phase: &Phase) -> Vec<Ticket> {
    let draw = || match phase.draw(MonoNs(1_000), MonoNs(1_000)) {
        Draw::Ticket(ticket) => Some(ticket),
        Draw::Over | Draw::Stop | Draw::Wait(_) => None,
    };
    std::iter::from_fn(draw).collect()
}

fn phase(stop: StopPlan, control: &StopSignal) -> Phase {
    start(&plan(stop), control)
}

fn requests(count: u64) -> StopPlan {
    StopPlan {
        request_count: Some(count),
        ..StopPlan::default()
    }
}

fn nanoseconds(duration: u64) -> StopPlan {
    StopPlan {
        duration: Some(Duration::from_nanos(duration)),
        ..StopPlan::default()
    }
}

#[test]
fn a_count_is_kept_exactly_and_the_next_phase_numbers_on() {
    let phase = phase(requests(2), &StopSignal::new());
    assert_eq!(phase.slots(), 2, "further slots would have nothing to do");
    let drawn = [(); 4].map(|()| phase.draw(MonoNs(1_000), MonoNs(999)));
    let ticket = |conversation| Ticket {
        id: 100 + conversation,
        conversation,
        intended: MonoNs(999),
        released: None,
        give_up: None,
    };
    let (first, second) = (Draw::Ticket(ticket(0)), Draw::Ticket(ticket(1)));
    assert_eq!(drawn, [first, second, Draw::Over, Draw::Over]);
    assert_eq!(phase.over(), Some(MonoNs(1_000)));
    assert_eq!(phase.next_id(), 102);
    assert_eq!((phase.left(0), phase.left(2)), (Some(2), Some(0)));
}

#[test]
fn nothing_is_sent_from_the_deadline_on() {
    let phase = phase(nanoseconds(10), &StopSignal::new());
    let early = phase.draw(MonoNs(1_009), MonoNs(1_009));
    assert!(matches!(early, Draw::Ticket(_)) && phase.left(1).is_none());
    assert_eq!(phase.draw(MonoNs(1_012), MonoNs(1_009)), Draw::Over);
    assert_eq!((phase.next_id(), phase.left(1)), (101, Some(0)));
    assert_eq!(phase.over(), Some(MonoNs(1_010)), "not when it was noticed");
}

#[test]
fn nothing_is_sent_once_a_stop_is_asked_for() {
    let control = StopSignal::new();
    let phase = phase(requests(5), &control);
    let before = phase.draw(MonoNs(1_000), MonoNs(1_000));
    assert!(matches!(before, Draw::Ticket(_)));
    control.request(Stop::Drain);
    assert_eq!(phase.draw(MonoNs(1_000), MonoNs(1_000)), Draw::Stop);
    let phase = start(&plan(requests(5)), &StopSignal::new());
    phase.chain.request(Stop::Drain);
    assert_eq!(phase.draw(MonoNs(1_000), MonoNs(1_000)), Draw::Stop);
    assert_eq!(phase.over(), None);
}

#[test]
fn what_would_be_due_after_the_deadline_is_not_numbered() {
    let rate = RatePlan {
        curve: Curve::constant(1e9).unwrap(),
        pattern: Pattern::Constant,
        of: RateOf::default(),
    };
    let plan = PhasePlan {
        arrival: ArrivalPlan::Rate(rate),
        concurrency: None,
        ..plan(nanoseconds(3))
    };
    let phase = start(&plan, &StopSignal::new());
    assert_eq!((phase.slots(), phase.ahead()), (50, AHEAD));
    let drawn = drawn(&phase);
    assert!(
        drawn
            .iter()
            .all(|ticket| ticket.released == Some(ticket.intended))
    );
    let due: Vec<_> = drawn.iter().map(|ticket| ticket.intended.0).collect();
    assert_eq!(due, [1_000, 1_001, 1_002]);
    assert_eq!(phase.next_id(), 103);
}

#[test]
fn an_arrival_that_ends_leaves_nothing_to_send() {
    let at = |seconds, rate| RatePoint {
        at: Duration::from_secs(seconds),
        rate,
    };
    let rate = RatePlan {
        curve: Curve::through(&[at(0, 4.0), at(1, 0.0)]).unwrap(),
        pattern: Pattern::Constant,
        of: RateOf::default(),
    };
    let plan = PhasePlan {
        arrival: ArrivalPlan::Rate(rate),
        ..plan(requests(1_000))
    };
    let phase = start(&plan, &StopSignal::new());
    let drawn = drawn(&phase);
    assert_eq!(
        (drawn.len(), phase.left(2), phase.left(3)),
        (3, Some(1), Some(0))
    );
    assert_eq!(
        phase.over(),
        Some(drawn[2].intended),
        "which is yet to come"
    );
}

#[test]
fn a_ramp_spreads_the_slots_evenly() {
    let plan = PhasePlan {
        concurrency: Some(4),
        concurrency_ramp: Duration::from_nanos(200),
        ..plan(requests(9))
    };
    let phase = start(&plan, &StopSignal::new());
    let starts = [0, 1, 2, 3].map(|number| phase.slot_start(number).0);
    assert_eq!(starts, [1_000, 1_050, 1_100, 1_150]);
}

#[test]
fn the_seed_decides_which_requests_are_given_up() {
    let delay = Duration::from_millis(3);
    let cancellation = Some(CancellationPlan { share: 0.3, delay });
    let plan = PhasePlan {
        cancellation,
        ..plan(requests(10_000))
    };
    let given_up = || {
        let phase = start(&plan, &StopSignal::new());
        let drawn = drawn(&phase).into_iter();
        drawn.map(|ticket| ticket.give_up).collect::<Vec<_>>()
    };
    let first = given_up();
    assert_eq!(first, given_up());
    let n = first.iter().filter(|delay| delay.is_some()).count();
    // Four standard errors; the seed is fixed.
    assert!(n.abs_diff(3_000) < 184, "{n}");
    assert!(first.iter().flatten().all(|after| *after == delay));
}

#[test]
fn failures_end_a_phase_by_number_or_by_share() {
    let by_number = StopPlan {
        max_errors: Some(3),
        ..StopPlan::default()
    };
    assert!(by_number.has_too_many(3, 1_000) && !by_number.has_too_many(2, 2));
    let by_share = StopPlan {
        failed_share: Some(0.1),
        ..StopPlan::default()
    };
    assert!(!by_share.has_too_many(9, 9), "too few to say");
    assert!(by_share.has_too_many(2, 10) && !by_share.has_too_many(1, 10));
    assert!(!StopPlan::default().has_too_many(10, 10));
}

#[test]
fn a_phase_begins_once_and_gives_nothing_before() {
    let phase = waiting(&plan(requests(3)), &StopSignal::new());
    assert_eq!(phase.draw(MonoNs(5), MonoNs(5)), Draw::Stop);
    assert!(phase.begin(MonoNs(7), 40) && !phase.begin(MonoNs(9), 50));
    let begun = phase.chain.begun();
    assert_eq!((phase.start(), *begun.borrow()), (Some(MonoNs(7)), 1));
    let Draw::Ticket(first) = phase.draw(MonoNs(8), MonoNs(8)) else {
        panic!("there are three")
    };
    assert_eq!((first.id, first.intended), (40, MonoNs(8)));
}

#[test]
fn time_ends_a_phase_from_which_nobody_draws() {
    let phase = phase(nanoseconds(10), &StopSignal::new());
    phase.end_by_time();
    assert_eq!(phase.over(), Some(MonoNs(1_010)));
    assert_eq!(phase.draw(MonoNs(1_001), MonoNs(1_001)), Draw::Over);
}

#[test]
fn a_conversation_goes_on_when_no_other_begins() {
    let two = StopPlan {
        conversations: Some(2),
        ..StopPlan::default()
    };
    let phase = start(&plan(two), &StopSignal::new());
    assert_eq!(phase.slots(), 2);
    let begun: Vec<_> = drawn(&phase).iter().map(|one| one.conversation).collect();
    assert_eq!(begun, [0, 1]);
    let Draw::Ticket(ticket) = phase.go_on(MonoNs(2_000), MonoNs(3_000), 1) else {
        panic!("it has more turns");
    };
    assert_eq!((ticket.id, ticket.conversation), (102, 1));
    assert_eq!(ticket.intended, MonoNs(3_000));
}

#[test]
fn a_turn_that_is_due_after_the_end_waits_for_it() {
    let short = StopPlan {
        duration: Some(Duration::from_nanos(500)),
        ..StopPlan::default()
    };
    let phase = start(&plan(short), &StopSignal::new());
    let end = MonoNs(1_500);
    assert_eq!(
        phase.go_on(MonoNs(1_100), MonoNs(1_600), 0),
        Draw::Wait(end)
    );
    // Others may still be sent before.
    assert_eq!(phase.over(), None);
    assert_eq!(phase.go_on(end, end, 0), Draw::Over);
    assert_eq!(phase.over(), Some(end));
}
