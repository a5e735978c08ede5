use std::io::{self, Write};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use parking_lot::{Condvar, Mutex};
use types::Counter;

/// The most bytes of lines that wait for the writer; lines beyond are counted and dropped, never waited for.
const QUEUE_MAX_BYTES: usize = 4 * 1024 * 1024;
/// How long the writer lets lines gather: one large write costs as much as one small one.
const GATHER_TIME: Duration = Duration::from_millis(5);

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LogFormat {
    /// One line of words for people.
    #[default]
    Text,
    /// One JSON object per line.
    Json,
}

/// Takes whole lines and writes them from a thread of its own. Cloning shares it.
#[derive(Clone)]
pub struct LogSink(Arc<Shared>);

struct Shared {
    queue: Mutex<Queue>,
    filled: Condvar,
    written: Condvar,
    dropped: Counter,
}

#[derive(Default)]
struct Queue {
    lines: Vec<u8>,
    writing: bool,
    closed: bool,
}

/// The thread behind a [`LogSink`]; dropping it writes what waits and ends the thread.
pub struct LogWriter {
    sink: LogSink,
    thread: Option<JoinHandle<()>>,
}

impl LogWriter {
    /// Starts writing to `target`.
    ///
    /// # Errors
    /// The operating system's, where no thread can be started.
    pub fn start(target: impl Write + Send + 'static) -> io::Result<Self> {
        let sink = LogSink(Arc::new(Shared {
            queue: Mutex::default(),
            filled: Condvar::new(),
            written: Condvar::new(),
            dropped: Counter::default(),
        }));
        let shared = sink.0.clone();
        let thread =
            std::thread::Builder::new().name("log".into()).spawn(move || write_on(&shared, target))?;
        Ok(Self { sink, thread: Some(thread) })
    }

    /// Where lines go in.
    #[must_use]
    pub fn sink(&self) -> LogSink {
        self.sink.clone()
    }
}

impl Drop for LogWriter {
    fn drop(&mut self) {
        self.sink.0.queue.lock().closed = true;
        self.sink.0.filled.notify_one();
        if let Some(thread) = self.thread.take() {
            // A writer that panicked has already said so.
            let _ = thread.join();
        }
    }
}

impl LogSink {
    /// Takes lines, each with its line feed. Never blocks; lines that do not fit are counted.
    pub fn write(&self, lines: &[u8]) {
        let mut queue = self.0.queue.lock();
        if queue.lines.len() + lines.len() > QUEUE_MAX_BYTES {
            drop(queue);
            self.0.dropped.add(1);
            return;
        }
        let was_empty = queue.lines.is_empty();
        queue.lines.extend_from_slice(lines);
        drop(queue);
        if was_empty {
            self.0.filled.notify_one();
        }
    }

    /// How many lines were dropped because the target is too slow.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.0.dropped.get()
    }

    /// Waits until all lines taken so far are written.
    pub fn flush(&self) {
        let mut queue = self.0.queue.lock();
        while !queue.closed && (queue.writing || !queue.lines.is_empty()) {
            self.0.written.wait(&mut queue);
        }
    }
}

/// One event of `tracing` is one write of a whole line.
impl Write for LogSink {
    fn write(&mut self, lines: &[u8]) -> io::Result<usize> {
        LogSink::write(self, lines);
        Ok(lines.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn write_on(shared: &Shared, mut target: impl Write) {
    let mut taken = Vec::new();
    loop {
        let mut queue = shared.queue.lock();
        queue.writing = false;
        shared.written.notify_all();
        while queue.lines.is_empty() && !queue.closed {
            shared.filled.wait(&mut queue);
        }
        if queue.lines.is_empty() {
            return;
        }
        if !queue.closed {
            parking_lot::MutexGuard::unlocked(&mut queue, || std::thread::sleep(GATHER_TIME));
        }
        queue.writing = true;
        std::mem::swap(&mut queue.lines, &mut taken);
        drop(queue);
        // There is nowhere left to tell that the log cannot be written.
        let _ = target.write_all(&taken).and_then(|()| target.flush());
        taken.clear();
        taken.shrink_to(QUEUE_MAX_BYTES / 16);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Default)]
    struct Target(Arc<Mutex<Vec<u8>>>);

    impl Write for Target {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn lines_arrive_in_order_and_all_before_the_end() {
        let target = Target::default();
        let writer = LogWriter::start(target.clone()).unwrap();
        let sink = writer.sink();
        sink.write(b"one\n");
        sink.flush();
        assert_eq!(&target.0.lock()[..], b"one\n");
        sink.write(b"two\n");
        drop(writer);
        assert_eq!(&target.0.lock()[..], b"one\ntwo\n");
    }

    #[test]
    fn what_does_not_fit_is_counted() {
        let target = Target::default();
        let held = target.0.lock();
        let writer = LogWriter::start(target.clone()).unwrap();
        let sink = writer.sink();
        let line = vec![b'x'; QUEUE_MAX_BYTES];
        for _ in 0..3 {
            sink.write(&line);
        }
        assert!(sink.dropped() >= 1);
        drop(held);
        drop(writer);
        assert_eq!(target.0.lock().len() as u64, (3 - sink.dropped()) * QUEUE_MAX_BYTES as u64);
    }
}
