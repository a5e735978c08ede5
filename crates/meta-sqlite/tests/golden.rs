//! The released layout is frozen: a database written by an earlier release is read by this one, and reads the same.
#![allow(clippy::unwrap_used, reason = "a failed step fails the test")]

use std::path::Path;

use bytes::Bytes;
use meta::{Commit, MetaRead, MetaStore, Record, ScanItem, ScanRequest};
use meta_sqlite::{SqliteMeta, SqliteOptions};

const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/v1.db");

/// Key, value and revision of every record, in order of key.
fn records() -> Vec<Record> {
    let record = |key: &'static [u8], value: Vec<u8>, revision| Record {
        key: Bytes::from_static(key),
        value: value.into(),
        revision,
    };
    vec![
        record(b"\0\xFF", vec![], 1),
        record(b"a", b"replaced".to_vec(), 2),
        record(b"a/b", (0..=u8::MAX).collect(), 1),
        record(b"beside the row", vec![5; 5000], 2),
        record(b"\xFF", vec![1; 900], 1),
    ]
}

fn all() -> ScanRequest {
    ScanRequest { start: Bytes::new(), end: vec![0xFF; 3].into(), limit: 10, fold: None }
}

async fn assert_holds_the_records(meta: &SqliteMeta) {
    let page = meta.scan(all()).await.unwrap();
    let expected: Vec<_> = records().into_iter().map(ScanItem::Record).collect();
    assert_eq!(page.items, expected);
}

/// How the golden file was made.
async fn write(path: &Path) {
    let meta = SqliteMeta::open(path, SqliteOptions::default()).unwrap();
    let mut first = Commit::default();
    let mut second = Commit::default();
    first.put("a", "first").put("gone", vec![0; 2000]);
    second.delete("gone");
    for record in records() {
        let commit = if record.revision == 1 { &mut first } else { &mut second };
        commit.put(record.key, record.value);
    }
    assert_eq!(meta.commit(first).await.unwrap(), 1);
    assert_eq!(meta.commit(second).await.unwrap(), 2);
    assert_holds_the_records(&meta).await;
    meta.close().unwrap();
}

#[tokio::test]
async fn a_database_of_version_1_is_read_and_goes_on() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("meta.db");
    std::fs::copy(GOLDEN, &path).unwrap();
    let meta = SqliteMeta::open(&path, SqliteOptions::default()).unwrap();
    assert_holds_the_records(&meta).await;
    assert!(meta.check_structure().await.unwrap().is_empty());
    let mut commit = Commit::default();
    commit.put("next", "v");
    // The reserve that the file holds ends here: revisions up to it may have been given away.
    assert_eq!(meta.commit(commit).await.unwrap(), (1 << 20) + 1);
}

/// What this release writes is what the file holds, table by table: a change of layout needs a new version.
#[tokio::test]
async fn this_release_writes_version_1() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("meta.db");
    write(&path).await;
    let dump = |path: &Path| {
        let connection = rusqlite::Connection::open(path).unwrap();
        let query = "SELECT 'schema', sql, '', '' FROM sqlite_schema
            UNION ALL SELECT key, revision, crc, value FROM record
            UNION ALL SELECT 'large', id, '', value FROM large
            UNION ALL SELECT 'reserve', id, revision, crc FROM reserve
            UNION ALL SELECT 'pragma', application_id, 0, 0 FROM pragma_application_id
            UNION ALL SELECT 'pragma', user_version, 0, 0 FROM pragma_user_version
            UNION ALL SELECT 'pragma', page_size, 0, 0 FROM pragma_page_size
            UNION ALL SELECT 'pragma', auto_vacuum, 0, 0 FROM pragma_auto_vacuum
            UNION ALL SELECT 'pragma', journal_mode, 0, 0 FROM pragma_journal_mode";
        let mut statement = connection.prepare(query).unwrap();
        let rows = statement.query_map([], |row| {
            let columns: Vec<_> =
                (0..4).map(|place| row.get::<_, rusqlite::types::Value>(place).unwrap()).collect();
            Ok(columns)
        });
        rows.unwrap().map(Result::unwrap).collect::<Vec<_>>()
    };
    let golden = directory.path().join("golden.db");
    std::fs::copy(GOLDEN, &golden).unwrap();
    assert_eq!(dump(&path), dump(&golden));
}
