//! The store keeps the promises of the port on the project's own stand-in of the service.

mod common;

mod whole {
    use crate::common::StubWorld;
    use stubs::azure::Settings;
    conformance::store_suite!(StubWorld::new(Settings::default()));
}

/// Pages of listings that are shorter than asked, as the service may give them.
mod short_pages {
    use crate::common::StubWorld;
    use stubs::azure::Settings;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn pages_join_without_gap_or_repetition() {
        let world = StubWorld::new(Settings { page_max: 3, ..Settings::default() });
        conformance::store::cases::listing::pages_join_without_gap_or_repetition(&world).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_listing_goes_on_behind_any_position() {
        let world = StubWorld::new(Settings { page_max: 2, ..Settings::default() });
        conformance::store::cases::listing::a_listing_goes_on_behind_any_position(&world).await;
    }
}
