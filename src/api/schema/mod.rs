//! What fields the kinds have.

use crate::api::Text;

/// A key as shared text, without allocation where it is a known field's name.
pub fn key(name: &str) -> Text {
    Text::from(name)
}
