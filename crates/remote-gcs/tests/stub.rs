//! The store keeps the promises of the port on the project's own stand-in of the service.

mod common;

/// Uploads in parts by the XML API.
mod whole {
    use crate::common::{StubWorld, settings};

    conformance::store_suite!(StubWorld::new(settings()));
}

/// Uploads in parts by composing, where the endpoint has none of its own.
mod composing {
    use conformance::store::cases::{copied_parts, multipart, multipart_races};
    use stubs::gcs::{Settings, XmlUploads};

    use crate::common::{StubWorld, settings};

    macro_rules! cases {
        ($($group:ident :: $case:ident)*) => {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $case() {
                    let settings = Settings { xml_uploads: XmlUploads::Missing, ..settings() };
                    $group::$case(&StubWorld::new(settings)).await;
                }
            )*
        };
    }

    cases!(
        multipart::parts_join_in_their_order
        multipart::ranges_cross_parts
        multipart::parts_of_an_object_are_found_by_number
        multipart::a_part_uploaded_again_replaces_the_first
        multipart::a_wrong_list_of_parts_is_refused_and_the_upload_stays
        multipart::a_completion_is_decided_by_its_condition
        multipart::a_completion_repeated_answers_the_same
        multipart::an_aborted_upload_is_gone
        multipart::an_upload_belongs_to_its_key
        multipart::many_parts_make_one_object
        multipart_races::racing_completions_make_one_object
        multipart_races::a_completion_that_races_with_an_abort_is_whole_or_absent
        multipart_races::a_completion_never_takes_a_part_that_was_not_listed
        multipart_races::parts_uploaded_at_once_are_all_there
        copied_parts::parts_are_copied_whole_and_by_range
        copied_parts::parts_are_copied_from_objects_in_parts
    );
}

/// Pages that are shorter than asked, and rewrites that take many calls.
mod in_small_steps {
    use conformance::store::cases::{buckets, copies, listing, multipart};
    use stubs::gcs::Settings;

    use crate::common::{StubWorld, settings};

    fn world() -> StubWorld {
        StubWorld::new(Settings { page_max: 3, rewrite_bytes: 1000, ..settings() })
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn pages_join_without_gap_or_repetition() {
        listing::pages_join_without_gap_or_repetition(&world()).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_listing_goes_on_behind_any_position() {
        listing::a_listing_goes_on_behind_any_position(&world()).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn listings_of_buckets_page_at_every_boundary() {
        buckets::listings_of_buckets_page_at_every_boundary(&world()).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_copy_outlives_its_source() {
        copies::a_copy_outlives_its_source(&world()).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn parts_join_in_their_order() {
        multipart::parts_join_in_their_order(&world()).await;
    }
}
