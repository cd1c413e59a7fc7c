//! Answers that were given before, to be given again.

use crate::account_region::AccountRegion;
use crate::answer::Reply;
use crate::parameters::Parameters;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// Requests and their answers; `None` if nothing is kept.
#[derive(Debug)]
pub(crate) struct Replay(Option<Mutex<HashMap<Question, Reply>>>);

type Question = (AccountRegion, Vec<(String, String)>);

impl Replay {
    pub(crate) fn new(keep: bool) -> Self {
        Self(keep.then(Mutex::default))
    }

    pub(crate) fn get(&self, location: &AccountRegion, parameters: &Parameters) -> Option<Reply> {
        let kept = self.0.as_ref()?.lock().unwrap_or_else(PoisonError::into_inner);
        kept.get(&(location.clone(), parameters.question())).cloned()
    }

    pub(crate) fn keep(&self, location: &AccountRegion, parameters: &Parameters, reply: &Reply) {
        if let Some(kept) = &self.0 {
            let reply = Reply { page: None, ..reply.clone() };
            let question = (location.clone(), parameters.question());
            kept.lock().unwrap_or_else(PoisonError::into_inner).insert(question, reply);
        }
    }

    pub(crate) fn clear(&self) {
        if let Some(kept) = &self.0 {
            kept.lock().unwrap_or_else(PoisonError::into_inner).clear();
        }
    }
}
