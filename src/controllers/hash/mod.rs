//! The hashes in the names of ReplicaSets and ControllerRevisions, with the real values.
//!
//! A template's hash is FNV-1a over Go's dump of the typed template (`spew`, `%#v`): every field of every
//! struct in order of declaration, with its type, whether set or not. [`dump`] writes that dump from a tree
//! and the table of types; so `nginx:1.14.2` in a Deployment `nginx` gives the name that it has on a real
//! cluster of this version. A StatefulSet's revision is hashed over its JSON.

mod dump;

use crate::api::{Value, json};

/// Upstream `ComputeHash`: the hash of a pod template; `collisions` is `status.collisionCount`.
pub fn template(template: &Value, collisions: i64) -> String {
    let mut hash = Fnv1a(OFFSET);
    dump::template(template, &mut hash);
    if collisions > 0 {
        hash.bytes(&collisions.to_le_bytes());
    }
    safe_encode(&hash.0.to_string())
}

/// Upstream `HashControllerRevision`: the hash of the data of a StatefulSet's revision.
pub fn revision(data: &Value, collisions: i64) -> String {
    let mut hash = OFFSET;
    let text = json::print(data).replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026");
    for byte in text.bytes().chain(collisions.to_string().bytes()) {
        hash = hash.wrapping_mul(PRIME) ^ u32::from(byte);
    }
    safe_encode(&hash.to_string())
}

/// Maps digits to the characters of generated names (apimachinery `rand.SafeEncodeString`).
pub fn safe_encode(text: &str) -> String {
    const ALPHABET: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
    text.bytes().map(|b| ALPHABET[usize::from(b) % ALPHABET.len()] as char).collect()
}

const OFFSET: u32 = 0x811c_9dc5;
const PRIME: u32 = 0x0100_0193;

/// FNV-1a, 32 bits.
struct Fnv1a(u32);

impl Fnv1a {
    fn bytes(&mut self, bytes: &[u8]) {
        for b in bytes {
            self.0 = (self.0 ^ u32::from(*b)).wrapping_mul(PRIME);
        }
    }
}

/// Where a dump goes.
trait Sink {
    fn text(&mut self, text: &str);
}

impl Sink for Fnv1a {
    fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }
}

#[cfg(test)]
mod tests;
