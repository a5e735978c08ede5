//! A world in a box: a disk that remembers every change, so that a power cut can be tried at each of them; faults of the
//! device on demand; time and chance that repeat.
//!
//! Knows: what a file system promises about what is left after a power cut, and the ports that stand on it.
//! Does not know: what the files hold, who uses them.

mod clock;
mod cut;
mod disk;
mod event;
mod fault;
mod gate;
mod meta;
mod random;
mod replay;
mod tree;

pub use clock::SimClock;
pub use cut::{Cut, CutPlan, Fate};
pub use disk::{Hang, SimDisk};
pub use event::{Event, History, NodeId};
pub use fault::{Call, Fault};
pub use meta::SimMeta;
pub use random::SimRandom;
pub use replay::survive;
pub use tree::{Kind, Tree};
