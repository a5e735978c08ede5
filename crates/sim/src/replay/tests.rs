use std::io::IoSlice;
use std::path::Path;

use blob::fs::FileSystem;

use super::*;
use crate::{CutPlan, SimDisk};

fn disk() -> SimDisk {
    SimDisk::new(Tree::default(), 1)
}

fn write(disk: &SimDisk, path: &str, bytes: &[u8]) -> std::sync::Arc<dyn blob::fs::File> {
    let file = disk.create(Path::new(path)).unwrap();
    file.write_at(0, &[IoSlice::new(bytes)]).unwrap();
    file
}

/// Every tree that a cut after the last event can leave, as the content of its files.
fn outcomes(disk: &SimDisk) -> Vec<Vec<(String, Vec<u8>)>> {
    let history = disk.history();
    let cuts = CutPlan { max_cuts: usize::MAX, ..CutPlan::default() }.cuts(&history);
    let last = cuts.into_iter().filter(|cut| cut.at == history.events.len());
    let mut found: Vec<_> = last
        .map(|cut| {
            let (tree, _) = survive(&history, cut);
            let content = |path: String| {
                let node = tree.find(Path::new(&path)).unwrap();
                (path, tree.file(node).to_vec())
            };
            tree.files().into_iter().map(content).collect::<Vec<_>>()
        })
        .collect();
    found.sort();
    found.dedup();
    found
}

#[test]
fn what_is_synced_survives_every_cut() {
    let disk = disk();
    write(&disk, "a", b"bytes").sync().unwrap();
    disk.sync_directory(Path::new("")).unwrap();
    assert_eq!(outcomes(&disk), [vec![("a".to_owned(), b"bytes".to_vec())]]);
}

#[test]
fn a_name_that_is_not_synced_may_be_lost_with_the_file() {
    let disk = disk();
    write(&disk, "a", b"bytes").sync().unwrap();
    assert_eq!(outcomes(&disk), [vec![], vec![("a".to_owned(), b"bytes".to_vec())]]);
}

#[test]
fn bytes_that_are_not_synced_may_be_lost_or_torn_at_sectors() {
    let disk = disk();
    let file = write(&disk, "a", &[1; 2000]);
    disk.sync_directory(Path::new("")).unwrap();
    let mut lengths = std::collections::BTreeSet::new();
    let mut torn = 0;
    let history = disk.history();
    for seed in 0..200 {
        let fate = Fate::Torn { seed, sector_bytes: 512 };
        let (tree, _) = survive(&history, Cut { at: history.events.len(), fate });
        let bytes = tree.file(tree.find(Path::new("a")).unwrap());
        lengths.insert(bytes.len());
        for (sector, chunk) in bytes.chunks(512).enumerate() {
            assert!(chunk.iter().all(|byte| *byte == chunk[0]), "sector {sector} is torn inside");
        }
        torn += usize::from(bytes.contains(&0) && bytes.contains(&1));
    }
    assert!(lengths.contains(&0) && lengths.contains(&2000) && lengths.contains(&512), "{lengths:?}");
    assert!(torn > 10);
    file.sync().unwrap();
    assert_eq!(outcomes(&disk), [vec![("a".to_owned(), vec![1; 2000])]]);
}

#[test]
fn a_rename_is_all_or_nothing_and_a_removal_may_come_undone() {
    let disk = disk();
    write(&disk, "new", b"2").sync().unwrap();
    write(&disk, "old", b"1").sync().unwrap();
    disk.sync_directory(Path::new("")).unwrap();
    disk.rename(Path::new("new"), Path::new("old")).unwrap();
    let file = |name: &str, byte: u8| (name.to_owned(), vec![byte]);
    assert_eq!(outcomes(&disk), [vec![file("new", b'2'), file("old", b'1')], vec![file("old", b'2')]]);
    disk.sync_directory(Path::new("")).unwrap();
    disk.remove(Path::new("old")).unwrap();
    assert_eq!(outcomes(&disk), [vec![], vec![file("old", b'2')]]);
}

#[test]
fn changes_of_one_directory_survive_in_any_combination() {
    let disk = disk();
    for name in ["a", "b", "c"] {
        disk.create(Path::new(name)).unwrap();
    }
    assert_eq!(outcomes(&disk).len(), 8);
}

#[test]
fn what_lies_in_a_directory_that_is_lost_is_lost() {
    let disk = disk();
    disk.create_directory(Path::new("d")).unwrap();
    write(&disk, "d/a", b"1").sync().unwrap();
    disk.sync_directory(Path::new("d")).unwrap();
    assert_eq!(outcomes(&disk), [vec![], vec![("d/a".to_owned(), b"1".to_vec())]]);
}

#[test]
fn acknowledged_commits_survive_and_the_one_on_its_way_may() {
    let disk = disk();
    let commit = |key: &'static str| {
        let mut commit = Commit::default();
        commit.put(key, "");
        commit
    };
    disk.note(Event::CommitBegun(commit("a")));
    disk.note(Event::CommitDone);
    disk.note(Event::CommitBegun(commit("refused")));
    disk.note(Event::CommitRefused);
    disk.note(Event::CommitBegun(commit("b")));
    let history = disk.history();
    let end = history.events.len();
    let left = |at, fate| survive(&history, Cut { at, fate }).1;
    assert_eq!(left(end, Fate::AllLost), [commit("a")]);
    assert_eq!(left(end, Fate::AllKept), [commit("a"), commit("b")]);
    assert_eq!(left(end - 2, Fate::AllKept), [commit("a")], "a commit that is refused was never written");
}
