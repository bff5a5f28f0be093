//! ImageLocality: nodes that already have the pod's images score higher, more so for large images
//! that many nodes have.

use crate::scheduler::cache::Cache;
use crate::scheduler::framework::MAX_SCORE;
use crate::scheduler::pod_info::PodInfo;

const MB: i64 = 1024 * 1024;
/// Upstream `minThreshold`: less than this on a node does not count.
const MIN: i64 = 23 * MB;
/// Upstream `maxContainerThreshold`: more than this for each container does not count.
const MAX_PER_CONTAINER: i64 = 1000 * MB;

/// The scores; `None` if no node has any of the images.
pub fn score(pod: &PodInfo, cache: &Cache, feasible: &[usize]) -> Option<Vec<i64>> {
    let containers = || pod.spec["initContainers"].items().iter().chain(pod.spec["containers"].items());
    let wanted: Vec<(u32, f64)> = containers()
        .filter_map(|c| {
            let name = c["image"].str();
            let tagged = name.rfind(':').is_some_and(|colon| Some(colon) > name.rfind('/'));
            let known = if tagged { cache.image(name) } else { cache.image(&format!("{name}:latest")) };
            known.map(|(number, nodes)| (number, nodes as f64 / cache.nodes.len().max(1) as f64))
        })
        .collect();
    if wanted.is_empty() {
        return None;
    }
    let max = MAX_PER_CONTAINER * containers().count() as i64;
    let sum = |i: &usize| {
        let images = &cache.nodes[*i].images;
        let size = |(number, share): &(u32, f64)| {
            let found = images.binary_search_by_key(number, |e| e.0);
            found.map_or(0, |at| (images[at].1 as f64 * share) as i64)
        };
        let total = wanted.iter().map(size).sum::<i64>().clamp(MIN, max.max(MIN));
        if max > MIN { MAX_SCORE * (total - MIN) / (max - MIN) } else { 0 }
    };
    Some(feasible.iter().map(sum).collect())
}
