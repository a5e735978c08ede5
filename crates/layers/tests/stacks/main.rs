//! Whole stacks keep the promises of the port: encryption over a cache over a mirror of stores of three kinds, and a mirror
//! over targets each with its own encryption.

#![allow(clippy::unwrap_used, reason = "a world that cannot be made is a failed test")]

mod far;
mod memory;
mod parts;
mod troubles;
mod world;

use world::{Stack, World};

/// `crypt` over `cache` over `mirror` of two stores on this machine.
mod sealed_near_and_twice {
    use super::*;
    conformance::store_suite!(World::new(Stack::SealedCachedMirror { is_far: false }));
}

/// `crypt` over `cache` over `mirror` of a store on this machine, another Sluice over S3, and Azure's stand-in.
mod sealed_near_and_far {
    use super::*;
    conformance::store_suite!(World::new(Stack::SealedCachedMirror { is_far: true }));
}

/// `mirror` over two stores, each behind `crypt` with an algorithm and a key of its own.
mod mirrored_under_two_keys {
    use super::*;
    conformance::store_suite!(World::new(Stack::MirrorOfSealed));
}

/// The same behind every light layer.
mod mirrored_under_two_keys_and_bounded {
    use super::*;
    conformance::store_suite!(World::new(Stack::Bounded));
}
