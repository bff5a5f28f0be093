//! Why things are as they are, and why they are not otherwise: answers in English and Chinese, composed from
//! the recorded trace, the change log and the scheduler's decisions.
//!
//! [`chain`](chain::chain) follows causes from a write back to the command, manifest line, rule or fault that began it;
//! [`questions`] says what can be asked of an object and answers it. Every sentence comes from one table
//! ([`words`]), which also names the page of the Kubernetes documentation that tells the rule. Nothing here
//! changes anything or keeps anything.

pub mod chain;
mod missing;
mod questions;
mod requests;
pub mod text;
pub mod words;

pub use chain::{Link, Place};
pub use questions::{Answer, event, questions, revision};

use crate::apiserver::ApiServer;
use crate::scheduler::Scheduler;

/// The languages of explanations. What Kubernetes prints is never translated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Language {
    /// English.
    #[default]
    English,
    /// Simplified Chinese.
    Chinese,
}

impl Language {
    /// The language of a tag such as `zh-CN`; English for what is not known.
    pub fn of(tag: &str) -> Language {
        if tag.starts_with("zh") { Language::Chinese } else { Language::English }
    }
}

/// What answers are read from.
#[derive(Clone, Copy)]
pub struct Sources<'a> {
    /// The API server, with the trace and the change log.
    pub api: &'a ApiServer,
    /// The scheduler, with its decisions.
    pub scheduler: &'a Scheduler,
}
