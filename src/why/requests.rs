//! Why requests to a Service failed: the failures that the trace keeps, by what was the matter.

use super::Sources;
use super::chain::{Link, chain};
use super::questions::Answer;
use super::text::clock;
use super::words::{Of, Row, row};
use crate::api::Text;
use crate::collections::{BTreeMap, Order};
use crate::trace::{Cause, Requested, What};
use std::cmp::Reverse;

/// How many different reasons are told.
const REASONS: usize = 6;
/// How many pods are named for each.
const PODS: usize = 5;

const SERVICE: &str = "concepts/services-networking/service/";
const VIRTUAL_IPS: &str = "reference/networking/virtual-ips/";
const DEBUG: &str = "tasks/debug/debug-application/debug-service/";
const TERMINATION: &str = "concepts/workloads/pods/pod-lifecycle/#pod-termination";
const NODES: &str = "concepts/architecture/nodes/";
const READINESS: &str = "concepts/workloads/pods/pod-lifecycle/#container-probes";
const POLICIES: &str = "concepts/services-networking/network-policies/";
const DNS: &str = "concepts/services-networking/dns-pod-service/";

/// The sentences about requests, one row for each key.
pub(super) const ROWS: &[Row] = &[
    row(
        "service.load-balancer",
        "the cloud sees to the load balancer of {object}",
        "云平台处理 {object} 的负载均衡器",
        "concepts/services-networking/service/#loadbalancer",
        Some((Of::Object, "type")),
    ),
    row(
        "service.no-endpoint",
        "a request from {from} to {object} was refused, as no ready pod stood behind it",
        "从 {from} 到 {object} 的请求被拒绝，因为它背后没有就绪的 Pod",
        SERVICE,
        Some((Of::Object, "selector")),
    ),
    row(
        "service.rules-late",
        "a request from {from} to {object} was refused: a pod has been ready in its EndpointSlice since {since}, but kube-proxy on {node} writes its rules at most once a second[, next at {follows}]",
        "从 {from} 到 {object} 的请求被拒绝：自 {since} 起 EndpointSlice 中已有就绪的 Pod，但 {node} 上的 kube-proxy 每秒最多写一次规则[，下一次在 {follows}]",
        VIRTUAL_IPS,
        None,
    ),
    row(
        "service.rules-stale",
        "a request from {from} to {object} failed ({outcome}): the rules of kube-proxy on {node} still led to {to}[ of {pod}][, which was told to stop at {deleted}][, whose process ended at {ended}]; it left the EndpointSlice at {left}[, and the rules followed at {follows}]",
        "从 {from} 到 {object} 的请求失败（{outcome}）：{node} 上 kube-proxy 的规则仍指向[ {pod} 的] {to}[，它在 {deleted} 被要求停止][，其进程在 {ended} 结束]；它在 {left} 离开 EndpointSlice[，规则在 {follows} 跟上]",
        TERMINATION,
        None,
    ),
    row(
        "service.process-ended",
        "a request from {from} to {object} failed ({outcome}): it went to {to}[ of {pod}], whose process had ended at {ended} while the pod still counted as ready",
        "从 {from} 到 {object} 的请求失败（{outcome}）：它被转到[ {pod} 的] {to}，其进程在 {ended} 已结束，而该 Pod 仍算作就绪",
        READINESS,
        None,
    ),
    row(
        "service.not-listening",
        "a request from {from} to {object} was refused: it went to {to}[ of {pod}], which counts as ready although nothing listens on that port[ (it listens on {listens})]",
        "从 {from} 到 {object} 的请求被拒绝：它被转到[ {pod} 的] {to}，该 Pod 算作就绪，但没有进程监听该端口[（它监听 {listens}）]",
        DEBUG,
        Some((Of::Object, "ports")),
    ),
    row(
        "service.refused",
        "a request from {from} to {object} went to {to}, where nothing listened",
        "从 {from} 到 {object} 的请求被转到 {to}，但那里没有进程监听",
        DEBUG,
        Some((Of::Object, "ports")),
    ),
    row(
        "service.unreachable",
        "a request from {from} to {object} failed ({outcome}): it went to {to}[ of {pod}], which cannot be reached[, as node {off} is off or cut off]",
        "从 {from} 到 {object} 的请求失败（{outcome}）：它被转到[ {pod} 的] {to}，但无法到达[，因为节点 {off} 已断电或断网]",
        NODES,
        None,
    ),
    row(
        "service.entry-off",
        "a request from {from} to {object} came to node {off}, which is off ({outcome})",
        "从 {from} 到 {object} 的请求到达节点 {off}，但该节点已断电（{outcome}）",
        NODES,
        None,
    ),
    row(
        "service.no-local",
        "a request from {from} to {object} was dropped, as none of its pods is on {node} and its traffic policy is Local",
        "从 {from} 到 {object} 的请求被丢弃，因为它的流量策略是 Local，而 {node} 上没有它的 Pod",
        VIRTUAL_IPS,
        Some((Of::Object, "internalTrafficPolicy")),
    ),
    row(
        "service.proxy-stopped",
        "a request from {from} to {object} failed ({outcome}): kube-proxy on {node} has stopped, so its rules are still those of before",
        "从 {from} 到 {object} 的请求失败（{outcome}）：{node} 上的 kube-proxy 已停止，规则仍是之前的",
        VIRTUAL_IPS,
        None,
    ),
    row(
        "service.no-dns",
        "a request from {from} to {object} failed ({outcome}), as cluster DNS does not answer",
        "从 {from} 到 {object} 的请求失败（{outcome}），因为集群 DNS 没有应答",
        DNS,
        None,
    ),
    row(
        "service.no-name",
        "a request from {from} found no address behind the name of {object}",
        "从 {from} 发出的请求查不到 {object} 名称对应的地址",
        DNS,
        None,
    ),
    row(
        "service.denied",
        "a request from {from} to {object} was dropped on its way to {to}[ of {pod}], as no rule of {policies} lets it through",
        "从 {from} 到 {object} 的请求在去往[ {pod} 的] {to} 的路上被丢弃，因为 {policies} 的规则都不放行它",
        POLICIES,
        None,
    ),
    row(
        "service.names-denied",
        "a request from {from} to {object} failed ({outcome}): no rule of {policies} lets {from} ask cluster DNS, on port 53",
        "从 {from} 到 {object} 的请求失败（{outcome}）：{policies} 的规则都不放行 {from} 到集群 DNS（53 端口）的查询",
        POLICIES,
        None,
    ),
    row(
        "service.no-answer",
        "a request from {from} to {object} went to {to}[ of {pod}], which did not answer in time ({outcome})",
        "从 {from} 到 {object} 的请求被转到[ {pod} 的] {to}，但没有及时应答（{outcome}）",
        DEBUG,
        None,
    ),
    row(
        "service.reset",
        "the connection of a request from {from} to {object} broke off before {to}[ of {pod}] had answered[; its process ended at {ended}]",
        "从 {from} 到 {object} 的请求，其连接在[ {pod} 的] {to} 应答之前中断[；其进程在 {ended} 结束]",
        TERMINATION,
        None,
    ),
    row(
        "service.status",
        "a request from {from} to {object} went to {to}[ of {pod}], which answered with status {status}",
        "从 {from} 到 {object} 的请求被转到[ {pod} 的] {to}，它以状态码 {status} 应答",
        DEBUG,
        None,
    ),
    row("ask.dropped", "Why did requests to {object} fail?", "对 {object} 的请求为什么失败？", "", None),
    row(
        "ask.dropped-too",
        "Why did other requests to {object} fail?",
        "对 {object} 的另一些请求为什么失败？",
        "",
        None,
    ),
    row("ask.none-dropped", "No request to {object} has failed.", "对 {object} 的请求没有失败过。", "", None),
    row(
        "fact.failed-requests",
        "{count} failed, the last at {last}: {outcomes}[ (sent to {pods})]",
        "失败 {count} 个，最近一次在 {last}：{outcomes}[（发往 {pods}）]",
        "",
        None,
    ),
    row(
        "help.rules-stale",
        "a preStop hook that sleeps for some seconds keeps the process answering until the rules have followed",
        "让 preStop 钩子睡眠几秒，可以让进程继续应答，直到规则跟上",
        "concepts/containers/container-lifecycle-hooks/",
        None,
    ),
    row(
        "help.readiness",
        "a readinessProbe keeps a pod out of the endpoints until it answers",
        "readinessProbe 可以让 Pod 在能够应答之前不进入端点",
        "tasks/configure-pod-container/configure-liveness-readiness-startup-probes/",
        None,
    ),
];

/// What helps against a reason, if there is a usual means.
fn help(rule: &str, pod_is_old: bool) -> Option<&'static str> {
    match rule {
        "service.rules-stale" => Some("help.rules-stale"),
        "service.not-listening" if !pod_is_old => Some("help.readiness"),
        "service.process-ended" => Some("help.readiness"),
        _ => None,
    }
}

#[derive(Clone, Default)]
struct Group {
    count: usize,
    outcomes: BTreeMap<&'static str, usize>,
    pods: BTreeMap<Text, usize>,
    newest: Option<Requested>,
}

/// The requests to a Service that failed, by reason, that of the newest first.
pub(super) fn dropped(sources: Sources<'_>, path: &str) -> Vec<Answer> {
    let trace = &sources.api.trace;
    let mut groups: BTreeMap<&'static str, Group> = BTreeMap::new();
    for one in trace.requests().iter().filter(|r| *r.service == *path) {
        let Some(What::Rule { rule, .. }) = trace.get(one.cause).map(|e| &e.what) else { continue };
        let group = groups.entry(rule).or_default();
        group.count += 1;
        *group.outcomes.entry(one.outcome).or_default() += 1;
        *group.pods.entry(one.pod.clone()).or_default() += 1;
        group.newest = Some(one.clone());
    }
    let mut groups: Vec<(&'static str, Group)> = groups.into_iter().collect();
    groups.order_by_key(|(_, g)| Reverse(g.newest.as_ref().map(|r| r.at)));
    let told = groups.into_iter().take(REASONS).enumerate();
    told.filter_map(|(n, (rule, group))| answer(sources, path, n, rule, &group)).collect()
}

fn answer(sources: Sources<'_>, path: &str, n: usize, rule: &str, group: &Group) -> Option<Answer> {
    let newest = group.newest.as_ref()?;
    let outcomes: Vec<String> = group.outcomes.iter().map(|(name, n)| format!("{n} {name}")).collect();
    let named = group.pods.keys().filter(|p| !p.is_empty()).take(PODS);
    let mut pods: Vec<String> = named.map(|p| super::words::object(p)).collect();
    if group.pods.len() > PODS {
        pods.push("…".into());
    }
    let values = vec![
        ("count", Text::from(group.count.to_string())),
        ("last", Text::from(clock(newest.at))),
        ("outcomes", Text::from(outcomes.join(", "))),
        ("pods", Text::from(pods.join(", "))),
    ];
    let mut facts = vec![Link::fact("fact.failed-requests", path, values)];
    facts.extend(
        help(rule, listens_elsewhere(sources, newest.cause)).map(|key| Link::fact(key, path, vec![])),
    );
    let ask = Link::fact(if n == 0 { "ask.dropped" } else { "ask.dropped-too" }, path, vec![]);
    Some(Answer::new(ask, facts, chain(sources.api, newest.cause)))
}

/// Whether the process listens, but on other ports: then waiting for it does not help.
fn listens_elsewhere(sources: Sources<'_>, cause: Cause) -> bool {
    let Some(What::Rule { values, .. }) = sources.api.trace.get(cause).map(|e| &e.what) else { return false };
    values.iter().any(|(k, v)| *k == "listens" && !v.is_empty())
}
