use super::*;

const MIB: u64 = 1 << 20;
const NONE: &dyn Fn(u32) -> bool = &|_| false;

fn plan(size_bytes: u64, block_bytes: u64) -> Plan {
    Plan::new(Geometry { size_bytes, block_bytes })
}

fn range(start: u64, end: u64) -> ByteRange {
    ByteRange { start, end }
}

#[test]
fn what_the_reader_waits_for_comes_first_and_then_the_rest_of_its_block() {
    let mut plan = plan(100 * MIB, 8 * MIB);
    let reader = plan.add_reader(range(13 * MIB + 5, 13 * MIB + 105));
    assert_eq!(plan.next(NONE), Some(range(13 * MIB, 16 * MIB)));
    assert_eq!(plan.next(NONE), Some(range(8 * MIB, 13 * MIB)));
    assert_eq!(plan.next(NONE), None);
    plan.remove_reader(reader);
    assert_eq!(plan.next(NONE), None);
}

#[test]
fn a_block_that_was_begun_is_ended_when_its_reader_has_gone() {
    let mut plan = plan(100 * MIB, 8 * MIB);
    let reader = plan.add_reader(range(MIB, 2 * MIB));
    assert_eq!(plan.next(NONE), Some(range(MIB, 8 * MIB)));
    plan.remove_reader(reader);
    assert_eq!(plan.next(NONE), Some(range(0, MIB)));
    assert!(!plan.finish(range(0, MIB)));
    assert!(plan.finish(range(MIB, 8 * MIB)));
}

#[test]
fn the_window_grows_with_each_request_that_ends_well_up_to_its_limit() {
    let mut plan = plan(10_000 * MIB, 8 * MIB);
    plan.add_reader(range(0, 10_000 * MIB));
    let mut flying = Vec::new();
    for ended in 0..40 {
        while plan.has_room() {
            flying.push(plan.next(NONE).unwrap());
        }
        assert_eq!(flying.len(), (WINDOW_FIRST.end() + ended).min(WINDOW_MAX));
        let first = flying.remove(0);
        assert!(plan.finish(first));
        plan.end(range(first.end, first.end), Ended::Well);
        plan.drop_block(first.start as u32 / (8 * MIB) as u32);
        plan.move_reader(1, first.end);
    }
}

#[test]
fn a_slow_reader_holds_requests_back() {
    let mut plan = plan(80 * MIB, 8 * MIB);
    plan.add_reader(range(0, 80 * MIB));
    assert_eq!(plan.next(NONE), Some(range(0, 8 * MIB)));
    assert_eq!(plan.next(NONE), Some(range(8 * MIB, 16 * MIB)));
    assert_eq!(plan.next(NONE), None);
    plan.move_reader(1, 8 * MIB);
    assert_eq!(plan.next(NONE), Some(range(16 * MIB, 24 * MIB)));
}

#[test]
fn cached_blocks_are_passed_over_and_small_blocks_go_many_to_a_request() {
    let mut plan = plan(MIB, PIECE_BYTES);
    plan.add_reader(range(0, MIB));
    let cached = |block| block == 0 || block == 5;
    assert_eq!(plan.next(&cached), Some(range(PIECE_BYTES, 5 * PIECE_BYTES)));
    assert_eq!(plan.next(&cached), Some(range(6 * PIECE_BYTES, MIB)));
    assert_eq!(plan.next(&cached), None);
}

#[test]
fn what_a_failed_request_did_not_bring_is_asked_for_again() {
    let mut plan = plan(20 * MIB, 8 * MIB);
    plan.add_reader(range(0, 20 * MIB));
    let first = plan.next(NONE).unwrap();
    plan.finish(range(0, MIB));
    assert_eq!((plan.written(5), plan.written(MIB)), (Some(MIB), None));
    plan.end(range(MIB, first.end), Ended::Badly);
    assert_eq!(plan.next(NONE), Some(range(MIB, 8 * MIB)));
    plan.end(range(MIB, 8 * MIB), Ended::Badly);
    assert!(plan.is_idle());
    assert_eq!(plan.written(0), Some(MIB));
}

#[test]
fn the_end_of_an_object_is_a_piece_of_its_own_length() {
    let mut plan = plan(8 * MIB + 10, 8 * MIB);
    plan.add_reader(range(8 * MIB + 1, 8 * MIB + 10));
    assert_eq!(plan.next(NONE), Some(range(8 * MIB, 8 * MIB + 10)));
    assert!(plan.finish(range(8 * MIB, 8 * MIB + 10)));
    assert_eq!(plan.written(8 * MIB + 9), Some(8 * MIB + 10));
}

#[test]
fn a_range_at_hand_is_taken_from_its_first_whole_piece_to_the_end_of_its_chunk() {
    let mut plan = plan(20 * MIB + 3, 8 * MIB);
    let taken = plan.claim_first(range(7 * MIB + 1, 20 * MIB), NONE);
    assert_eq!(taken, Some(range(7 * MIB + PIECE_BYTES, 8 * MIB)));
    assert_eq!(plan.claim_first(range(7 * MIB, 20 * MIB), NONE), Some(range(7 * MIB, 7 * MIB + PIECE_BYTES)));
    assert_eq!(plan.claim_first(range(7 * MIB, 20 * MIB), NONE), None);
    assert_eq!(plan.claim_first(range(16 * MIB, 16 * MIB + 5), NONE), None);
    assert_eq!(plan.claim_first(range(20 * MIB, 20 * MIB + 3), NONE), Some(range(20 * MIB, 20 * MIB + 3)));
    assert_eq!(plan.claim_first(range(8 * MIB, 9 * MIB), &|block| block == 1), None);
}
