use std::io;

use parking_lot::{Condvar, Mutex};

/// Lets concurrent callers share one sync: a caller is served by the first sync that starts after it asked.
#[derive(Default)]
pub(super) struct GroupSync {
    progress: Mutex<Progress>,
    finished: Condvar,
}

#[derive(Default)]
struct Progress {
    /// How many syncs have begun.
    begun: u64,
    running: bool,
    /// How many callers wait.
    waiting: usize,
    /// The first failure. It stays: what a failed sync left behind, a later one does not tell.
    failed: Option<(io::ErrorKind, Option<i32>)>,
}

impl GroupSync {
    /// Waits until a sync that started after this call has succeeded; runs it where nobody else does. Blocks.
    ///
    /// # Errors
    /// The sync's own, for everyone whom it would have served and for everyone after.
    pub(super) fn sync(&self, run: impl FnOnce() -> io::Result<()>) -> io::Result<()> {
        let mut progress = self.progress.lock();
        let mine = progress.begun + 1;
        while progress.running && progress.begun <= mine {
            progress.waiting += 1;
            self.finished.wait(&mut progress);
            progress.waiting -= 1;
        }
        if let Some(failed) = progress.failed {
            return Err(again(failed));
        }
        if progress.begun >= mine {
            return Ok(());
        }
        progress.begun = mine;
        progress.running = true;
        drop(progress);
        // Whatever becomes of the sync, the others must not wait for ever: a panic counts as a failure.
        let mut outcome = Outcome { group: self, failed: Some((io::ErrorKind::Other, None)) };
        let result = run();
        outcome.failed = result.as_ref().err().map(|error| (error.kind(), error.raw_os_error()));
        result
    }
}

fn again((kind, errno): (io::ErrorKind, Option<i32>)) -> io::Error {
    errno.map_or_else(|| kind.into(), io::Error::from_raw_os_error)
}

struct Outcome<'a> {
    group: &'a GroupSync,
    failed: Option<(io::ErrorKind, Option<i32>)>,
}

impl Drop for Outcome<'_> {
    fn drop(&mut self) {
        let mut progress = self.group.progress.lock();
        progress.running = false;
        progress.failed = progress.failed.or(self.failed);
        self.group.finished.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn callers_that_ask_during_a_sync_share_the_next_one() {
        const CALLERS: usize = 8;
        let group = GroupSync::default();
        let runs = AtomicUsize::new(0);
        let (started, first_runs) = mpsc::channel();
        let (go_on, wait) = mpsc::channel::<()>();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                group.sync(move || {
                    started.send(()).unwrap();
                    wait.recv().unwrap();
                    Ok(())
                })
            });
            first_runs.recv().unwrap();
            let callers: Vec<_> = (0..CALLERS)
                .map(|_| {
                    scope.spawn(|| {
                        group.sync(|| {
                            runs.fetch_add(1, Ordering::SeqCst);
                            Ok(())
                        })
                    })
                })
                .collect();
            while group.progress.lock().waiting < CALLERS {
                std::thread::yield_now();
            }
            assert_eq!(runs.load(Ordering::SeqCst), 0, "the first sync does not serve whom it did not know");
            go_on.send(()).unwrap();
            callers.into_iter().for_each(|caller| caller.join().unwrap().unwrap());
        });
        assert_eq!(runs.load(Ordering::SeqCst), 1);
    }

    #[test]
    fn a_failure_stays() {
        let group = GroupSync::default();
        group.sync(|| Ok(())).unwrap();
        let errno = rustix::io::Errno::IO.raw_os_error();
        group.sync(|| Err(io::Error::from_raw_os_error(errno))).unwrap_err();
        let later = group.sync(|| Ok(())).unwrap_err();
        assert_eq!(later.raw_os_error(), Some(errno));
    }
}
