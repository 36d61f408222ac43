//! What the last call changed, for whoever asks at once.

use smallvec::SmallVec;

use crate::RowChange;

/// Changes of rows that the last call made. A fork starts without them.
#[derive(Debug, Default)]
pub(crate) struct News(SmallVec<[RowChange; 1]>);

impl Clone for News {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl News {
    /// Adds a change.
    pub(crate) fn push(&mut self, change: RowChange) {
        self.0.push(change);
    }

    /// Forgets what an earlier call did.
    pub(crate) fn clear(&mut self) {
        if !self.0.is_empty() {
            self.0.clear();
        }
    }

    /// The changes in order.
    pub(crate) fn into_vec(self) -> Vec<RowChange> {
        self.0.into_vec()
    }
}
