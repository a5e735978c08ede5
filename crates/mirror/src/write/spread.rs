use store::{Missing, PutOutcome, StoreError};
use types::Context;

use super::Turn;

impl Turn {
    /// Brings the key's current object to as many targets as the policy asks for, and answers for it as its write would have.
    ///
    /// # Errors
    /// `Unavailable` where too few targets have it and can get it.
    pub(crate) async fn spread(
        &mut self,
        cx: &Context,
        operation: &'static str,
    ) -> Result<PutOutcome, StoreError> {
        if self.holders() < self.core.needed() {
            for place in self.core.writable(&self.record) {
                if self.holders() >= self.core.needed() {
                    break;
                }
                if self.state.owes(self.core.targets[place].number) {
                    // One that fails goes on owing; the count decides.
                    let _ = self.bring_up(place).await;
                }
            }
        }
        let missing = || StoreError::missing(Missing::Key, operation);
        let version = self.state.version().ok_or_else(missing)?;
        let has = |place: usize| version.held_at(self.core.targets[place].number).is_some();
        self.core.note(cx, has);
        if self.holders() < self.core.needed() {
            return Err(self.core.unmet(operation));
        }
        let facts = version.facts().ok_or_else(missing)?;
        Ok(PutOutcome {
            etag: facts.etag.clone(),
            version_id: version.shown_id(self.record.versioning),
            checksum: facts.checksum,
            size_bytes: facts.size_bytes,
            modified_at: version.modified_at,
        })
    }

    /// How many targets have the current version.
    fn holders(&self) -> usize {
        let Some(version) = self.state.version() else { return 0 };
        self.core.targets.iter().filter(|target| version.held_at(target.number).is_some()).count()
    }
}
