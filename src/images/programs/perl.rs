//! `perl` as the documentation's Job uses it: `print bpi(N)`, the first N digits of pi. All else is reported as not
//! simulated.

use super::say::{Act, not_simulated, script};
use crate::os::{Program, STDOUT, Spawn};
use crate::time::Span;

/// Most digits that are computed.
const MAX_DIGITS: usize = 5_000;

/// Digits of one limb.
const LIMB: usize = 9;
const BASE: u64 = 1_000_000_000;

/// Starts the program.
pub fn perl(spawn: &Spawn) -> Box<dyn Program> {
    let wanted = spawn.argv.iter().find_map(|a| {
        let inner = a.trim().strip_prefix("print bpi(")?.trim_end_matches(';').strip_suffix(')')?;
        inner.parse::<usize>().ok().filter(|n| (2..=MAX_DIGITS).contains(n))
    });
    let Some(digits) = wanted else { return not_simulated("programs in Perl") };
    // bignum takes about a second and a half for 2000 digits, and grows with their square.
    let takes = Span::millis((digits * digits) as u64 * 1_500 / 4_000_000);
    script(vec![Act::Pause(takes), Act::Say(STDOUT, pi(digits) + "\n")])
}

/// Pi, rounded to a number of digits (Machin's formula on limbs of nine digits).
fn pi(digits: usize) -> String {
    let limbs = digits / LIMB + 4;
    let mut sum = arctan(16, 5, limbs);
    subtract(&mut sum, &arctan(4, 239, limbs));
    let mut text = format!("{}", sum[0]);
    for limb in &sum[1..] {
        text.push_str(&format!("{limb:09}"));
    }
    let mut kept: Vec<u8> = text.bytes().take(digits).map(|b| b - b'0').collect();
    if text.as_bytes()[digits] >= b'5' {
        for digit in kept.iter_mut().rev() {
            *digit = (*digit + 1) % 10;
            if *digit != 0 {
                break;
            }
        }
    }
    let text: String = kept.iter().map(|d| char::from(b'0' + d)).collect();
    format!("{}.{}", &text[..1], &text[1..])
}

/// `factor` times the arc tangent of `1/x`.
fn arctan(factor: u64, x: u64, limbs: usize) -> Vec<u64> {
    let mut power = vec![0; limbs];
    power[0] = factor;
    divide(&mut power, x);
    let mut sum = power.clone();
    let mut n = 1;
    loop {
        divide(&mut power, x * x);
        if power.iter().all(|l| *l == 0) {
            return sum;
        }
        n += 2;
        let mut term = power.clone();
        divide(&mut term, n);
        if n % 4 == 3 { subtract(&mut sum, &term) } else { add(&mut sum, &term) }
    }
}

fn divide(number: &mut [u64], by: u64) {
    let mut rest = 0;
    for limb in number {
        let whole = rest * BASE + *limb;
        *limb = whole / by;
        rest = whole % by;
    }
}

fn add(to: &mut [u64], other: &[u64]) {
    let mut carry = 0;
    for (a, b) in to.iter_mut().zip(other).rev() {
        let sum = *a + b + carry;
        *a = sum % BASE;
        carry = sum / BASE;
    }
}

fn subtract(from: &mut [u64], other: &[u64]) {
    let mut borrow = 0;
    for (a, b) in from.iter_mut().zip(other).rev() {
        let sum = *a + BASE - b - borrow;
        *a = sum % BASE;
        borrow = 1 - sum / BASE;
    }
}

#[cfg(test)]
mod tests {
    use super::pi;

    #[test]
    fn pi_has_its_digits() {
        assert_eq!(pi(2), "3.1");
        assert_eq!(pi(4), "3.142");
        assert_eq!(pi(50), "3.1415926535897932384626433832795028841971693993751");
        assert!(pi(1000).ends_with("6420199"), "{}", pi(1000));
    }
}
