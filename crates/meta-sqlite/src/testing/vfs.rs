#![allow(unsafe_code, reason = "SQLite's virtual file system is a table of C functions")]

use std::ffi::{CStr, c_char, c_int, c_void};
use std::path::{Path, PathBuf};
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};
use std::sync::{Arc, Once};

use parking_lot::Mutex;
use rusqlite::ffi::{
    self, SQLITE_OK, SQLITE_OPEN_MAIN_DB, SQLITE_OPEN_MAIN_JOURNAL, SQLITE_OPEN_WAL, sqlite3_file,
    sqlite3_io_methods, sqlite3_vfs,
};

use super::device::{Device, Request, Role};

/// The name under which SQLite knows this file system.
pub(super) const NAME: &str = "device";
const C_NAME: &CStr = c"device";

type SharedDevice = Arc<Mutex<dyn Device>>;

static DEVICES: Mutex<Vec<(PathBuf, SharedDevice)>> = Mutex::new(Vec::new());
/// SQLite's own file system, which lives as long as the process.
static ORIGINAL: AtomicPtr<sqlite3_vfs> = AtomicPtr::new(ptr::null_mut());

/// Lets the files of the database at `path` go through `device` from their next opening on.
pub(super) fn attach(path: &Path, device: SharedDevice) {
    static REGISTER: Once = Once::new();
    REGISTER.call_once(register);
    let mut devices = DEVICES.lock();
    devices.retain(|(known, _)| known != path);
    devices.push((path.to_owned(), device));
}

fn register() {
    // SAFETY: asking for the default file system with a null name is always allowed; SQLite keeps it for ever. The copy
    // that is registered is leaked, so it lives for ever too, and differs only in functions of the same signatures.
    unsafe {
        let original = ffi::sqlite3_vfs_find(ptr::null());
        assert!(!original.is_null(), "SQLite has a default file system");
        ORIGINAL.store(original, Ordering::Release);
        let mut vfs = *original;
        vfs.szOsFile += HEADER_BYTES as c_int;
        vfs.pNext = ptr::null_mut();
        vfs.zName = C_NAME.as_ptr();
        vfs.xOpen = Some(open);
        vfs.xDelete = Some(delete);
        let code = ffi::sqlite3_vfs_register(Box::leak(Box::new(vfs)), 0);
        assert_eq!(code, SQLITE_OK);
    }
}

/// A file of ours: this head, and right behind it the file of the original file system.
#[repr(C)]
struct OpenFile {
    base: sqlite3_file,
    /// Made by `Box::into_raw` on opening, taken back on closing; null for files that are only passed through.
    observed: *mut Observed,
}

struct Observed {
    device: SharedDevice,
    role: Role,
}

const HEADER_BYTES: usize = size_of::<OpenFile>();

impl Observed {
    /// SAFETY: `name` is null or a string of C.
    unsafe fn of(name: *const c_char) -> Option<Self> {
        if name.is_null() {
            return None;
        }
        // SAFETY: by the caller's promise.
        let name = unsafe { CStr::from_ptr(name) }.to_str().ok()?;
        let (path, role) = match (name.strip_suffix("-wal"), name.strip_suffix("-journal")) {
            (Some(path), _) => (path, Role::Log),
            (_, Some(path)) => (path, Role::Journal),
            _ => (name, Role::Database),
        };
        let devices = DEVICES.lock();
        let device = devices.iter().find(|(known, _)| known == Path::new(path))?.1.clone();
        Some(Self { device, role })
    }

    fn handle(&self, request: Request<'_>, forward: &mut dyn FnMut() -> c_int) -> c_int {
        self.device.lock().handle(self.role, request, forward)
    }
}

/// The original's file behind ours. SAFETY: `file` was handed to us by SQLite with the size that we registered.
unsafe fn inner(file: *mut sqlite3_file) -> *mut sqlite3_file {
    // SAFETY: the allocation is HEADER_BYTES larger than the original's file, and aligned for pointers.
    unsafe { file.cast::<u8>().add(HEADER_BYTES).cast() }
}

/// Passes a call on to the original's file.
macro_rules! forward {
    ($file:expr, $method:ident $(, $argument:expr)*) => {{
        // SAFETY: SQLite calls methods only on files that were opened, and those have the methods of the original.
        unsafe {
            let inner = inner($file);
            ((*(*inner).pMethods).$method.expect("the original has every method"))(inner $(, $argument)*)
        }
    }};
}

/// Shows a request to the file's device, if it has one.
fn observe(file: *mut sqlite3_file, request: Request<'_>, mut forward: impl FnMut() -> c_int) -> c_int {
    // SAFETY: the file was opened by `open`, which set the field to null or to a box that lives until `close`.
    let observed = unsafe { (*file.cast::<OpenFile>()).observed.as_ref() };
    match observed {
        Some(observed) => observed.handle(request, &mut forward),
        None => forward(),
    }
}

unsafe extern "C" fn open(
    _vfs: *mut sqlite3_vfs,
    name: *const c_char,
    file: *mut sqlite3_file,
    flags: c_int,
    out_flags: *mut c_int,
) -> c_int {
    const OBSERVED: c_int = SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL;
    let original = ORIGINAL.load(Ordering::Acquire);
    // SAFETY: SQLite hands us a name that is null or a string, and room for a file of the registered size; the original
    // gets its own part of it and the arguments unchanged.
    unsafe {
        let observed = if flags & OBSERVED == 0 { None } else { Observed::of(name) };
        let is_new =
            !name.is_null() && CStr::from_ptr(name).to_str().is_ok_and(|name| !Path::new(name).exists());
        let inner = inner(file);
        (*file).pMethods = ptr::null();
        (*inner).pMethods = ptr::null();
        let mut forward =
            || ((*original).xOpen.expect("every file system opens"))(original, name, inner, flags, out_flags);
        let code = match observed.as_ref().filter(|_| is_new) {
            Some(observed) => observed.handle(Request::Create, &mut forward),
            None => forward(),
        };
        if code == SQLITE_OK {
            let observed = observed.map_or(ptr::null_mut(), |observed| Box::into_raw(Box::new(observed)));
            file.cast::<OpenFile>().write(OpenFile { base: sqlite3_file { pMethods: &METHODS }, observed });
        }
        code
    }
}

unsafe extern "C" fn delete(_vfs: *mut sqlite3_vfs, name: *const c_char, sync_directory: c_int) -> c_int {
    let original = ORIGINAL.load(Ordering::Acquire);
    // SAFETY: SQLite hands us a string; the original gets it unchanged.
    unsafe {
        let mut forward =
            || ((*original).xDelete.expect("every file system deletes"))(original, name, sync_directory);
        match Observed::of(name) {
            Some(observed) => {
                observed.handle(Request::Delete { is_durable: sync_directory != 0 }, &mut forward)
            }
            None => forward(),
        }
    }
}

unsafe extern "C" fn close(file: *mut sqlite3_file) -> c_int {
    let code = forward!(file, xClose);
    // SAFETY: `open` made the box; SQLite closes a file once.
    unsafe {
        let observed = std::mem::replace(&mut (*file.cast::<OpenFile>()).observed, ptr::null_mut());
        if !observed.is_null() {
            drop(Box::from_raw(observed));
        }
    }
    code
}

unsafe extern "C" fn write(file: *mut sqlite3_file, data: *const c_void, size: c_int, offset: i64) -> c_int {
    // SAFETY: SQLite hands us `size` bytes at `data`.
    let bytes = unsafe { std::slice::from_raw_parts(data.cast::<u8>(), size as usize) };
    observe(file, Request::Write { offset: offset as u64, data: bytes }, || {
        forward!(file, xWrite, data, size, offset)
    })
}

unsafe extern "C" fn truncate(file: *mut sqlite3_file, size: i64) -> c_int {
    observe(file, Request::Truncate { size_bytes: size as u64 }, || forward!(file, xTruncate, size))
}

unsafe extern "C" fn sync(file: *mut sqlite3_file, flags: c_int) -> c_int {
    observe(file, Request::Sync, || forward!(file, xSync, flags))
}

/// Functions that only pass on.
macro_rules! passed_on {
    ($($name:ident $method:ident ($($argument:ident: $kind:ty),*) -> $result:ty;)*) => {
        $(unsafe extern "C" fn $name(file: *mut sqlite3_file $(, $argument: $kind)*) -> $result {
            forward!(file, $method $(, $argument)*)
        })*
    };
}

passed_on! {
    read xRead (data: *mut c_void, size: c_int, offset: i64) -> c_int;
    file_size xFileSize (size: *mut i64) -> c_int;
    lock xLock (level: c_int) -> c_int;
    unlock xUnlock (level: c_int) -> c_int;
    check_reserved_lock xCheckReservedLock (out: *mut c_int) -> c_int;
    file_control xFileControl (operation: c_int, argument: *mut c_void) -> c_int;
    sector_size xSectorSize () -> c_int;
    device_characteristics xDeviceCharacteristics () -> c_int;
    shm_map xShmMap (page: c_int, size: c_int, extend: c_int, out: *mut *mut c_void) -> c_int;
    shm_lock xShmLock (offset: c_int, count: c_int, flags: c_int) -> c_int;
    shm_barrier xShmBarrier () -> ();
    shm_unmap xShmUnmap (delete: c_int) -> c_int;
    fetch xFetch (offset: i64, size: c_int, out: *mut *mut c_void) -> c_int;
    unfetch xUnfetch (offset: i64, page: *mut c_void) -> c_int;
}

static METHODS: sqlite3_io_methods = sqlite3_io_methods {
    iVersion: 3,
    xClose: Some(close),
    xRead: Some(read),
    xWrite: Some(write),
    xTruncate: Some(truncate),
    xSync: Some(sync),
    xFileSize: Some(file_size),
    xLock: Some(lock),
    xUnlock: Some(unlock),
    xCheckReservedLock: Some(check_reserved_lock),
    xFileControl: Some(file_control),
    xSectorSize: Some(sector_size),
    xDeviceCharacteristics: Some(device_characteristics),
    xShmMap: Some(shm_map),
    xShmLock: Some(shm_lock),
    xShmBarrier: Some(shm_barrier),
    xShmUnmap: Some(shm_unmap),
    xFetch: Some(fetch),
    xUnfetch: Some(unfetch),
};
