//! The store keeps the promises of the port over moto, which does not check signatures.
//!
//! Left out, each for what moto itself does otherwise than S3, as the case run alone shows:
//!
//! - `a_completion_is_decided_by_its_condition`, `a_condition_on_a_named_version_looks_at_that_version`,
//!   `a_source_that_is_not_the_one_named_is_a_conflict`, `a_part_of_another_source_is_a_conflict`: it does not look at these
//!   conditions.
//! - `each_target_has_its_own_outcome_in_order`, `one_key_may_be_named_several_times`: many deletes know no conditions, which a
//!   probe finds out.
//! - `a_thousand_keys_are_deleted_at_once`, `a_marker_put_and_removed_in_one_call_leaves_nothing`,
//!   `writers_that_race_with_many_deletes_lose_nothing`: many deletes do not tell of the markers they put.
//! - `a_delete_puts_a_marker_that_hides_and_removing_it_uncovers`: a marker that is named is told as no version.
//! - `deleting_what_is_not_there_puts_a_marker_all_the_same`, `a_limit_of_nothing_asks_whether_there_is_any_version`: deletes of
//!   what is not there put no markers.
//! - `suspended_writes_replace_the_null_version_and_no_other`, `a_suspended_delete_puts_a_null_marker`,
//!   `pages_of_versions_join_at_every_boundary`, `versions_fold_to_common_prefixes`, `a_bucket_is_emptied_page_by_page`: writes to
//!   a suspended bucket take other versions with them, and deletes there tell no marker.
//! - `tags_belong_to_a_version`: which version was tagged is not told.
//! - `noncurrent_versions_and_markers_are_not_listed`: a prefix under which there are markers only is listed.
//! - `an_aborted_upload_is_gone`, `a_completion_that_races_with_an_abort_is_whole_or_absent`,
//!   `a_completion_never_takes_a_part_that_was_not_listed`, `racing_completions_make_one_object`: what is asked of an upload that
//!   has ended, or is ending, fails as an error of the server.
//! - `an_upload_belongs_to_its_key`: an upload is found under any key.
//! - `a_listed_upload_shows_how_it_was_begun`: every upload is listed as of the standard class.
//! - `parts_are_listed_page_by_page`: pages of parts count places and not numbers.
//! - `parts_of_an_object_are_found_by_number`: a part that is asked for is the whole object.

mod support;

use std::sync::{Arc, LazyLock, OnceLock};

use support::independent::IndependentWorld;
use support::process::{Process, program};
use tokio::sync::Mutex;

static TURN: LazyLock<Arc<Mutex<()>>> = LazyLock::new(Arc::default);

fn url() -> String {
    static SERVER: OnceLock<Process> = OnceLock::new();
    let server = SERVER.get_or_init(|| {
        Process::start(&program("SLUICE_TEST_MOTO"), |command, port| {
            command.args(["-H", "127.0.0.1", "-p", &port.to_string()]);
        })
    });
    format!("http://{}", server.address)
}

fn world() -> IndependentWorld {
    IndependentWorld::new(url, TURN.clone())
}

conformance::store_suite!(@cases [ignore = "needs moto; cargo xtask test runs it"] world();
    buckets::a_bucket_is_found_as_it_was_made
    buckets::a_name_is_given_once
    buckets::of_racing_creators_exactly_one_makes_the_bucket
    buckets::a_bucket_that_is_not_there_is_missing
    buckets::tags_are_replaced_and_removed
    buckets::versioning_is_enabled_and_suspended_but_never_removed
    buckets::only_an_empty_bucket_is_removed
    buckets::versions_and_markers_keep_a_bucket
    buckets::a_bucket_made_again_shares_nothing
    buckets::a_write_decided_on_an_older_record_is_decided_again
    buckets::writes_and_the_removal_of_their_bucket_exclude_each_other
    buckets::listings_of_buckets_page_at_every_boundary
    objects::bytes_of_every_size_come_back
    objects::frames_of_every_shape_make_the_same_object
    objects::ranges_read_exactly_their_bytes
    objects::an_overwritten_object_is_wholly_the_new_one
    objects::an_open_object_stays_as_it_was
    objects::readers_of_an_object_that_is_overwritten_see_one_or_the_other
    objects::metadata_come_back_as_they_were_sent
    objects::every_legal_key_is_its_own_object
    objects::an_object_that_is_not_there_is_missing
    objects::part_one_of_an_object_in_one_piece_is_all_of_it
    objects::a_supplied_identity_is_kept_and_nothing_is_hashed
    objects::what_was_stored_is_there_after_reopening
    bodies::every_checksum_is_verified_and_kept
    bodies::a_wrong_checksum_stores_nothing
    bodies::content_md5_is_verified
    bodies::a_failing_body_stores_nothing
    bodies::a_dropped_put_takes_effect_wholly_or_not_at_all
    bodies::a_stalled_put_holds_nobody_up
    conditions::each_condition_of_a_put_holds_or_changes_nothing
    conditions::each_condition_of_a_delete_holds_or_changes_nothing
    conditions::each_condition_of_a_copy_holds_or_changes_nothing
    conditions::a_delete_marker_counts_as_no_object
    conditions::of_racing_creators_exactly_one_wins
    conditions::of_racing_replacers_exactly_one_wins
    conditions::of_racing_conditional_deletes_exactly_one_finds_the_object
    conditions::unconditional_writers_of_one_key_all_come_through
    listing::pages_join_without_gap_or_repetition
    listing::odd_keys_are_listed_in_byte_order
    listing::a_listing_goes_on_behind_any_position
    listing::a_limit_of_nothing_asks_whether_there_is_anything
    listing::a_listing_shows_what_head_shows
    listing::every_write_is_listed_at_once
    listing::more_than_a_thousand_keys_page_well
    versions::every_write_keeps_the_one_before
    versions::a_version_that_was_never_issued_is_missing
    versions::removing_the_newest_uncovers_the_next
    versions::removing_an_older_version_leaves_the_newest
    versions::an_object_from_before_versioning_is_the_null_version
    versions::racing_writers_each_leave_a_version
    version_listing::an_unversioned_bucket_lists_null_versions
    deletes::versions_and_markers_of_one_key_go_together
    copies::a_copy_outlives_its_source
    copies::directives_keep_or_replace
    copies::an_object_copied_onto_itself_keeps_its_bytes
    copies::another_checksum_is_computed
    copies::a_version_is_copied_by_name
    copies::an_object_in_parts_is_copied_with_its_parts
    copies::copies_that_race_with_deletes_of_their_source_keep_their_bytes
    tags::tags_change_and_the_rest_stays
    tags::tags_of_nothing_are_missing
    tags::racing_taggers_leave_one_whole_set
    multipart::parts_join_in_their_order
    multipart::ranges_cross_parts
    multipart::a_part_uploaded_again_replaces_the_first
    multipart::a_wrong_list_of_parts_is_refused_and_the_upload_stays
    multipart::a_completion_repeated_answers_the_same
    multipart::whole_checksums_are_combined_and_verified
    multipart::composite_checksums_cover_the_parts
    multipart::a_part_of_another_algorithm_is_refused
    multipart::many_parts_make_one_object
    multipart_races::parts_uploaded_at_once_are_all_there
    multipart_races::an_open_object_in_parts_stays_as_it_was
    copied_parts::parts_are_copied_whole_and_by_range
    copied_parts::parts_are_copied_from_objects_in_parts
    upload_listing::uploads_are_listed_by_key_and_age
    upload_listing::ended_uploads_are_not_listed
    model::random_histories_match_a_plain_model
);
