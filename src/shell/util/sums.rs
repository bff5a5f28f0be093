//! `md5sum`, `sha1sum`, `sha256sum`, `sha384sum`, `sha512sum`, `cksum`, `sum`, `crc32`.

use super::ctx::Ctx;
use super::{files, opts};

/// Pads a message as MD5 and SHA do.
fn padded(data: &[u8], big_endian: bool) -> Vec<u8> {
    let bits = (data.len() as u64).wrapping_mul(8);
    let mut all = data.to_vec();
    all.push(0x80);
    while all.len() % 64 != 56 {
        all.push(0);
    }
    all.extend_from_slice(&if big_endian { bits.to_be_bytes() } else { bits.to_le_bytes() });
    all
}

fn hex(words: &[u32], big_endian: bool) -> String {
    let bytes = words.iter().flat_map(|w| if big_endian { w.to_be_bytes() } else { w.to_le_bytes() });
    bytes.map(|b| format!("{b:02x}")).collect()
}

/// The first 32 bits of the fractional part of a root.
fn fraction(root: f64) -> u32 {
    ((root - root.floor()) * 4_294_967_296.0) as u32
}

fn primes(n: usize) -> Vec<u32> {
    (2_u32..).filter(|p| (2..*p).take_while(|d| d * d <= *p).all(|d| p % d != 0)).take(n).collect()
}

fn sha256(data: &[u8]) -> String {
    let primes = primes(64);
    let k: Vec<u32> = primes.iter().map(|p| fraction(f64::from(*p).cbrt())).collect();
    let mut h: Vec<u32> = primes[..8].iter().map(|p| fraction(f64::from(*p).sqrt())).collect();
    for block in padded(data, true).chunks(64) {
        let mut w: Vec<u32> =
            block.chunks(4).map(|c| c.iter().fold(0, |n, b| n << 8 | u32::from(*b))).collect();
        for i in 16..64 {
            let (a, b) = (w[i - 15], w[i - 2]);
            let s0 = a.rotate_right(7) ^ a.rotate_right(18) ^ (a >> 3);
            let s1 = b.rotate_right(17) ^ b.rotate_right(19) ^ (b >> 10);
            w.push(w[i - 16].wrapping_add(s0).wrapping_add(w[i - 7]).wrapping_add(s1));
        }
        let mut v = h.clone();
        for i in 0..64 {
            let s1 = v[4].rotate_right(6) ^ v[4].rotate_right(11) ^ v[4].rotate_right(25);
            let choice = (v[4] & v[5]) ^ (!v[4] & v[6]);
            let t1 = v[7].wrapping_add(s1).wrapping_add(choice).wrapping_add(k[i]).wrapping_add(w[i]);
            let s0 = v[0].rotate_right(2) ^ v[0].rotate_right(13) ^ v[0].rotate_right(22);
            let majority = (v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]);
            v.rotate_right(1);
            v[4] = v[4].wrapping_add(t1);
            v[0] = t1.wrapping_add(s0).wrapping_add(majority);
        }
        for (a, b) in h.iter_mut().zip(v) {
            *a = a.wrapping_add(b);
        }
    }
    hex(&h, true)
}

fn md5(data: &[u8]) -> String {
    const SHIFTS: [[u32; 4]; 4] = [[7, 12, 17, 22], [5, 9, 14, 20], [4, 11, 16, 23], [6, 10, 15, 21]];
    let k: Vec<u32> = (1..=64).map(|i| (f64::from(i).sin().abs() * 4_294_967_296.0) as u32).collect();
    let mut h: [u32; 4] = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476];
    for block in padded(data, false).chunks(64) {
        let w: Vec<u32> =
            block.chunks(4).map(|c| c.iter().rev().fold(0, |n, b| n << 8 | u32::from(*b))).collect();
        let [mut a, mut b, mut c, mut d] = h;
        for i in 0..64 {
            let (f, g) = match i / 16 {
                0 => ((b & c) | (!b & d), i),
                1 => ((d & b) | (!d & c), (5 * i + 1) % 16),
                2 => (b ^ c ^ d, (3 * i + 5) % 16),
                _ => (c ^ (b | !d), (7 * i) % 16),
            };
            let sum = a.wrapping_add(f).wrapping_add(k[i]).wrapping_add(w[g]);
            (a, d, c) = (d, c, b);
            b = b.wrapping_add(sum.rotate_left(SHIFTS[i / 16][i % 4]));
        }
        for (x, y) in h.iter_mut().zip([a, b, c, d]) {
            *x = x.wrapping_add(y);
        }
    }
    hex(&h, false)
}

fn sha1(data: &[u8]) -> String {
    let mut h: [u32; 5] = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0xc3d2_e1f0];
    for block in padded(data, true).chunks(64) {
        let mut w: Vec<u32> =
            block.chunks(4).map(|c| c.iter().fold(0, |n, b| n << 8 | u32::from(*b))).collect();
        for i in 16..80 {
            w.push((w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16]).rotate_left(1));
        }
        let [mut a, mut b, mut c, mut d, mut e] = h;
        for (i, word) in w.iter().enumerate() {
            let (f, k) = match i / 20 {
                0 => ((b & c) | (!b & d), 0x5a82_7999),
                1 => (b ^ c ^ d, 0x6ed9_eba1),
                2 => ((b & c) | (b & d) | (c & d), 0x8f1b_bcdc),
                _ => (b ^ c ^ d, 0xca62_c1d6_u32),
            };
            let t = a.rotate_left(5).wrapping_add(f).wrapping_add(e).wrapping_add(k).wrapping_add(*word);
            (e, d, c, b, a) = (d, c, b.rotate_left(30), a, t);
        }
        for (x, y) in h.iter_mut().zip([a, b, c, d, e]) {
            *x = x.wrapping_add(y);
        }
    }
    hex(&h, true)
}

/// A file's bytes or all of standard input; `Err`: the status, after the error was told.
fn content(ctx: &mut Ctx, name: &str) -> Result<Vec<u8>, i32> {
    if name == "-" {
        return ctx.input().map(|b| b.to_vec()).ok_or(0);
    }
    ctx.read_file(name).map_err(|error| {
        let text = if ctx.busybox() {
            format!("can't open '{name}': {}", error.text())
        } else {
            format!("{name}: {}", error.text())
        };
        ctx.fail(&text);
        1
    })
}

/// The remainder of POSIX's `cksum`, or of the usual CRC-32 (reflected).
fn crc(data: &[u8], reflected: bool) -> u32 {
    let mut crc = if reflected { u32::MAX } else { 0 };
    let mut add = |byte: u8| {
        crc ^= if reflected { u32::from(byte) } else { u32::from(byte) << 24 };
        for _ in 0..8 {
            crc = match (reflected, crc & 1, crc >> 31) {
                (true, 1, _) => crc >> 1 ^ 0xedb8_8320,
                (true, ..) => crc >> 1,
                (false, _, 1) => crc << 1 ^ 0x04c1_1db7,
                (false, ..) => crc << 1,
            };
        }
    };
    data.iter().for_each(|b| add(*b));
    if !reflected {
        let mut length = data.len();
        while length > 0 {
            add((length & 0xff) as u8);
            length >>= 8;
        }
    }
    !crc
}

/// `cksum`, `sum` (BSD's), `crc32`.
pub fn crcs(ctx: &mut Ctx) -> i32 {
    let tool = files::base(&ctx.args[0]).to_owned();
    let o = match opts::parse(ctx, "rs") {
        Ok(o) => o,
        Err(status) => return status,
    };
    if o.has('s') {
        return ctx.not_simulated("-s");
    }
    let names = if o.rest.is_empty() { vec!["-".into()] } else { o.rest.clone() };
    let mut status = 0;
    for name in &names {
        let data = match content(ctx, name) {
            Ok(data) => data,
            Err(0) => return 0,
            Err(_) => {
                status = 1;
                continue;
            }
        };
        let shown = if o.rest.is_empty() { String::new() } else { format!(" {name}") };
        let line = match tool.as_str() {
            "cksum" => format!("{} {}{shown}", crc(&data, false), data.len()),
            "crc32" => format!(
                "{:08x}{}",
                crc(&data, true),
                if names.len() > 1 { format!("\t{name}") } else { String::new() }
            ),
            _ => {
                let sum = data.iter().fold(0_u32, |s, b| ((s >> 1 | (s & 1) << 15) + u32::from(*b)) & 0xffff);
                let shown = if o.rest.len() > 1 || !ctx.busybox() {
                    shown
                } else {
                    format!(" {}", name.trim_start_matches('-'))
                };
                format!("{sum:05} {:5}{shown}", data.len().div_ceil(1_024))
            }
        };
        ctx.print(line + "\n");
    }
    status
}

/// `md5sum`, `sha1sum`, `sha256sum` and the longer ones.
pub fn sum(ctx: &mut Ctx) -> i32 {
    let digest = match files::base(&ctx.args[0]) {
        "md5sum" => md5,
        "sha1sum" => sha1,
        "sha384sum" => super::sha512::sha384,
        "sha512sum" => super::sha512::sha512,
        _ => sha256,
    };
    let o = match opts::parse(ctx, "bctws check=c status=s") {
        Ok(o) => o,
        Err(status) => return status,
    };
    let names = if o.rest.is_empty() { vec!["-".into()] } else { o.rest.clone() };
    let mut status = 0;
    for name in names {
        let data = match content(ctx, &name) {
            Ok(data) => data,
            Err(0) => return 0,
            Err(_) => {
                status = 1;
                continue;
            }
        };
        if o.has('c') {
            status |= check(ctx, digest, &String::from_utf8_lossy(&data), o.has('s'));
        } else {
            ctx.print(format!("{}  {name}\n", digest(&data)));
        }
    }
    status
}

/// `-c`: compares files with the sums in a list.
fn check(ctx: &mut Ctx, digest: fn(&[u8]) -> String, list: &str, quiet: bool) -> i32 {
    let (mut all, mut wrong) = (0, 0);
    for (sum, name) in list.lines().filter_map(|l| l.split_once(' ')) {
        let name = name.trim_start_matches([' ', '*']);
        let right = content(ctx, name).map(|data| digest(&data) == sum);
        all += 1;
        let word = match right {
            Ok(true) => "OK",
            Ok(false) => "FAILED",
            Err(_) => "FAILED open or read",
        };
        wrong += u32::from(word != "OK");
        if !quiet {
            ctx.print(format!("{name}: {word}\n"));
        }
    }
    if wrong > 0 && !quiet {
        let text = match (ctx.busybox(), wrong) {
            (true, _) => format!("WARNING: {wrong} of {all} computed checksums did NOT match"),
            (false, 1) => "WARNING: 1 computed checksum did NOT match".to_owned(),
            (false, _) => format!("WARNING: {wrong} computed checksums did NOT match"),
        };
        ctx.fail(&text);
    }
    i32::from(wrong > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_of_known_texts() {
        assert_eq!(md5(b""), "d41d8cd98f00b204e9800998ecf8427e");
        let long = crate::shell::util::sha512::sha512(b"abc");
        assert!(long.starts_with("ddaf35a193617abacc417349ae204131") && long.ends_with("a54ca49f"), "{long}");
        assert_eq!(crc(b"123456789", true), 0xcbf4_3926);
        assert_eq!(sha1(b"abc"), "a9993e364706816aba3e25717850c26c9cd0d89d");
        assert_eq!(sha256(b"abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
}
