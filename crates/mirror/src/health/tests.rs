use std::sync::Arc;
use std::time::Duration;

use sim::SimClock;

use super::*;

fn health(count: usize) -> (Arc<SimClock>, Health) {
    let clock = Arc::new(SimClock::default());
    (clock.clone(), Health::new(count, HealthOptions::default(), clock))
}

fn take_out(health: &Health, target: usize) {
    for _ in 0..FAILURES_TO_OPEN {
        health.failed(target);
    }
}

#[test]
fn a_target_goes_out_after_failures_in_a_row_and_not_one_before() {
    let (_, health) = health(2);
    for _ in 0..FAILURES_TO_OPEN - 1 {
        health.failed(0);
    }
    health.answered(0);
    for _ in 0..FAILURES_TO_OPEN - 1 {
        health.failed(0);
    }
    assert!(!health.is_out(0), "an answer between them begins the count anew");
    health.failed(0);
    assert!(health.is_out(0) && !health.is_out(1));
    assert_eq!(health.order(ReadPolicy::Order), [1, 0]);
    assert_eq!(health.of(0).taken_out, 1);
}

#[test]
fn it_is_probed_with_growing_waits_and_taken_in_after_several_successes() {
    let (clock, health) = health(1);
    take_out(&health, 0);
    assert_eq!(health.gate(0), Gate::Closed);
    clock.advance(PROBE_AFTER);
    assert_eq!(health.gate(0), Gate::Probe);
    assert_eq!(health.gate(0), Gate::Closed, "one probe for each wait");
    health.failed(0);
    clock.advance(PROBE_AFTER);
    assert_eq!(health.gate(0), Gate::Closed, "the wait has doubled");
    clock.advance(PROBE_AFTER);
    assert_eq!(health.gate(0), Gate::Probe);
    for _ in 1..SUCCESSES_TO_CLOSE {
        health.answered(0);
        assert!(health.is_out(0));
        assert_eq!(health.gate(0), Gate::Probe);
    }
    health.answered(0);
    assert_eq!((health.is_out(0), health.gate(0)), (false, Gate::Open));
}

#[test]
fn a_failure_on_trial_puts_it_out_again() {
    let (clock, health) = health(1);
    take_out(&health, 0);
    clock.advance(PROBE_AFTER);
    health.answered(0);
    assert_eq!(health.of(0).state, BreakerState::Trial { successes: 1 });
    health.failed(0);
    assert_eq!(health.gate(0), Gate::Closed);
    assert!(matches!(health.of(0).state, BreakerState::Out { .. }));
}

#[test]
fn the_wait_has_a_bound_and_a_bunch_of_failures_lengthens_it_once() {
    let (clock, health) = health(1);
    take_out(&health, 0);
    for _ in 0..50 {
        health.failed(0);
    }
    clock.advance(PROBE_AFTER);
    assert_eq!(health.gate(0), Gate::Probe, "failures of calls that were under way do not count");
    for _ in 0..20 {
        clock.advance(PROBE_AFTER_MAX);
        assert_eq!(health.gate(0), Gate::Probe);
        health.failed(0);
    }
}

#[test]
fn the_fastest_is_first_and_a_slow_one_is_asked_again_in_time() {
    let (clock, health) = health(2);
    let measure = |target: usize, took: Duration| {
        let attempt = health.begin(target);
        clock.advance(took);
        attempt.answered();
    };
    measure(0, Duration::from_millis(80));
    assert_eq!(health.order(ReadPolicy::Latency), [1, 0], "one that was never asked is asked");
    measure(1, Duration::from_millis(10));
    assert_eq!(health.order(ReadPolicy::Latency), [1, 0]);
    assert_eq!(health.order(ReadPolicy::Order), [0, 1]);
    for _ in 0..12 {
        clock.advance(Duration::from_secs(10));
        measure(1, Duration::from_millis(10));
    }
    assert_eq!(health.order(ReadPolicy::Latency), [0, 1], "the old measurement has faded");
    measure(0, Duration::from_millis(80));
    assert_eq!(health.order(ReadPolicy::Latency), [1, 0]);
}

#[test]
fn an_answer_that_says_no_is_an_answer() {
    let (_, health) = health(1);
    for _ in 0..FAILURES_TO_OPEN * 2 {
        health.begin(0).refused(&StoreErrorKind::Missing(store::Missing::Key));
        health.begin(0).refused(&StoreErrorKind::Corrupt);
    }
    assert!(!health.is_out(0));
    for _ in 0..FAILURES_TO_OPEN {
        drop(health.begin(0));
        health.begin(0).refused(&StoreErrorKind::Unavailable);
    }
    assert!(health.is_out(0));
}
