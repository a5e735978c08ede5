//! conditional_writes
