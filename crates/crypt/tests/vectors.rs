//! The format is frozen: what was sealed once is read for ever, and what is sealed today is sealed the same way.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use std::path::PathBuf;

use common::desk::{Desk, as_it_is, key, pattern};
use common::{Counting, Layered, Setup, keyring_text};
use crypt::{Algorithm, Keyring};
use store::{Identity, ObjectIdentity, PutOptions};
use types::{Body, ETag, ObjectMetadata};

/// The names of the objects, and the algorithm of each.
const OBJECTS: [(&str, Algorithm); 4] = [
    ("whole", Algorithm::Aes256Gcm),
    ("chacha", Algorithm::ChaCha20Poly1305),
    ("parts", Algorithm::Aes256Gcm),
    ("copied", Algorithm::Aes256Gcm),
];

fn place(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/vectors").join(name)
}

fn vector(name: &str) -> Vec<u8> {
    std::fs::read(place(name)).unwrap()
}

fn world(algorithm: Algorithm) -> Layered {
    let keys = Keyring::parse(&keyring_text(&[("vectors", 42)])).unwrap();
    Layered::new(vec![Setup { keys, algorithm, ..Setup::default() }])
}

fn plain(name: &str) -> Vec<u8> {
    match name {
        "parts" => [pattern(1, 1500), pattern(2, 20)].concat(),
        "chacha" => pattern(4, 1000).to_vec(),
        _ => pattern(3, 70_000).to_vec(),
    }
}

async fn sealed(name: &str, algorithm: Algorithm) -> Desk {
    let world = world(algorithm);
    let world = Layered { random: Counting::new(7), ..world };
    let desk = Desk::new(world).await;
    match name {
        "parts" => drop(desk.upload(name, &[pattern(1, 1500), pattern(2, 20)]).await),
        "copied" => {
            desk.put("whole", plain(name)).await;
            desk.copy("whole", name, as_it_is()).await.unwrap();
        }
        _ => drop(desk.put(name, plain(name)).await),
    }
    desk
}

/// Writes the vectors anew, for another version of the format.
#[tokio::test]
#[ignore = "it writes the vectors"]
async fn write_the_vectors() {
    std::fs::write(place("keyring.toml"), keyring_text(&[("vectors", 42)])).unwrap();
    for (name, algorithm) in OBJECTS {
        let desk = sealed(name, algorithm).await;
        let (info, raw) = desk.raw(name).await;
        std::fs::write(place(name), raw).unwrap();
        std::fs::write(place(&format!("{name}.envelope")), &info.metadata.user[0].1).unwrap();
        let own = desk.own_keys().await;
        let (_, epoch) = desk.raw(&own[0]).await;
        std::fs::write(place(&format!("{name}.epoch")), epoch).unwrap();
    }
}

#[tokio::test]
async fn what_was_sealed_once_is_read() {
    for (name, algorithm) in OBJECTS {
        for with_metadata in [true, false] {
            let desk = Desk::new(world(algorithm)).await;
            let epoch = vector(&format!("{name}.epoch"));
            let id: String = epoch[8..24].iter().map(|byte| format!("{byte:02x}")).collect();
            let put = |name: String, bytes: Vec<u8>, metadata: ObjectMetadata| {
                let (inner, cx, bucket) = (desk.inner.clone(), desk.cx.clone(), desk.bucket.clone());
                async move {
                    let etag = ETag::from_text("whatever");
                    let identity = ObjectIdentity { etag, checksum: None, part_sizes: Vec::new() };
                    let identity = Identity::Supplied(identity);
                    let options = PutOptions { metadata, identity, ..PutOptions::default() };
                    inner
                        .put(&cx, &bucket, &key(&name), Body::from_bytes(bytes.into()), options)
                        .await
                        .unwrap()
                }
            };
            put(format!(".sluice/crypt/epoch/{id}"), epoch, ObjectMetadata::default()).await;
            let envelope = String::from_utf8(vector(&format!("{name}.envelope"))).unwrap();
            let mut metadata = ObjectMetadata::default();
            if with_metadata || name == "copied" {
                metadata.user.push(("sluice-crypt".into(), envelope));
            }
            put(name.to_owned(), vector(name), metadata).await;
            let (info, bytes) = desk.read(name).await.unwrap();
            assert!(bytes == plain(name), "{name}");
            assert_eq!(
                (info.size_bytes, info.part_count),
                (bytes.len() as u64, (name == "parts").then_some(2))
            );
            if name != "parts" {
                assert_eq!(info.etag, ETag::from_md5(hash::Md5::digest(&bytes)));
            }
        }
    }
}

#[tokio::test]
async fn what_is_sealed_today_is_sealed_the_same_way() {
    for (name, algorithm) in OBJECTS {
        let desk = sealed(name, algorithm).await;
        let (info, raw) = desk.raw(name).await;
        assert!(raw == vector(name), "{name}");
        assert_eq!(info.metadata.user[0].1.as_bytes(), vector(&format!("{name}.envelope")), "{name}");
    }
}
