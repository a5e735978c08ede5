use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Descriptors beside those of connections: files of blobs, the metadata engine, listeners.
const OTHER_DESCRIPTORS: u64 = 512;

/// Raises the soft limit on open files to the hard one, and says so where it is still too low for `max_connections`.
pub(crate) fn raise_limit(max_connections: usize) {
    let limit = getrlimit(Resource::Nofile);
    if limit.current != limit.maximum {
        let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
        if let Err(error) = setrlimit(Resource::Nofile, raised) {
            tracing::warn!(%error, "cannot raise the limit on open files");
        }
    }
    let needed = max_connections as u64 + OTHER_DESCRIPTORS;
    if let Some(current) = getrlimit(Resource::Nofile).current.filter(|current| *current < needed) {
        tracing::warn!(
            limit = current,
            needed,
            "the limit on open files (ulimit -n) is too low for max_connections; raise it or lower max_connections"
        );
    }
}
