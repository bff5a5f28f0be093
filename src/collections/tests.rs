//! Random operations do to a map what they do to the standard one.

use super::{BTreeMap, BTreeSet, LEAF, Order};
use std::collections::BTreeMap as Std;

fn draws(seed: u64) -> impl FnMut(u64) -> u64 {
    let mut state = seed;
    move |below| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    }
}

fn same(ours: &BTreeMap<u64, u64>, std: &Std<u64, u64>) {
    assert_eq!(ours.len(), std.len());
    assert_eq!(ours.iter().size_hint(), (std.len(), Some(std.len())));
    assert!(ours.iter().eq(std.iter()));
    assert!(ours.iter().rev().eq(std.iter().rev()));
    assert!(ours.leaves.iter().all(|l| !l.is_empty() && l.len() <= LEAF));
}

#[test]
fn a_map_behaves_like_the_standard_one() {
    for seed in 0..20 {
        let mut draw = draws(seed);
        let (mut ours, mut std) = (BTreeMap::new(), Std::new());
        for step in 0..2_000 {
            let (k, v) = (draw(500), draw(1_000));
            match draw(10) {
                0..=4 => assert_eq!(ours.insert(k, v), std.insert(k, v)),
                5 | 6 => assert_eq!(ours.remove(&k), std.remove(&k)),
                7 => {
                    *ours.entry(k).and_modify(|x| *x += 1).or_insert(v) = {
                        let x = std.entry(k).and_modify(|x| *x += 1).or_insert(v);
                        *x
                    }
                }
                8 => assert_eq!(
                    ours.get_mut(&k).map(|x| std::mem::replace(x, v)),
                    std.get_mut(&k).map(|x| std::mem::replace(x, v))
                ),
                _ => assert_eq!(ours.get(&k), std.get(&k)),
            }
            if step % 97 == 0 {
                same(&ours, &std);
                let (a, z) = (draw(500), draw(500));
                let (a, z) = (a.min(z), a.max(z));
                assert!(ours.range(a..z).eq(std.range(a..z)));
                assert!(ours.range(a..=z).rev().eq(std.range(a..=z).rev()));
                assert!(ours.range(z..).eq(std.range(z..)));
                assert_eq!(ours.range(a..z).len(), std.range(a..z).count());
            }
            if step % 501 == 0 {
                let (right, std_right) = (ours.split_off(&k), std.split_off(&k));
                same(&right, &std_right);
                same(&ours, &std);
                let mut right = right;
                ours.append(&mut right);
                std.extend(std_right);
                ours.retain(|k, _| k % 7 != 0);
                std.retain(|k, _| k % 7 != 0);
            }
        }
        assert_eq!(ours.pop_first(), std.pop_first());
        assert_eq!(ours.pop_last(), std.pop_last());
        same(&ours, &std);
    }
}

#[test]
fn a_clone_keeps_what_the_original_loses() {
    let mut map: BTreeMap<u32, String> = (0..500).map(|n| (n, n.to_string())).collect();
    let before = map.clone();
    for v in map.values_mut() {
        v.push('!');
    }
    map.remove(&7);
    assert_eq!(before[&7], "7");
    assert_eq!(map.get(&7), None);
    assert_eq!(map[&8], "8!");
    assert_eq!(before.into_values().count(), 500);
}

#[test]
fn keys_that_grow_fill_their_leaves() {
    let set: BTreeSet<u32> = (0..64 * 10).collect();
    assert_eq!(set.iter().count(), 640);
    let map: BTreeMap<u32, ()> = set.into_iter().map(|k| (k, ())).collect();
    assert_eq!(map.leaves.len(), 10);
}

#[test]
fn sets_compare() {
    let a = BTreeSet::from([1, 2, 3]);
    let b = BTreeSet::from([2, 3, 4]);
    assert_eq!(a.intersection(&b).collect::<Vec<_>>(), [&2, &3]);
    assert_eq!(a.difference(&b).collect::<Vec<_>>(), [&1]);
    assert!(!a.is_disjoint(&b) && !a.is_subset(&b));
    assert_eq!((a.first(), b.last()), (Some(&1), Some(&4)));
}

#[test]
fn sorting_is_stable_and_equals_the_standard_sort() {
    let mut draw = draws(7);
    for len in 0..200 {
        let mut ours: Vec<(u64, usize)> = (0..len).map(|n| (draw(20), n)).collect();
        let mut std = ours.clone();
        ours.order_by_key(|p| p.0);
        std.sort_by_key(|p| p.0);
        assert_eq!(ours, std);
        ours.order_by(|a, b| b.cmp(a));
        std.sort_by(|a, b| b.cmp(a));
        assert_eq!(ours, std);
    }
}
