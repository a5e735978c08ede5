/// One step of a workload.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    CreateBucket,
    EnableVersioning,
    /// Puts bytes that depend on the step's number.
    Put {
        key: &'static str,
        size: usize,
    },
    Copy {
        from: &'static str,
        to: &'static str,
    },
    Delete {
        key: &'static str,
    },
    /// Removes the oldest version of a key for good.
    DeleteOldest {
        key: &'static str,
    },
    CreateUpload {
        slot: usize,
        key: &'static str,
    },
    Part {
        slot: usize,
        part: u32,
        size: usize,
    },
    CopyPart {
        slot: usize,
        part: u32,
        from: &'static str,
    },
    Complete {
        slot: usize,
        parts: &'static [u32],
    },
    Abort {
        slot: usize,
    },
    /// Runs the collector until it has nothing to do.
    Collect,
    /// Ends the process and starts another.
    Restart,
}

/// Small objects beside records and large ones as blobs: put, overwritten, copied, deleted, uploaded in parts.
pub(crate) const UNVERSIONED: &[Step] = &[
    Step::CreateBucket,
    Step::Put { key: "small", size: 100 },
    Step::Put { key: "large", size: 70_000 },
    Step::Put { key: "empty", size: 0 },
    Step::Copy { from: "large", to: "large-copy" },
    Step::Copy { from: "small", to: "small-copy" },
    Step::Put { key: "large", size: 3000 },
    Step::Collect,
    Step::Put { key: "small", size: 5000 },
    Step::Delete { key: "large-copy" },
    Step::CreateUpload { slot: 0, key: "parts" },
    Step::Part { slot: 0, part: 2, size: 6000 },
    Step::Part { slot: 0, part: 1, size: 8000 },
    Step::Part { slot: 0, part: 3, size: 10 },
    Step::Restart,
    Step::Part { slot: 0, part: 2, size: 7000 },
    Step::Collect,
    Step::Complete { slot: 0, parts: &[1, 2] },
    Step::Collect,
    Step::CreateUpload { slot: 1, key: "parts" },
    Step::CopyPart { slot: 1, part: 1, from: "large" },
    Step::Part { slot: 1, part: 2, size: 4000 },
    Step::Delete { key: "large" },
    Step::Collect,
    Step::Complete { slot: 1, parts: &[1, 2] },
    Step::CreateUpload { slot: 2, key: "never" },
    Step::Part { slot: 2, part: 1, size: 9000 },
    Step::Abort { slot: 2 },
    Step::Collect,
    Step::CreateUpload { slot: 3, key: "open" },
    Step::Part { slot: 3, part: 7, size: 2500 },
    Step::Restart,
    Step::Copy { from: "parts", to: "parts-copy" },
    Step::Delete { key: "parts" },
    Step::Delete { key: "not there" },
    Step::Collect,
];

/// Versions, delete markers and their removal.
pub(crate) const VERSIONED: &[Step] = &[
    Step::CreateBucket,
    Step::Put { key: "a", size: 4000 },
    Step::EnableVersioning,
    Step::Put { key: "a", size: 5000 },
    Step::Put { key: "a", size: 20 },
    Step::Delete { key: "a" },
    Step::Put { key: "b", size: 3000 },
    Step::Copy { from: "b", to: "a" },
    Step::Restart,
    Step::DeleteOldest { key: "a" },
    Step::Collect,
    Step::Delete { key: "b" },
    Step::DeleteOldest { key: "b" },
    Step::DeleteOldest { key: "a" },
    Step::Collect,
    Step::Put { key: "b", size: 2001 },
    Step::DeleteOldest { key: "b" },
];
