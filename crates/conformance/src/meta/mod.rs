//! What every [`meta::MetaStore`] promises, case by case.
//!
//! An implementation names a [`MetaWorld`] and expands [`crate::meta_suite`] in an integration test.

pub mod cases;
mod steps;
mod world;

pub use world::MetaWorld;

/// Expands to one test per case of the metadata suite. `$world` is an expression that makes a fresh [`MetaWorld`]; the
/// test crate needs tokio with its macros and multi-threaded runtime.
#[macro_export]
macro_rules! meta_suite {
    ($world:expr) => {
        $crate::meta_suite!(@cases $world;
            checks::absent_holds_only_where_nothing_stands
            checks::equals_holds_only_for_the_writing_commit
            checks::shared_is_held_by_many_and_fails_like_equals
            checks::range_empty_looks_at_exactly_its_range
            checks::a_conflict_names_the_first_failed_check_and_writes_nothing
            checks::checks_see_the_state_before_their_own_writes
            checks::writes_to_one_key_take_effect_in_order
            checks::a_commit_without_writes_only_checks
            checks::revisions_grow_and_stay_with_their_records
            records::bytes_come_back_as_they_went_in
            records::get_many_answers_in_the_order_asked
            records::keys_order_by_unsigned_bytes
            records::scans_are_half_open_and_page
            records::a_backward_range_is_empty
            records::a_page_is_bounded_in_bytes
            records::what_was_committed_is_there_after_reopening
            limits::writes_fit_at_the_limit_and_not_past_it
            limits::bytes_fit_at_the_limit_and_not_past_it
            limits::keys_fit_at_the_limit_and_not_past_it
            fold::keys_fold_to_their_first_delimiter
            fold::pages_of_folded_items_join_without_gap_or_repetition
            fold::delimiters_of_several_bytes_fold
            fold::a_delimiter_of_ff_folds_to_the_end_of_the_range
            fold::a_delimiter_at_the_start_or_end_folds
            fold::folding_begins_inside_a_prefix
            fold::long_prefixes_are_passed_as_short_ones
            snapshots::a_snapshot_keeps_its_moment
            snapshots::snapshots_of_several_moments_stand_side_by_side
            snapshots::a_snapshot_does_not_hold_up_commits
            concurrency::of_racing_creators_exactly_one_wins
            concurrency::increments_are_never_lost
            concurrency::a_closing_mark_and_shared_checks_exclude_each_other
            concurrency::readers_never_see_half_a_commit
            concurrency::many_writers_all_get_through
            concurrency::a_dropped_commit_is_whole_or_absent
            model::random_commits_and_scans_match_an_ordered_map
        );
    };
    (@cases $world:expr; $($group:ident :: $case:ident)*) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                let world = $world;
                $crate::meta::cases::$group::$case(&world).await;
            }
        )*
    };
}
