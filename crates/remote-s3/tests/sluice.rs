//! The store keeps the promises of the port over another Sluice, which checks what it is sent.

mod support;

mod path {
    use crate::support::sluice::SluiceWorld;
    conformance::store_suite!(SluiceWorld::new(remote_s3::Addressing::Path));
}

mod virtual_host {
    use crate::support::sluice::SluiceWorld;
    conformance::store_suite!(SluiceWorld::new(remote_s3::Addressing::Virtual));
}
