//! A store that is far away, slow, and not always well.
