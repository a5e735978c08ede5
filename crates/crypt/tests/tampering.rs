//! A store that gives other bytes than it was given: found, never handed out.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use common::desk::{Desk, as_it_is, assert_refused, key, pattern};
use common::{Layered, Setup};
use crypt::Foreign;
use store::{ObjectInfo, StoreErrorKind};
use types::{BodyErrorKind, ObjectMetadata};

async fn desk() -> Desk {
    Desk::new(Layered::new(vec![Setup::default()])).await
}

/// Reading the object either fails as corrupt, or its bytes do.
async fn assert_corrupt(desk: &Desk, name: &str, what: &str) {
    match desk.read(name).await {
        Ok(_) => panic!("{what} was not found"),
        Err(error) => match error.kind {
            StoreErrorKind::Corrupt => {}
            StoreErrorKind::Body(body) => assert_eq!(body.kind, BodyErrorKind::Corrupt, "{what}"),
            other => panic!("{what}: {other:?}"),
        },
    }
}

fn without_envelope(info: &ObjectInfo) -> ObjectInfo {
    ObjectInfo { metadata: ObjectMetadata::default(), ..info.clone() }
}

#[tokio::test]
async fn a_changed_byte_is_found_wherever_it_is() {
    let mut desk = desk().await;
    let plain = pattern(1, 40);
    desk.put("k", plain.clone()).await;
    let (info, raw) = desk.raw("k").await;
    for place in 0..raw.len() {
        let mut changed = raw.to_vec();
        changed[place] ^= 4;
        // With the envelope in metadata the header is not read at all.
        desk.forge("k", &info, changed.clone()).await;
        desk = desk.without_state();
        match place < crypt::format::HEADER_BYTES {
            true => assert_eq!(desk.read("k").await.unwrap().1, plain),
            false => assert_corrupt(&desk, "k", &format!("byte {place}")).await,
        }
        desk.forge("k", &without_envelope(&info), changed).await;
        desk = desk.without_state();
        if place >= 8 {
            assert_corrupt(&desk, "k", &format!("byte {place} of an object without metadata")).await;
        }
    }
}

#[tokio::test]
async fn a_changed_byte_of_an_object_in_parts_is_found() {
    let mut desk = desk().await;
    desk.upload("k", &[pattern(1, 1500), pattern(2, 20)]).await;
    let (info, raw) = desk.raw("k").await;
    let header = crypt::format::HEADER_BYTES;
    let first = header + 1500 + 16;
    // What nobody reads: the headers of streams, since the manifest tells their numbers, and noise behind the last part.
    let unread = |place: usize| {
        place < header
            || (first..first + header).contains(&place)
            || (first + header + 36..first + 1024).contains(&place)
    };
    for place in (0..raw.len()).step_by(3) {
        let mut changed = raw.to_vec();
        changed[place] ^= 4;
        desk.forge("k", &info, changed).await;
        desk = desk.without_state();
        match unread(place) {
            true => assert_eq!(desk.read("k").await.unwrap().1.len(), 1520),
            false => assert_corrupt(&desk, "k", &format!("byte {place}")).await,
        }
    }
}

#[tokio::test]
async fn truncation_is_found_with_the_state_and_without() {
    let mut desk = desk().await;
    desk.put("whole", pattern(1, 200_000)).await;
    desk.upload("parts", &[pattern(2, 70_000), pattern(3, 70_000), pattern(4, 3000)]).await;
    for name in ["whole", "parts"] {
        let (info, raw) = desk.raw(name).await;
        let stream = crypt::format::HEADER_BYTES + 70_000 + 32;
        let cuts = [0, 1, 100, stream, 2 * stream, raw.len() - 16, raw.len() - 1];
        for cut in cuts.into_iter().filter(|cut| *cut < raw.len()) {
            desk.forge(name, &info, raw.slice(..cut)).await;
            assert_corrupt(&desk, name, &format!("{name} cut at {cut}")).await;
            desk = desk.without_state();
            assert_corrupt(&desk, name, &format!("{name} cut at {cut}, without the state")).await;
        }
        desk.forge(name, &info, [&raw[..], b"more"].concat()).await;
        assert_corrupt(&desk, name, "bytes behind the end").await;
    }
}

#[tokio::test]
async fn parts_that_are_dropped_or_change_places_are_found() {
    let mut desk = desk().await;
    let bodies = [pattern(1, 5000), pattern(2, 5000), pattern(3, 5000)];
    desk.upload("k", &bodies).await;
    let (info, raw) = desk.raw("k").await;
    let stream = crypt::format::HEADER_BYTES + 5000 + 16;
    let piece = |n: usize| &raw[n * stream..(n + 1) * stream];
    let manifest = &raw[3 * stream..];
    for order in [&[1, 0, 2][..], &[0, 1], &[0, 2], &[0, 0, 2], &[0, 1, 2, 2]] {
        let mut changed: Vec<u8> = order.iter().flat_map(|n| piece(*n).to_vec()).collect();
        changed.extend_from_slice(manifest);
        desk.forge("k", &info, changed).await;
        desk = desk.without_state();
        assert_corrupt(&desk, "k", &format!("{order:?}")).await;
    }
    // Without its manifest it is no object of ours, nor one of somebody else's.
    desk.forge("k", &info, raw.slice(..3 * stream)).await;
    assert_corrupt(&desk, "k", "no manifest").await;
}

#[tokio::test]
async fn objects_that_change_places_are_found() {
    let mut desk = desk().await;
    desk.put("a", pattern(1, 1000)).await;
    desk.put("b", pattern(2, 1000)).await;
    let (a, b) = (desk.raw("a").await, desk.raw("b").await);
    for with_metadata in [true, false] {
        let dress = |info: &ObjectInfo| if with_metadata { info.clone() } else { without_envelope(info) };
        desk.forge("a", &dress(&b.0), b.1.clone()).await;
        desk.forge("b", &dress(&a.0), a.1.clone()).await;
        desk = desk.without_state();
        assert_corrupt(&desk, "a", "b in place of a").await;
        assert_corrupt(&desk, "b", "a in place of b").await;
        // They are still listed, and hide nothing else.
        assert_eq!(desk.list().await.len(), 2);
    }
}

#[tokio::test]
async fn metadata_of_another_object_or_of_an_older_write_are_found() {
    let mut desk = desk().await;
    desk.put("k", pattern(1, 1000)).await;
    let (old, old_raw) = desk.raw("k").await;
    desk.put("k", pattern(2, 1000)).await;
    desk.put("other", pattern(3, 1000)).await;
    let ((new, raw), (other, _)) = (desk.raw("k").await, desk.raw("other").await);
    for wrong in [&old, &other] {
        let forged = ObjectInfo { metadata: wrong.metadata.clone(), ..new.clone() };
        desk.forge("k", &forged, raw.clone()).await;
        assert_corrupt(&desk, "k", "foreign metadata").await;
        desk = desk.without_state();
        assert_corrupt(&desk, "k", "foreign metadata, without the state").await;
    }
    // One segment of the older write, in place of the new one.
    let place = crypt::format::HEADER_BYTES..crypt::format::HEADER_BYTES + 1016;
    let spliced = [&raw[..place.start], &old_raw[place.clone()], &raw[place.end..]].concat();
    desk.forge("k", &new, spliced).await;
    assert_corrupt(&desk, "k", "a segment that was rolled back").await;
    // An envelope that is no envelope.
    let mut broken = new.clone();
    broken.metadata.user = vec![("sluice-crypt".into(), "nonsense".into())];
    desk.forge("k", &broken, raw.clone()).await;
    assert_corrupt(&desk, "k", "no envelope").await;
    // Metadata that were taken off leave what the object itself bears.
    desk.forge("k", &without_envelope(&new), raw).await;
    desk = desk.without_state();
    assert_eq!(desk.read("k").await.unwrap().1, pattern(2, 1000));
}

#[tokio::test]
async fn a_copy_whose_metadata_are_taken_off_is_not_read_under_its_sources_name() {
    let desk = desk().await;
    desk.put("from", pattern(1, 1000)).await;
    desk.copy("from", "to", as_it_is()).await.unwrap();
    let (info, raw) = desk.raw("to").await;
    desk.forge("to", &without_envelope(&info), raw).await;
    let desk = desk.without_state();
    assert_corrupt(&desk, "to", "stripped metadata of a copy").await;
    assert_eq!(desk.read("from").await.unwrap().1, pattern(1, 1000));
}

#[tokio::test]
async fn objects_of_others_are_refused_or_passed_and_shown_as_they_are() {
    for foreign in [Foreign::Refuse, Foreign::Pass] {
        let desk = Desk::new(Layered::new(vec![Setup { foreign, ..Setup::default() }])).await;
        let body = types::Body::from_bytes(pattern(1, 70_000));
        let put =
            desk.inner.put(&desk.cx, &desk.bucket, &key("theirs"), body, Default::default()).await.unwrap();
        desk.put("ours", "x").await;
        for _ in 0..2 {
            let listed = desk.list().await;
            let theirs = listed.iter().find(|object| object.key == key("theirs")).unwrap();
            assert_eq!((&theirs.etag, theirs.size_bytes), (&put.etag, 70_000));
            match foreign {
                Foreign::Refuse => {
                    assert_refused!(desk.head("theirs").await, StoreErrorKind::Forbidden(_));
                    assert_refused!(desk.read("theirs").await, StoreErrorKind::Forbidden(_));
                    assert_refused!(
                        desk.copy("theirs", "to", as_it_is()).await,
                        StoreErrorKind::Forbidden(_)
                    );
                }
                Foreign::Pass => {
                    let (info, bytes) = desk.read("theirs").await.unwrap();
                    assert_eq!((info.etag, info.size_bytes), (put.etag.clone(), 70_000));
                    assert_eq!(bytes, pattern(1, 70_000));
                    desk.copy("theirs", "to", as_it_is()).await.unwrap();
                    assert_eq!(desk.read("to").await.unwrap().1, pattern(1, 70_000));
                    assert_ne!(desk.raw("to").await.1, pattern(1, 70_000), "a copy is sealed");
                }
            }
        }
    }
}

/// Passing on what others wrote is to trust whoever can write to the store: the documentation says so.
#[tokio::test]
async fn whoever_can_write_to_the_store_can_forge_objects_that_are_passed_on() {
    for foreign in [Foreign::Refuse, Foreign::Pass] {
        let desk = Desk::new(Layered::new(vec![Setup { foreign, ..Setup::default() }])).await;
        desk.put("k", "ours").await;
        let body = types::Body::from_bytes("forged".into());
        desk.inner.put(&desk.cx, &desk.bucket, &key("k"), body, Default::default()).await.unwrap();
        match foreign {
            Foreign::Refuse => assert_refused!(desk.read("k").await, StoreErrorKind::Forbidden(_)),
            Foreign::Pass => assert_eq!(desk.read("k").await.unwrap().1, "forged"),
        }
    }
}

#[tokio::test]
async fn a_damaged_object_is_never_listed_with_its_stored_size() {
    let mut desk = desk().await;
    desk.put("k", pattern(1, 200_000)).await;
    let (info, raw) = desk.raw("k").await;
    for cut in [0, 100, 150_000, raw.len() - 1] {
        desk.forge("k", &info, raw.slice(..cut)).await;
        desk = desk.without_state();
        let listed = desk.list().await;
        let told = crypt::format::plain_size(cut as u64).unwrap_or(0);
        assert_eq!(listed[0].size_bytes, told, "cut at {cut}");
    }
}
