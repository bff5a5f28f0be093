//! How far a rollout may go: pure arithmetic over the sizes of ReplicaSets (upstream `deployment/rolling.go`
//! and `deploymentutil.NewRSNewReplicas`).

use crate::api::Value;

/// What the arithmetic needs of a ReplicaSet.
#[derive(Clone, Debug, PartialEq)]
pub struct Set {
    /// `spec.replicas`.
    pub replicas: i64,
    /// `status.availableReplicas`.
    pub available: i64,
    /// The annotation `deployment.kubernetes.io/max-replicas`, if it is there.
    pub max_replicas: Option<i64>,
}

/// The bounds of a rolling update.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bounds {
    /// `spec.replicas` of the Deployment.
    pub replicas: i64,
    /// How many pods may exist beyond that.
    pub max_surge: i64,
    /// How many may be missing.
    pub max_unavailable: i64,
}

/// A number or percentage of `total`, rounded up or down (`intstr.GetScaledValueFromIntOrPercent`).
pub fn scaled(value: &Value, total: i64, up: bool) -> i64 {
    match value {
        Value::Str(s) => {
            let percent: i64 = s.strip_suffix('%').and_then(|p| p.parse().ok()).unwrap_or(0);
            let product = percent.saturating_mul(total);
            if up { product.saturating_add(99) / 100 } else { product / 100 }
        }
        v => v.int_or(0),
    }
}

impl Bounds {
    /// Reads a Deployment's strategy; both bounds being zero means that one pod may be missing.
    pub fn new(spec: &Value) -> Bounds {
        let replicas = spec["replicas"].int_or(1);
        if spec["strategy"]["type"].str() == "Recreate" {
            return Bounds { replicas, max_surge: 0, max_unavailable: replicas };
        }
        let rolling = &spec["strategy"]["rollingUpdate"];
        let max_surge = scaled(&rolling["maxSurge"], replicas, true);
        let mut max_unavailable = scaled(&rolling["maxUnavailable"], replicas, false);
        if max_surge == 0 && max_unavailable == 0 {
            max_unavailable = 1;
        }
        Bounds { replicas, max_surge, max_unavailable: max_unavailable.min(replicas) }
    }
}

/// The size that the new set may have now, given the sizes of all sets together.
pub fn new_size(bounds: Bounds, rolling: bool, new: i64, all: i64) -> i64 {
    if !rolling {
        return bounds.replicas;
    }
    let room = bounds.replicas + bounds.max_surge - all;
    if room <= 0 { new } else { new + room.min(bounds.replicas - new) }
}

/// The sizes that the old sets (oldest first) may be reduced to: unhealthy pods go first, then healthy ones
/// as far as enough stay available.
pub fn old_sizes(bounds: Bounds, new: &Set, old: &[Set]) -> Vec<i64> {
    let mut sizes: Vec<i64> = old.iter().map(|s| s.replicas).collect();
    let min_available = bounds.replicas - bounds.max_unavailable;
    let all: i64 = sizes.iter().sum::<i64>() + new.replicas;
    let mut most = all - min_available - (new.replicas - new.available);
    if most <= 0 {
        return sizes;
    }
    for i in 0..sizes.len() {
        let unhealthy = (sizes[i] - old[i].available).min(most);
        if sizes[i] == 0 || most == 0 {
            continue;
        }
        if unhealthy < 0 {
            // Its status is of before it was reduced: what it says of available pods is not to be built on.
            return sizes;
        }
        sizes[i] -= unhealthy;
        most -= unhealthy;
    }
    let available: i64 = new.available + old.iter().map(|s| s.available).sum::<i64>();
    let mut spare = available - min_available;
    for size in &mut sizes {
        let down = (*size).min(spare.max(0));
        *size -= down;
        spare -= down;
    }
    sizes
}

/// The sizes of all active sets (in the order given) after the Deployment was resized in mid-rollout: each
/// gets its share of the difference (upstream `scale` and `GetReplicaSetProportion`).
pub fn proportional(bounds: Bounds, sets: &[Set]) -> Vec<i64> {
    let mut sizes: Vec<i64> = sets.iter().map(|s| s.replicas).collect();
    let all: i64 = sizes.iter().sum();
    let allowed = if bounds.replicas > 0 { bounds.replicas + bounds.max_surge } else { 0 };
    let to_add = allowed - all;
    let mut added = 0;
    for (size, set) in sizes.iter_mut().zip(sets) {
        if to_add == 0 || *size == 0 {
            continue;
        }
        let before = set.max_replicas.filter(|n| *n > 0).unwrap_or(bounds.replicas + bounds.max_surge);
        let share =
            (*size as f64 * (bounds.replicas + bounds.max_surge) as f64 / before as f64).round() as i64;
        let left = to_add - added;
        let delta =
            if to_add > 0 { (share - *size).min(left).max(0) } else { (share - *size).max(left).min(0) };
        *size += delta;
        added += delta;
    }
    if let Some(first) = sizes.first_mut() {
        *first = (*first + to_add - added).max(0);
    }
    sizes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(replicas: i64, available: i64) -> Set {
        Set { replicas, available, max_replicas: None }
    }

    fn bounds(replicas: i64, max_surge: i64, max_unavailable: i64) -> Bounds {
        Bounds { replicas, max_surge, max_unavailable }
    }

    #[test]
    fn percentages_round_surge_up_and_unavailability_down() {
        let quarter = Value::from("25%");
        assert_eq!((scaled(&quarter, 3, true), scaled(&quarter, 3, false)), (1, 0));
        assert_eq!((scaled(&quarter, 10, true), scaled(&quarter, 10, false)), (3, 2));
        assert_eq!(scaled(&Value::Int(2), 10, true), 2);
    }

    #[test]
    fn a_rollout_keeps_within_its_bounds() {
        for (b, new, old, grown, shrunk) in [
            (bounds(4, 1, 1), set(0, 0), vec![set(4, 4)], 1, vec![3]),
            (bounds(4, 1, 1), set(1, 0), vec![set(4, 4)], 1, vec![3]),
            (bounds(3, 1, 0), set(1, 0), vec![set(3, 3)], 1, vec![3]),
            (bounds(3, 1, 0), set(1, 1), vec![set(3, 3)], 1, vec![2]),
            (bounds(4, 2, 0), set(2, 0), vec![set(4, 4)], 2, vec![4]),
            (bounds(4, 0, 2), set(0, 0), vec![set(4, 4)], 0, vec![2]),
            (bounds(4, 1, 1), set(2, 0), vec![set(3, 3)], 2, vec![3]),
            // Pods that never became available go first.
            (bounds(4, 1, 1), set(1, 1), vec![set(2, 0), set(2, 2)], 1, vec![0, 2]),
            // A status that has not caught up with its set's new size is waited for.
            (bounds(4, 4, 1), set(4, 0), vec![set(4, 5)], 4, vec![4]),
            (bounds(4, 4, 1), set(4, 0), vec![set(4, 4)], 4, vec![3]),
        ] {
            let all = new.replicas + old.iter().map(|s| s.replicas).sum::<i64>();
            assert_eq!(new_size(b, true, new.replicas, all), grown, "{b:?} {new:?} {old:?}");
            assert_eq!(old_sizes(b, &new, &old), shrunk, "{b:?} {new:?} {old:?}");
        }
    }

    #[test]
    fn resizing_in_mid_rollout_shares_the_difference() {
        let with = |replicas| Set { replicas, available: replicas, max_replicas: Some(13) };
        // The documentation's example: 10 replicas, surge 3, unavailable 2, resized to 15.
        assert_eq!(proportional(bounds(15, 3, 2), &[with(8), with(5)]), vec![11, 7]);
        assert_eq!(proportional(bounds(0, 0, 0), &[with(8), with(5)]), vec![0, 0]);
    }
}
