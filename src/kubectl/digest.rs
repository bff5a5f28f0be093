//! SHA-256, and the suffix that generated ConfigMaps and Secrets get from it.

use crate::api::{Value, json};

const START: [u32; 8] =
    [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19];

/// The first 64 primes, from whose cube roots the constants of the rounds come.
fn primes() -> impl Iterator<Item = u32> {
    (2u32..312).filter(|n| (2..*n).take_while(|d| d * d <= *n).all(|d| n % d != 0))
}

/// The first 32 bits of the fraction of a cube root.
fn cube_root_bits(n: u32) -> u32 {
    let cube = u128::from(n) << 96;
    let (mut low, mut high) = (0u128, 8u128 << 32);
    while high - low > 1 {
        let middle = (low + high) / 2;
        if middle * middle * middle <= cube { low = middle } else { high = middle }
    }
    (low & 0xffff_ffff) as u32
}

/// The SHA-256 sum of bytes.
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    let rounds: Vec<u32> = primes().take(64).map(cube_root_bits).collect();
    let mut text = bytes.to_vec();
    text.push(0x80);
    while text.len() % 64 != 56 {
        text.push(0);
    }
    text.extend_from_slice(&(bytes.len() as u64 * 8).to_be_bytes());
    let mut sum = START;
    for block in text.chunks_exact(64) {
        mix(&mut sum, block, &rounds);
    }
    let mut out = [0; 32];
    for (to, word) in out.chunks_exact_mut(4).zip(sum) {
        to.copy_from_slice(&word.to_be_bytes());
    }
    out
}

fn mix(sum: &mut [u32; 8], block: &[u8], rounds: &[u32]) {
    let mut w = [0u32; 64];
    for (to, b) in w.iter_mut().zip(block.chunks_exact(4)) {
        *to = u32::from_be_bytes([b[0], b[1], b[2], b[3]]);
    }
    for i in 16..64 {
        let (a, b) = (w[i - 15], w[i - 2]);
        let s0 = a.rotate_right(7) ^ a.rotate_right(18) ^ (a >> 3);
        let s1 = b.rotate_right(17) ^ b.rotate_right(19) ^ (b >> 10);
        w[i] = w[i - 16].wrapping_add(s0).wrapping_add(w[i - 7]).wrapping_add(s1);
    }
    let [mut a, mut b, mut c, mut d, mut e, mut f, mut g, mut h] = *sum;
    for (k, w) in rounds.iter().zip(w) {
        let s1 = e.rotate_right(6) ^ e.rotate_right(11) ^ e.rotate_right(25);
        let choice = (e & f) ^ (!e & g);
        let t1 = h.wrapping_add(s1).wrapping_add(choice).wrapping_add(*k).wrapping_add(w);
        let s0 = a.rotate_right(2) ^ a.rotate_right(13) ^ a.rotate_right(22);
        let t2 = s0.wrapping_add((a & b) ^ (a & c) ^ (b & c));
        (h, g, f, e, d, c, b, a) = (g, f, e, d.wrapping_add(t1), c, b, a, t1.wrapping_add(t2));
    }
    for (to, v) in sum.iter_mut().zip([a, b, c, d, e, f, g, h]) {
        *to = to.wrapping_add(v);
    }
}

/// The suffix for the name of a ConfigMap or Secret: ten characters that depend on name and contents. Digits
/// and letters that could make words are replaced.
pub fn name_suffix(object: &Value) -> String {
    let kind = object["kind"].str();
    let mut what = crate::map! {
        "kind" => kind, "name" => object.at("metadata.name"),
        "data" => if object["data"].is_null() { Value::from("") } else { object["data"].clone() },
    };
    if kind == "Secret" {
        what.set("type", object["type"].str());
    }
    for field in ["binaryData", "stringData"] {
        if object[field].is_some() {
            what.set(field, object[field].clone());
        }
    }
    let sum = sha256(json::print(&what).as_bytes());
    let hex: String = sum.iter().take(5).map(|b| format!("{b:02x}")).collect();
    hex.chars()
        .map(|c| match c {
            '0' => 'g',
            '1' => 'h',
            '3' => 'k',
            'a' => 'm',
            'e' => 't',
            other => other,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_those_of_the_standard() {
        let hex = |b: &[u8]| sha256(b).iter().map(|b| format!("{b:02x}")).collect::<String>();
        assert_eq!(hex(b"abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(hex(b""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        assert_eq!(
            hex(b"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        );
    }

    #[test]
    fn a_config_map_gets_the_suffix_that_upstream_tests_for_it() {
        let map = crate::map! {
            "kind" => "ConfigMap", "metadata" => crate::map! { "name" => "" },
            "data" => crate::map! { "one" => "" },
        };
        assert_eq!(name_suffix(&map), "9g67k2htb6");
    }
}
