//! What the page sees: tables, deltas and explanations as plain serialisable types.
