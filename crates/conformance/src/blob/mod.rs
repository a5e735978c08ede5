//! What every [`blob::BlobStore`] promises, case by case.
//!
//! An implementation names a [`BlobWorld`] and expands [`crate::blob_suite`] in an integration test.

pub mod bodies;
pub mod cases;
mod world;

pub use world::BlobWorld;

/// Expands to one test per case of the blob suite. `$world` is an expression that makes a fresh [`BlobWorld`]; the test
/// crate needs tokio with its macros and multi-threaded runtime.
#[macro_export]
macro_rules! blob_suite {
    ($world:expr) => {
        $crate::blob_suite!(@cases $world;
            round_trips_every_size
            round_trips_every_framing
            passes_over_trailers
            waits_for_a_stalled_body
            reads_every_range
            reads_two_ranges_of_one_reader_at_once
            refuses_a_range_past_the_end
            takes_wrong_hints
            a_failing_body_leaves_nothing
            a_dropped_write_leaves_nothing
            an_open_reader_outlives_removal
            absent_blobs_are_not_found_and_removed_without_error
            concurrent_writers_do_not_mix
            ids_are_unique_across_reopening
            scans_page_in_order_of_id
            a_scan_misses_what_is_removed
            unswept_is_what_an_earlier_process_wrote
            settling_ends_the_sweep
        );
    };
    (@cases $world:expr; $($case:ident)*) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                let world = $world;
                $crate::blob::cases::$case(&world).await;
            }
        )*
    };
}
