//! Bytes on disk are frozen: what version 1 wrote is read, and is written so again.

use crate::disk::BlockKind::{Content, Data, State};
use crate::disk::testing::{MemDisk, bytes, open, options};
use crate::disk::{BlockKey, Names, PIECE_BYTES, Source};

/// Name, offset and bytes in hexadecimal, a line each: all of `index`, and each block's footer.
const GOLDEN: &str = include_str!("golden/v1.txt");

const CEILING: u64 = 16 << 20;

/// Three blocks: of one piece, of two, and a record.
fn blocks() -> [(BlockKey, Vec<u8>); 3] {
    let key = |kind, names, number| BlockKey::new(&Source::new(kind, names, 1 << 20).unwrap(), number);
    let names = Names { store: "far", bucket: "reports", key: "2026/ä.csv", tag: "\"0123abc\"" };
    [
        (key(Data, names, 0), bytes(1, 1000)),
        (key(Content, Names { tag: "sha224:00ff", ..names }, 7), bytes(2, PIECE_BYTES as usize + 5)),
        (key(State, Names { key: "", tag: "bucket", ..names }, 0), bytes(3, 200)),
    ]
}

async fn written() -> MemDisk {
    let disk = MemDisk::new();
    let store = open(&disk, options(CEILING)).unwrap();
    for (key, data) in blocks() {
        assert!(store.fill(&key, data).await);
    }
    let [(first, _), ..] = blocks();
    assert!(store.remove(&first));
    store.settle().await;
    disk
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Where footers lie: behind the data of each block, at whose first page there is one.
fn shown(disk: &MemDisk) -> String {
    let segment = disk.bytes("segment-00000001");
    // The first block was removed; its room is a hole.
    assert!(segment[..4096].iter().all(|byte| *byte == 0));
    let second = 4096 + PIECE_BYTES as usize + 5;
    let third = 4096 + (PIECE_BYTES as usize + 4096) + 200;
    let end_of = |start: usize| {
        let footer = &segment[start..start.next_multiple_of(4096).min(segment.len())];
        start + footer.iter().rposition(|byte| *byte != 0).expect("a footer is there") + 1
    };
    let lines = [
        format!("index {}", hex(&disk.bytes("index"))),
        format!("footer {second} {}", hex(&segment[second..end_of(second)])),
        format!("footer {third} {}", hex(&segment[third..end_of(third)])),
    ];
    lines.join("\n") + "\n"
}

#[tokio::test]
async fn version_1_is_written_as_it_was_released() {
    let shown = shown(&written().await);
    assert!(shown == GOLDEN, "the files are now\n{shown}");
}

#[tokio::test]
async fn version_1_is_read_as_it_was_released() {
    let unhex = |text: &str| -> Vec<u8> {
        (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
    };
    let disk = MemDisk::new();
    let mut segment = vec![0; 4096 + PIECE_BYTES as usize + 3 * 4096];
    let [_, (second, second_data), (third, third_data)] = blocks();
    segment[4096..4096 + second_data.len()].copy_from_slice(&second_data);
    let third_at = 4096 + PIECE_BYTES as usize + 4096;
    segment[third_at..third_at + third_data.len()].copy_from_slice(&third_data);
    for line in GOLDEN.lines() {
        match line.split(' ').collect::<Vec<_>>()[..] {
            ["index", text] => disk.replace("index", &unhex(text)),
            ["footer", offset, text] => {
                let (offset, footer): (usize, _) = (offset.parse().unwrap(), unhex(text));
                segment[offset..offset + footer.len()].copy_from_slice(&footer);
            }
            _ => panic!("a line of another form: {line}"),
        }
    }
    disk.replace("segment-00000001", &segment);
    let store = open(&disk, options(CEILING)).unwrap();
    assert_eq!(store.stats().entries, 2);
    assert_eq!(store.bytes_of(&second).await.unwrap().unwrap(), second_data);
    assert_eq!(store.bytes_of(&third).await.unwrap().unwrap(), third_data);
}
