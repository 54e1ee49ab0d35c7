//! The requests that did not get what they asked for, counted by why.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::answer::Wrong;

/// A count for each reason, shared by all clients of a load.
#[derive(Clone, Default)]
pub struct Wrongs(Arc<Mutex<BTreeMap<Wrong, u64>>>);

impl Wrongs {
    pub fn add(&self, wrong: Wrong) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(wrong).or_default() += 1;
    }

    pub fn count(&self) -> u64 {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).values().sum()
    }

    /// Those that were counted; from now on it counts from 0 again.
    pub fn take(&self) -> Wrongs {
        let counts = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        Wrongs(Arc::new(Mutex::new(counts)))
    }

    /// A sentence for each reason.
    pub fn sentences(&self) -> Vec<String> {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counts.iter().map(|(wrong, count)| format!("{count} requests {}", wrong.sentence())).collect()
    }
}
