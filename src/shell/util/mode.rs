//! File modes: `755`, `u+x,go=r`, and `-rwxr-xr-x`.

use crate::os::program::{FileType, Stat};

/// A mode by its text, starting from `old`; `None` if it is not one. `mask` is the umask, which counts where
/// nobody is named.
pub fn parse(text: &str, old: u32, is_dir: bool, mask: u32) -> Option<u32> {
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        return u32::from_str_radix(text, 8).ok().filter(|m| *m <= 0o7777);
    }
    let mut mode = old;
    for clause in text.split(',') {
        let mut chars = clause.chars().peekable();
        let mut who = 0;
        while let Some(c) = chars.peek().copied().filter(|c| "ugoa".contains(*c)) {
            who |= match c {
                'u' => 0o4700,
                'g' => 0o2070,
                'o' => 0o1007,
                _ => 0o7777,
            };
            chars.next();
        }
        let named = who != 0;
        let who = if named { who } else { 0o7777 & !mask };
        let mut any = false;
        while let Some(op) = chars.next() {
            if !"+-=".contains(op) {
                return None;
            }
            any = true;
            let mut bits = 0;
            while let Some(c) = chars.peek().copied().filter(|c| !"+-=".contains(*c)) {
                chars.next();
                bits |= match c {
                    'r' => 0o444,
                    'w' => 0o222,
                    'x' => 0o111,
                    'X' if is_dir || mode & 0o111 != 0 => 0o111,
                    'X' => 0,
                    's' => 0o6000,
                    't' => 0o1000,
                    'u' => spread(mode >> 6),
                    'g' => spread(mode >> 3),
                    'o' => spread(mode),
                    _ => return None,
                };
            }
            match op {
                '+' => mode |= bits & who,
                '-' => mode &= !(bits & who),
                _ => mode = mode & !(who & 0o777) | bits & who,
            }
        }
        if !any {
            return None;
        }
    }
    Some(mode & 0o7777)
}

fn spread(bits: u32) -> u32 {
    (bits & 7) * 0o111
}

/// The ten characters of `ls -l`.
pub fn text(stat: &Stat) -> String {
    let kind = match stat.kind {
        FileType::File => '-',
        FileType::Dir => 'd',
        FileType::Symlink => 'l',
        FileType::CharDevice => 'c',
        FileType::Fifo => 'p',
        FileType::Socket => 's',
    };
    format!("{kind}{}", bits(stat.mode))
}

/// The nine characters of permissions.
pub fn bits(mode: u32) -> String {
    let mut out = String::new();
    for (shift, special, letter) in [(6, 0o4000, 's'), (3, 0o2000, 's'), (0, 0o1000, 't')] {
        let bits = mode >> shift & 7;
        out.push(if bits & 4 != 0 { 'r' } else { '-' });
        out.push(if bits & 2 != 0 { 'w' } else { '-' });
        out.push(match (mode & special != 0, bits & 1 != 0) {
            (true, true) => letter,
            (true, false) => letter.to_ascii_uppercase(),
            (false, true) => 'x',
            (false, false) => '-',
        });
    }
    out
}
