//! The integration tests: one binary, one module for each subject.

mod golden;
mod properties;
mod shells;
mod texts;
mod tidy;
mod transcripts;
