//! The store keeps the promises of the port over MinIO, which checks every signature.
//!
//! Left out, each for what MinIO itself does otherwise than S3, as the case run alone shows:
//!
//! - `a_bucket_made_again_shares_nothing`: uploads outlive their bucket.
//! - `a_completion_that_races_with_an_abort_is_whole_or_absent`: both may succeed.
//! - `parts_of_an_object_are_found_by_number`: parts are renumbered on completing.
//! - `metadata_come_back_as_they_were_sent`: an `Expires` that is no date, and the redirect, are not kept.
//! - `deleting_what_is_not_there_puts_a_marker_all_the_same`, `a_suspended_delete_puts_a_null_marker`,
//!   `a_marker_put_and_removed_in_one_call_leaves_nothing`, `a_limit_of_nothing_asks_whether_there_is_any_version`: deletes of
//!   what is not there put no markers, and suspended ones tell none.
//! - `noncurrent_versions_and_markers_are_not_listed`: a prefix under which there are markers only is listed.
//! - `pages_join_without_gap_or_repetition`: with a delimiter other than a slash it tells of more behind the last prefix where
//!   there is none.
//! - `pages_of_versions_join_at_every_boundary`, `versions_fold_to_common_prefixes`, `a_bucket_is_emptied_page_by_page`: listings
//!   leave keys out that begin with another key and a slash. Of other keys `versions_of_plain_keys_are_listed_page_by_page` asks.
//! - `racing_writers_each_leave_a_version`: writes in one moment may lose a version.
//! - `writes_and_the_removal_of_their_bucket_exclude_each_other`: a bucket can be removed under a write.

#![allow(clippy::unwrap_used, reason = "a world that cannot be made is a failed test")]

mod support;

use std::sync::{Arc, LazyLock, OnceLock};

use conformance::store::StoreWorld;
use store::{
    Bucket, BucketUpdate, DeleteOptions, ListVersions, Position, PutOptions, SharedStore, VersionEntry,
    Versioning,
};
use support::independent::IndependentWorld;
use support::process::{Process, program};
use support::{KEY_ID, SECRET};
use tokio::sync::Mutex;
use types::{Body, BucketName, CanonicalId, Context, ObjectKey, Owner, TagSet, VersionId};

static TURN: LazyLock<Arc<Mutex<()>>> = LazyLock::new(Arc::default);

fn url() -> String {
    static SERVER: OnceLock<(Process, tempfile::TempDir)> = OnceLock::new();
    let (server, _) = SERVER.get_or_init(|| {
        let directory = tempfile::tempdir().expect("the system has room for a temporary directory");
        let server = Process::start(&program("SLUICE_TEST_MINIO"), |command, port| {
            command.arg("server").arg(directory.path());
            command.args(["--quiet", "--address", &format!("127.0.0.1:{port}")]);
            command.env("MINIO_ROOT_USER", KEY_ID).env("MINIO_ROOT_PASSWORD", SECRET);
        });
        (server, directory)
    });
    format!("http://{}", server.address)
}

fn world() -> IndependentWorld {
    IndependentWorld::new(url, TURN.clone())
}

/// A page of a walk through versions: what is shown of each entry.
fn shown(entry: &VersionEntry) -> (String, Option<VersionId>) {
    match entry {
        VersionEntry::Version(version) => (version.key.as_str().to_owned(), Some(version.version_id.clone())),
        VersionEntry::Prefix(prefix) => (prefix.clone(), None),
    }
}

/// Walks through all versions, page by page.
async fn walk(
    store: &SharedStore,
    bucket: &Bucket,
    mut options: ListVersions,
) -> Vec<(String, Option<VersionId>)> {
    let mut all = Vec::new();
    loop {
        let page = store.list_versions(&Context::background(), bucket, options.clone()).await.unwrap();
        all.extend(page.entries.iter().map(shown));
        let Some(last) = page.entries.last().filter(|_| page.more) else { return all };
        (options.after, options.after_version) = match last {
            VersionEntry::Version(version) => {
                (Some(Position::Key(version.key.as_str().to_owned())), Some(version.version_id.clone()))
            }
            VersionEntry::Prefix(prefix) => (Some(Position::Prefix(prefix.clone())), None),
        };
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs MinIO; cargo xtask test runs it"]
async fn versions_of_plain_keys_are_listed_page_by_page() {
    let world = world();
    let (store, cx) = (world.open().await, Context::background());
    let owner = Owner { id: CanonicalId::from_text("0"), display_name: "root".into() };
    let name = BucketName::new("bucket-a").unwrap();
    let bucket = store.create_bucket(&cx, &name, &owner, &TagSet::default()).await.unwrap();
    let update = BucketUpdate::Versioning(Versioning::Enabled);
    let bucket = store.update_bucket(&cx, &bucket, update).await.unwrap();
    let mut whole = Vec::new();
    for name in ["a", "a0", "b/1", "b/2", "c"] {
        let key = ObjectKey::new(name).unwrap();
        let mut of_key = Vec::new();
        for n in 0..3 {
            let body = Body::from_bytes(vec![n; 10].into());
            of_key.push(store.put(&cx, &bucket, &key, body, PutOptions::default()).await.unwrap().version_id);
        }
        of_key.push(store.delete(&cx, &bucket, &key, DeleteOptions::default()).await.unwrap().version_id);
        whole.extend(of_key.into_iter().rev().map(|version| (name.to_owned(), version)));
    }
    let mut folded: Vec<_> = whole.iter().filter(|(key, _)| !key.contains('/')).cloned().collect();
    folded.insert(8, ("b/".to_owned(), None));
    for limit in [1, 2, 3, 4, 5, 19, 20, 100] {
        let options = ListVersions { limit, ..ListVersions::default() };
        assert_eq!(walk(&store, &bucket, options.clone()).await, whole, "limit {limit}");
        let options = ListVersions { delimiter: Some("/".to_owned()), ..options };
        assert_eq!(walk(&store, &bucket, options).await, folded, "folded, limit {limit}");
    }
}

conformance::store_suite!(@cases [ignore = "needs MinIO; cargo xtask test runs it"] world();
    buckets::a_bucket_is_found_as_it_was_made
    buckets::a_name_is_given_once
    buckets::of_racing_creators_exactly_one_makes_the_bucket
    buckets::a_bucket_that_is_not_there_is_missing
    buckets::tags_are_replaced_and_removed
    buckets::versioning_is_enabled_and_suspended_but_never_removed
    buckets::only_an_empty_bucket_is_removed
    buckets::versions_and_markers_keep_a_bucket
    buckets::a_write_decided_on_an_older_record_is_decided_again
    buckets::listings_of_buckets_page_at_every_boundary
    objects::bytes_of_every_size_come_back
    objects::frames_of_every_shape_make_the_same_object
    objects::ranges_read_exactly_their_bytes
    objects::an_overwritten_object_is_wholly_the_new_one
    objects::an_open_object_stays_as_it_was
    objects::readers_of_an_object_that_is_overwritten_see_one_or_the_other
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
    conditions::a_condition_on_a_named_version_looks_at_that_version
    conditions::of_racing_creators_exactly_one_wins
    conditions::of_racing_replacers_exactly_one_wins
    conditions::of_racing_conditional_deletes_exactly_one_finds_the_object
    conditions::unconditional_writers_of_one_key_all_come_through
    listing::odd_keys_are_listed_in_byte_order
    listing::a_listing_goes_on_behind_any_position
    listing::a_limit_of_nothing_asks_whether_there_is_anything
    listing::a_listing_shows_what_head_shows
    listing::every_write_is_listed_at_once
    listing::more_than_a_thousand_keys_page_well
    versions::every_write_keeps_the_one_before
    versions::a_version_that_was_never_issued_is_missing
    versions::a_delete_puts_a_marker_that_hides_and_removing_it_uncovers
    versions::removing_the_newest_uncovers_the_next
    versions::removing_an_older_version_leaves_the_newest
    versions::an_object_from_before_versioning_is_the_null_version
    versions::suspended_writes_replace_the_null_version_and_no_other
    versions::tags_belong_to_a_version
    version_listing::an_unversioned_bucket_lists_null_versions
    deletes::a_thousand_keys_are_deleted_at_once
    deletes::each_target_has_its_own_outcome_in_order
    deletes::one_key_may_be_named_several_times
    deletes::versions_and_markers_of_one_key_go_together
    deletes::writers_that_race_with_many_deletes_lose_nothing
    copies::a_copy_outlives_its_source
    copies::directives_keep_or_replace
    copies::an_object_copied_onto_itself_keeps_its_bytes
    copies::another_checksum_is_computed
    copies::a_source_that_is_not_the_one_named_is_a_conflict
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
    multipart::a_completion_is_decided_by_its_condition
    multipart::a_completion_repeated_answers_the_same
    multipart::an_aborted_upload_is_gone
    multipart::an_upload_belongs_to_its_key
    multipart::whole_checksums_are_combined_and_verified
    multipart::composite_checksums_cover_the_parts
    multipart::a_part_of_another_algorithm_is_refused
    multipart::many_parts_make_one_object
    multipart_races::racing_completions_make_one_object
    multipart_races::a_completion_never_takes_a_part_that_was_not_listed
    multipart_races::parts_uploaded_at_once_are_all_there
    multipart_races::an_open_object_in_parts_stays_as_it_was
    copied_parts::parts_are_copied_whole_and_by_range
    copied_parts::parts_are_copied_from_objects_in_parts
    copied_parts::a_part_of_another_source_is_a_conflict
    upload_listing::uploads_are_listed_by_key_and_age
    upload_listing::ended_uploads_are_not_listed
    upload_listing::a_listed_upload_shows_how_it_was_begun
    upload_listing::parts_are_listed_page_by_page
    model::random_histories_match_a_plain_model
);
