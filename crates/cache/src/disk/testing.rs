//! A directory in memory that fails on request, and what tests of blocks share.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, IoSlice};
use std::ops::Range;
use std::sync::Arc;

use parking_lot::{Mutex, MutexGuard};
use rustix::io::Errno;
use sim::{SimClock, SimRandom};
use types::{Body, BodyErrorKind, Budget, ByteRange, Timestamp};

use super::fs::{Directory, File, Holes};
use super::layout::PAGE_BYTES;
use super::store::BlockStore;
use super::{BlockKey, BlockKind, DiskErrorKind, DiskOptions, Names, Source, Watermarks};

/// Which calls a fault strikes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Strike {
    /// All that change something.
    Writes,
    /// Reads.
    Reads,
    /// Writes of files, of which half of the bytes are written all the same.
    TornWrites,
    /// Making that something lasts.
    Syncs,
}

/// A file: its size, and the pages that take room.
#[derive(Debug, Clone, Default)]
struct Content {
    size_bytes: u64,
    pages: BTreeMap<u64, Box<[u8]>>,
    /// Both as of the last sync.
    synced: Option<Box<Content>>,
}

/// Files by name.
type Files = BTreeMap<String, Arc<Mutex<Content>>>;

/// A directory in memory. Cloning shares it.
#[derive(Clone)]
pub(super) struct MemDisk(Arc<Mutex<World>>, Life);

/// Which store uses the directory: once there is a later one, all changes of the earlier ones fail, as the process of each has
/// ended.
type Life = u64;

struct World {
    life: Life,
    files: Files,
    /// The names as of the last sync of the directory.
    synced_files: Files,
    fault: Option<(Strike, Errno)>,
    /// Calls that may change something before all of them fail.
    calls_left: Option<u64>,
    holes: Holes,
    free_bytes: u64,
    /// The most that all files took together after any call.
    peak_bytes: u64,
    /// Whether reads find anything in memory.
    is_cached: bool,
    /// How often something was made to last.
    syncs: u64,
}

impl MemDisk {
    pub(super) fn new() -> Self {
        let world = World {
            life: 0,
            files: Files::new(),
            synced_files: Files::new(),
            fault: None,
            calls_left: None,
            holes: Holes::Punched,
            free_bytes: 1 << 40,
            peak_bytes: 0,
            is_cached: true,
            syncs: 0,
        };
        Self(Arc::new(Mutex::new(world)), 0)
    }

    /// The directory as the next store has it.
    fn next_life(&self) -> Self {
        let mut world = self.0.lock();
        world.life += 1;
        Self(self.0.clone(), world.life)
    }

    pub(super) fn without_holes(self) -> Self {
        self.0.lock().holes = Holes::Unsupported;
        self
    }

    pub(super) fn without_memory(self) -> Self {
        self.0.lock().is_cached = false;
        self
    }

    pub(super) fn fail(&self, strike: Strike, errno: Errno) {
        self.0.lock().fault = Some((strike, errno));
    }

    /// From the call after so many that change something on, all fail, as if the process had ended.
    pub(super) fn end_after(&self, calls: u64) {
        self.0.lock().calls_left = Some(calls);
    }

    pub(super) fn heal(&self) {
        let mut world = self.0.lock();
        world.fault = None;
        world.calls_left = None;
    }

    pub(super) fn set_free_bytes(&self, bytes: u64) {
        self.0.lock().free_bytes = bytes;
    }

    pub(super) fn peak_bytes(&self) -> u64 {
        self.0.lock().peak_bytes
    }

    pub(super) fn syncs(&self) -> u64 {
        self.0.lock().syncs
    }

    pub(super) fn allocated_bytes(&self) -> u64 {
        self.0.lock().allocated_bytes()
    }

    pub(super) fn names(&self) -> Vec<String> {
        self.0.lock().files.keys().cloned().collect()
    }

    /// A directory with the same files, which later changes here do not reach.
    pub(super) fn copy(&self) -> Self {
        let copied = Self::new();
        let world = self.0.lock();
        let files = world.files.iter();
        copied.0.lock().files =
            files.map(|(name, file)| (name.clone(), Arc::new(Mutex::new(file.lock().clone())))).collect();
        copied
    }

    /// A directory with what is left when the power goes: of what was not made to last, each page and each name is there or
    /// not, as chance will have it.
    pub(super) fn after_power_cut(&self, chance: &SimRandom) -> Self {
        let world = self.0.lock();
        let names: BTreeSet<_> = world.files.keys().chain(world.synced_files.keys()).collect();
        let mut files = Files::new();
        for name in names {
            let (now, before) = (world.files.get(name), world.synced_files.get(name));
            let is_settled = now.zip(before).is_some_and(|(now, before)| Arc::ptr_eq(now, before));
            let left = if is_settled || chance.coin() { now } else { before };
            if let Some(left) = left {
                let content = left.lock().after_power_cut(chance);
                files.insert(name.clone(), Arc::new(Mutex::new(content)));
            }
        }
        let cut = Self::new();
        cut.0.lock().synced_files = files.clone();
        cut.0.lock().files = files;
        cut
    }

    pub(super) fn bytes(&self, name: &str) -> Vec<u8> {
        let file = self.0.lock().files[name].clone();
        let content = file.lock();
        let mut bytes = vec![0; content.size_bytes as usize];
        content.read(0, &mut bytes);
        bytes
    }

    pub(super) fn replace(&self, name: &str, bytes: &[u8]) {
        let mut content = Content::default();
        content.write(0, bytes);
        self.0.lock().files.insert(name.to_owned(), Arc::new(Mutex::new(content)));
    }

    /// The world, for a change that is made before it is let go of: none is made by a store whose process has ended.
    fn living(&self) -> io::Result<MutexGuard<'_, World>> {
        let world = self.0.lock();
        if world.life == self.1 { Ok(world) } else { Err(Errno::IO.into()) }
    }

    /// Begins a change, unless a fault strikes it.
    fn change(&self, strike: Strike) -> io::Result<MutexGuard<'_, World>> {
        let mut world = self.living()?;
        world.strike(strike)?;
        Ok(world)
    }
}

impl World {
    fn strike(&mut self, strike: Strike) -> io::Result<()> {
        if let Some(left) = &mut self.calls_left {
            *left = left.checked_sub(1).ok_or(Errno::IO)?;
        }
        match self.fault {
            Some((struck, errno)) if struck == strike => Err(errno.into()),
            _ => Ok(()),
        }
    }

    fn note_peak(&mut self) {
        self.peak_bytes = self.peak_bytes.max(self.allocated_bytes());
    }

    fn allocated_bytes(&self) -> u64 {
        self.files.values().map(|file| file.lock().pages.len() as u64 * PAGE_BYTES).sum()
    }
}

impl Content {
    fn after_power_cut(&self, chance: &SimRandom) -> Self {
        let nothing = Self::default();
        let synced = self.synced.as_deref().unwrap_or(&nothing);
        let size_bytes = if chance.coin() { self.size_bytes } else { synced.size_bytes };
        let numbers: BTreeSet<_> = self.pages.keys().chain(synced.pages.keys()).collect();
        let pages = numbers.into_iter().filter_map(|number| {
            let from = if chance.coin() { &self.pages } else { &synced.pages };
            Some((*number, from.get(number)?.clone())).filter(|_| number * PAGE_BYTES < size_bytes)
        });
        let left = Self { size_bytes, pages: pages.collect(), synced: None };
        Self { synced: Some(Box::new(left.clone())), ..left }
    }

    fn write(&mut self, offset: u64, bytes: &[u8]) {
        let mut at = offset;
        let mut rest = bytes;
        while !rest.is_empty() {
            let within = (at % PAGE_BYTES) as usize;
            let (now, later) = rest.split_at(rest.len().min(PAGE_BYTES as usize - within));
            let empty = || vec![0; PAGE_BYTES as usize].into();
            let page = self.pages.entry(at / PAGE_BYTES).or_insert_with(empty);
            page[within..within + now.len()].copy_from_slice(now);
            at += now.len() as u64;
            rest = later;
        }
        self.size_bytes = self.size_bytes.max(at);
    }

    fn read(&self, offset: u64, buffer: &mut [u8]) -> usize {
        let left = self.size_bytes.saturating_sub(offset);
        let length = buffer.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        let mut done = 0;
        while done < length {
            let at = offset + done as u64;
            let within = (at % PAGE_BYTES) as usize;
            let end = length.min(done + PAGE_BYTES as usize - within);
            let part = &mut buffer[done..end];
            match self.pages.get(&(at / PAGE_BYTES)) {
                Some(page) => part.copy_from_slice(&page[within..within + part.len()]),
                None => part.fill(0),
            }
            done = end;
        }
        length
    }
}

struct MemFile {
    disk: MemDisk,
    content: Arc<Mutex<Content>>,
}

impl Directory for MemDisk {
    fn create(&self, name: &str) -> io::Result<Arc<dyn File>> {
        let mut world = self.change(Strike::Writes)?;
        let content = Arc::<Mutex<Content>>::default();
        if world.files.contains_key(name) {
            return Err(Errno::EXIST.into());
        }
        world.files.insert(name.to_owned(), content.clone());
        Ok(Arc::new(MemFile { disk: self.clone(), content }))
    }

    fn open(&self, name: &str) -> io::Result<Arc<dyn File>> {
        let content = self.0.lock().files.get(name).cloned().ok_or(Errno::NOENT)?;
        Ok(Arc::new(MemFile { disk: self.clone(), content }))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.change(Strike::Writes)?.files.remove(name).map(drop).ok_or(Errno::NOENT.into())
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut world = self.change(Strike::Writes)?;
        let file = world.files.remove(from).ok_or(Errno::NOENT)?;
        world.files.insert(to.to_owned(), file);
        Ok(())
    }

    fn list(&self) -> io::Result<Vec<String>> {
        Ok(self.names())
    }

    fn sync(&self) -> io::Result<()> {
        let mut world = self.change(Strike::Syncs)?;
        world.syncs += 1;
        world.synced_files = world.files.clone();
        Ok(())
    }

    fn free_bytes(&self) -> io::Result<u64> {
        let world = self.0.lock();
        Ok(world.free_bytes.saturating_sub(world.allocated_bytes()))
    }
}

impl File for MemFile {
    fn size_bytes(&self) -> io::Result<u64> {
        Ok(self.content.lock().size_bytes)
    }

    fn allocated_bytes(&self) -> io::Result<u64> {
        Ok(self.content.lock().pages.len() as u64 * PAGE_BYTES)
    }

    fn write_at(&self, offset: u64, parts: &[IoSlice<'_>]) -> io::Result<()> {
        let bytes = parts.iter().map(|part| &**part).collect::<Vec<_>>().concat();
        let mut world = self.disk.living()?;
        let torn = world.strike(Strike::TornWrites);
        let length = if torn.is_ok() { bytes.len() } else { bytes.len() / 2 };
        if torn.is_ok() {
            world.strike(Strike::Writes)?;
        }
        self.content.lock().write(offset, &bytes[..length]);
        world.note_peak();
        torn
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        if let Some((Strike::Reads, errno)) = self.disk.0.lock().fault {
            return Err(errno.into());
        }
        Ok(self.content.lock().read(offset, buffer))
    }

    fn read_cached_at(&self, offset: u64, buffer: &mut [u8]) -> usize {
        let world = self.disk.0.lock();
        match world.fault {
            Some((Strike::Reads, _)) => 0,
            _ if !world.is_cached => 0,
            _ => self.content.lock().read(offset, buffer),
        }
    }

    fn punch(&self, range: Range<u64>) -> io::Result<Holes> {
        let world = self.disk.change(Strike::Writes)?;
        let holes = world.holes;
        if holes == Holes::Punched {
            let whole = range.start.div_ceil(PAGE_BYTES)..range.end / PAGE_BYTES;
            self.content.lock().pages.retain(|page, _| !whole.contains(page));
        }
        Ok(holes)
    }

    fn truncate(&self, size_bytes: u64) -> io::Result<()> {
        let _world = self.disk.change(Strike::Writes)?;
        let mut content = self.content.lock();
        content.size_bytes = size_bytes;
        content.pages.retain(|page, _| *page < size_bytes.div_ceil(PAGE_BYTES));
        Ok(())
    }

    fn will_need(&self, _: Range<u64>) {}

    fn sync(&self) -> io::Result<()> {
        let mut world = self.disk.change(Strike::Syncs)?;
        world.syncs += 1;
        let mut content = self.content.lock();
        content.synced = None;
        content.synced = Some(Box::new(content.clone()));
        Ok(())
    }
}

pub(super) const BLOCK_BYTES: u32 = 1 << 20;

pub(super) fn clock() -> Arc<SimClock> {
    Arc::new(SimClock::new(Timestamp::from_secs(1_000_000)))
}

pub(super) fn options(ceiling_bytes: u64) -> DiskOptions {
    options_by(ceiling_bytes, clock())
}

pub(super) fn options_by(ceiling_bytes: u64, clock: Arc<SimClock>) -> DiskOptions {
    let free = Watermarks { low_bytes: 1 << 20, high_bytes: 2 << 20 };
    DiskOptions { ceiling_bytes, free, clock }
}

pub(super) fn open(disk: &MemDisk, options: DiskOptions) -> Result<BlockStore, DiskErrorKind> {
    BlockStore::open_in(Box::new(disk.next_life()), options)
}

pub(super) fn budget() -> Budget {
    Budget::new(64 << 20)
}

pub(super) fn source(key: &str) -> Source {
    source_of(BlockKind::Data, "bucket", key)
}

pub(super) fn source_of(kind: BlockKind, bucket: &str, key: &str) -> Source {
    let names = Names { store: "far", bucket, key, tag: "etag" };
    Source::new(kind, names, BLOCK_BYTES).expect("the names are short")
}

pub(super) fn key(name: impl ToString) -> BlockKey {
    BlockKey::new(&source(&name.to_string()), 0)
}

/// Bytes that tell their place and their seed.
pub(super) fn bytes(seed: u64, length: usize) -> Vec<u8> {
    let step = seed.wrapping_mul(2).wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut bytes = Vec::with_capacity(length + 8);
    let mut word = step;
    while bytes.len() < length {
        bytes.extend_from_slice(&word.to_le_bytes());
        word = word.wrapping_add(step);
    }
    bytes.truncate(length);
    bytes
}

impl BlockStore {
    /// Writes a block in one go; whether it was taken.
    pub(super) async fn fill(&self, key: &BlockKey, data: Vec<u8>) -> bool {
        let Some(writing) = self.begin(key, data.len() as u32).await else { return false };
        writing.write_at(0, data.into()).await.is_ok() && writing.commit().await.is_some()
    }

    /// All bytes of a block; `None` where it is not there.
    pub(super) async fn bytes_of(&self, key: &BlockKey) -> Option<Result<Vec<u8>, BodyErrorKind>> {
        let block = self.get(key)?;
        let range = ByteRange::whole(block.length_bytes().into());
        Some(collected(block.read(range, &budget())).await)
    }

    /// Waits until nothing waits for the disk.
    pub(super) async fn settle(&self) {
        let shared = self.shared.clone();
        super::shared::blocking(move || shared.upkeep()).await;
    }
}

pub(super) async fn collected(body: Body) -> Result<Vec<u8>, BodyErrorKind> {
    body.collect(usize::MAX).await.map(|bytes| bytes.to_vec()).map_err(|error| error.kind)
}
