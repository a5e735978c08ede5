use std::net::{Ipv4Addr, SocketAddr};

/// What the service does with a `folderId` that it does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnknownFolder {
    /// 404.
    NotFound,
    /// A listing of nothing.
    Empty,
    /// The listing of the root.
    Root,
}

/// How the stand-in answers where the drive's page leaves it open, and how large its limits are.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where the API listens; port 0 for a free one.
    pub listen: SocketAddr,
    /// The token that every call must bear.
    pub token: String,
    /// The workspace that every call must name; 0 is the personal one, which none needs to.
    pub workspace: u64,
    /// The most entries in a page of a listing, whatever is asked for.
    pub page_max: usize,
    /// How many pages of a folder show it as it was, after a rename or a move.
    pub late_pages: u32,
    /// How many pages of a folder show it as it was, after an upload, a new folder or a delete.
    pub late_writes: u32,
    /// How many calls a minute the service takes.
    pub calls_per_minute: u32,
    /// The smallest part but the last, in bytes.
    pub part_min_bytes: u64,
    /// The largest file of `POST /uploads`, in bytes.
    pub small_max_bytes: usize,
    /// What an unknown folder answers.
    pub unknown_folder: UnknownFolder,
    /// Whether a second `complete` of one upload succeeds.
    pub complete_twice: bool,
    /// Whether the drive copies entries itself.
    pub duplicates: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            token: "drime-stub-token".to_owned(),
            workspace: 0,
            page_max: 50,
            late_pages: 0,
            late_writes: 0,
            calls_per_minute: 2_000,
            part_min_bytes: 5 * 1024 * 1024,
            small_max_bytes: 5 * 1024 * 1024,
            unknown_folder: UnknownFolder::NotFound,
            complete_twice: false,
            duplicates: true,
        }
    }
}
