use std::io::{self, IoSlice};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use blob::fs::{DirectoryEntry, File, FileSystem};
use bytes::Bytes;
use parking_lot::Mutex;
use rustix::io::Errno;

use crate::fault::Faults;
use crate::gate::Gate;
use crate::{Call, Event, Fault, History, Kind, NodeId, SimRandom, Tree};

/// A disk in memory that remembers all that happens on it. Cloning shares it.
#[derive(Clone)]
pub struct SimDisk(Arc<Shared>);

struct Shared {
    world: Mutex<World>,
    gate: Gate,
}

struct World {
    history: History,
    /// What a reader sees now.
    now: Tree,
    faults: Faults,
    /// Bytes of all files may not exceed this.
    capacity_bytes: u64,
    /// Decides what is in memory and what must be fetched from the device.
    cache: SimRandom,
}

impl SimDisk {
    /// A disk that holds what `base` does, all of it durable. The seed decides what is found in memory.
    #[must_use]
    pub fn new(base: Tree, seed: u64) -> Self {
        let history = History { base: base.clone(), events: Vec::new() };
        let world = Mutex::new(World {
            history,
            now: base,
            faults: Faults::default(),
            capacity_bytes: u64::MAX,
            cache: SimRandom::new(seed),
        });
        Self(Arc::new(Shared { world, gate: Gate::default() }))
    }

    /// Has every call of this kind hang, as on a device that does not answer, until what is returned is dropped.
    #[must_use]
    pub fn hang(&self, call: Call) -> Hang {
        self.0.gate.close(call);
        Hang { disk: self.clone(), call }
    }

    /// Has something go wrong.
    pub fn inject(&self, fault: Fault) {
        self.0.world.lock().faults.add(fault);
    }

    /// Takes all faults back.
    pub fn heal(&self) {
        self.0.world.lock().faults.clear();
    }

    /// Makes the disk so large; writes past it find no room.
    pub fn set_capacity(&self, bytes: u64) {
        self.0.world.lock().capacity_bytes = bytes;
    }

    /// Flips bits of a file's byte, as a failing device would: behind everybody's back.
    ///
    /// # Panics
    /// When there is no such file or byte.
    pub fn flip(&self, path: &str, offset: u64, mask: u8) {
        let mut world = self.0.world.lock();
        let node = world.now.find(Path::new(path)).expect("the test names a file that is there");
        world.now.file_mut(node)[offset as usize] ^= mask;
    }

    /// The tree as a reader sees it now.
    #[must_use]
    pub fn tree(&self) -> Tree {
        self.0.world.lock().now.clone()
    }

    /// All that happened so far.
    #[must_use]
    pub fn history(&self) -> History {
        self.0.world.lock().history.clone()
    }

    /// Notes something that happened beside the disk, in order with all that happened on it.
    pub fn note(&self, event: Event) {
        self.0.world.lock().history.events.push(event);
    }

    fn call<T>(&self, call: Call, run: impl FnOnce(&mut World) -> io::Result<T>) -> io::Result<T> {
        self.0.gate.pass(call);
        let mut world = self.0.world.lock();
        world.faults.check(call)?;
        run(&mut world)
    }

    fn handle(&self, node: NodeId) -> Arc<dyn File> {
        Arc::new(SimFile { disk: self.clone(), node })
    }
}

/// While it lives, calls of one kind hang.
pub struct Hang {
    disk: SimDisk,
    call: Call,
}

impl Hang {
    /// How many calls hang now.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.disk.0.gate.waiting()
    }
}

impl Drop for Hang {
    fn drop(&mut self) {
        self.disk.0.gate.open(self.call);
    }
}

impl World {
    fn record(&mut self, event: Event) {
        self.history.events.push(event);
    }

    /// Adds a node under a new name.
    fn link(&mut self, path: &Path, kind: Kind) -> io::Result<NodeId> {
        let (directory, name) = self.now.place(path)?;
        if self.now.entries(directory)?.contains_key(&name) {
            return Err(Errno::EXIST.into());
        }
        let node = self.now.add(kind);
        self.now.entries_mut(directory)?.insert(name.clone(), node);
        self.record(Event::Link { directory, name, node, kind });
        Ok(node)
    }

    fn unlink(&mut self, path: &Path, kind: Kind) -> io::Result<()> {
        let (directory, name) = self.now.place(path)?;
        let node = *self.now.entries(directory)?.get(&name).ok_or(Errno::NOENT)?;
        match (self.now.kind(node), kind) {
            (Kind::Directory, Kind::File) => return Err(Errno::ISDIR.into()),
            (Kind::File, Kind::Directory) => return Err(Errno::NOTDIR.into()),
            (Kind::Directory, _) if !self.now.entries(node)?.is_empty() => {
                return Err(Errno::NOTEMPTY.into());
            }
            _ => {}
        }
        self.now.entries_mut(directory)?.remove(&name);
        self.record(Event::Unlink { directory, name });
        Ok(())
    }

    /// How many more bytes the files may hold.
    fn room_bytes(&self) -> u64 {
        self.capacity_bytes.saturating_sub(self.now.reachable_bytes())
    }
}

impl FileSystem for SimDisk {
    fn create(&self, path: &Path) -> io::Result<Arc<dyn File>> {
        self.call(Call::Create, |world| world.link(path, Kind::File)).map(|node| self.handle(node))
    }

    fn open(&self, path: &Path) -> io::Result<Arc<dyn File>> {
        let found = self.call(Call::Open, |world| {
            let node = world.now.find(path)?;
            match world.now.kind(node) {
                Kind::File => Ok(node),
                Kind::Directory => Err(Errno::ISDIR.into()),
            }
        });
        found.map(|node| self.handle(node))
    }

    fn open_cached(&self, path: &Path) -> Option<Arc<dyn File>> {
        let found = self.0.world.lock().cache.coin();
        found.then(|| self.open(path).ok()).flatten()
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.call(Call::Remove, |world| world.unlink(path, Kind::File))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.call(Call::Rename, |world| {
            let (directory, old) = world.now.place(from)?;
            let (target, new) = world.now.place(to)?;
            if directory != target {
                return Err(Errno::XDEV.into());
            }
            let entries = world.now.entries_mut(directory)?;
            let node = entries.remove(&old).ok_or(Errno::NOENT)?;
            entries.insert(new.clone(), node);
            world.record(Event::Rename { directory, from: old, to: new, node });
            Ok(())
        })
    }

    fn create_directory(&self, path: &Path) -> io::Result<()> {
        self.call(Call::CreateDirectory, |world| world.link(path, Kind::Directory).map(drop))
    }

    fn remove_directory(&self, path: &Path) -> io::Result<()> {
        self.call(Call::Remove, |world| world.unlink(path, Kind::Directory))
    }

    fn sync_directory(&self, path: &Path) -> io::Result<()> {
        self.call(Call::SyncDirectory, |world| {
            let directory = world.now.find(path)?;
            world.now.entries(directory)?;
            world.record(Event::SyncDirectory(directory));
            Ok(())
        })
    }

    fn list(&self, path: &Path) -> io::Result<Vec<DirectoryEntry>> {
        self.call(Call::List, |world| {
            let directory = world.now.find(path)?;
            let entries = world.now.entries(directory)?.iter();
            let entry = |(name, node): (&String, &NodeId)| DirectoryEntry {
                name: name.clone(),
                is_directory: world.now.kind(*node) == Kind::Directory,
            };
            Ok(entries.map(entry).collect())
        })
    }
}

struct SimFile {
    disk: SimDisk,
    node: NodeId,
}

impl File for SimFile {
    fn size_bytes(&self) -> io::Result<u64> {
        Ok(self.disk.0.world.lock().now.file(self.node).len() as u64)
    }

    fn write_at(&self, offset: u64, parts: &[IoSlice<'_>]) -> io::Result<()> {
        let bytes = Bytes::from(parts.iter().flat_map(|part| part.iter().copied()).collect::<Vec<_>>());
        self.disk.call(Call::Write, |world| {
            let end = offset + bytes.len() as u64;
            let grown = end.saturating_sub(world.now.file(self.node).len() as u64);
            let room = world.room_bytes();
            // As a device does, it takes what fits before it says that it is full.
            let fitting = bytes.len() - grown.saturating_sub(room).min(bytes.len() as u64) as usize;
            let taken = bytes.slice(..fitting);
            if !taken.is_empty() {
                world.now.write(self.node, offset, &taken);
                world.record(Event::Write { file: self.node, offset, bytes: taken });
            }
            if fitting < bytes.len() { Err(Errno::NOSPC.into()) } else { Ok(()) }
        })
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        self.disk.call(Call::Read, |world| {
            let file = world.now.file(self.node);
            let start = (offset as usize).min(file.len());
            let length = buffer.len().min(file.len() - start);
            buffer[..length].copy_from_slice(&file[start..start + length]);
            Ok(length)
        })
    }

    fn read_cached_at(&self, offset: u64, buffer: &mut [u8]) -> usize {
        let cached = {
            let world = self.disk.0.world.lock();
            match world.cache.below(4) {
                0 => 0,
                1 => world.cache.below(buffer.len() as u64 + 1) as usize,
                _ => buffer.len(),
            }
        };
        self.read_at(offset, &mut buffer[..cached]).unwrap_or(0)
    }

    fn preallocate(&self, size_bytes: u64) -> io::Result<()> {
        self.disk.call(Call::Preallocate, |world| {
            let missing = size_bytes.saturating_sub(world.now.file(self.node).len() as u64);
            let room = world.room_bytes();
            if missing > room { Err(Errno::NOSPC.into()) } else { Ok(()) }
        })
    }

    fn truncate(&self, size_bytes: u64) -> io::Result<()> {
        self.disk.call(Call::Truncate, |world| {
            world.now.file_mut(self.node).resize(size_bytes as usize, 0);
            world.record(Event::Truncate { file: self.node, size_bytes });
            Ok(())
        })
    }

    fn start_writeback(&self, _: Range<u64>) {}

    fn will_need(&self, _: Range<u64>) {}

    fn sync(&self) -> io::Result<()> {
        self.disk.call(Call::SyncFile, |world| {
            world.record(Event::SyncFile(self.node));
            Ok(())
        })
    }
}
