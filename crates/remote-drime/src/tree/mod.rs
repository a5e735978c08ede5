//! From keys to folders and files.

mod ensure;
mod heal;
mod lookup;
mod paths;
mod prune;
mod resolve;
mod walk;

pub(crate) use ensure::Room;
pub(crate) use lookup::{Found, split};
pub(crate) use paths::Paths;
pub(crate) use prune::MADE;
pub(crate) use walk::{From, Stop, Walk};
