use types::Counter;

/// What the layer has done since the process began.
#[derive(Debug, Default)]
pub struct CryptStats {
    /// Plain bytes sealed.
    pub sealed_bytes: Counter,
    /// Plain bytes opened, as far as readers asked for them.
    pub opened_bytes: Counter,
    /// Objects whose entry stood in the index.
    pub index_hits: Counter,
    /// Objects that had to be looked at because their entry did not.
    pub looks: Counter,
    /// Writes of the index that failed; what they were about is looked at again.
    pub index_failures: Counter,
    /// Copies that wrapped one key again and moved no bytes.
    pub copies_rewrapped: Counter,
    /// Copies whose bytes were opened and sealed again.
    pub copies_resealed: Counter,
    /// Objects found that this layer has not sealed.
    pub foreign: Counter,
    /// Calls that failed because stored bytes are not what was sealed.
    pub corrupt: Counter,
    /// Calls that failed because a key is missing.
    pub keys_missing: Counter,
    /// Epoch keys made.
    pub epochs_made: Counter,
}
