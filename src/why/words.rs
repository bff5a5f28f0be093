//! The sentences of explanations in English and Chinese, the pages of the Kubernetes documentation behind
//! them, and the fields of manifests that decide them: one row for each key.
//!
//! `{name}` stands for a value of the link, `{object}` for what it is about, `{actor}` for who did it. A part
//! in brackets is left out where a value in it is missing, empty or 0.

use super::{Language, Link};
use crate::api::Kind;

/// What a deciding field belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Of {
    /// The spec of the object that the manifest describes.
    Object,
    /// The pod's spec, in the object or its template.
    Pod,
    /// The container of the link's `container` value.
    Container,
}

pub(super) struct Row {
    key: &'static str,
    english: &'static str,
    chinese: &'static str,
    /// Below `https://kubernetes.io/docs/`; empty for Podlab's own and for what needs no page.
    page: &'static str,
    field: Option<(Of, &'static str)>,
}

pub(super) const fn row(
    key: &'static str,
    english: &'static str,
    chinese: &'static str,
    page: &'static str,
    field: Option<(Of, &'static str)>,
) -> Row {
    Row { key, english, chinese, page, field }
}

const LIFECYCLE: &str = "concepts/workloads/pods/pod-lifecycle/";
const RESTARTS: &str = "concepts/workloads/pods/pod-lifecycle/#restart-policy";
const PROBES: &str = "tasks/configure-pod-container/configure-liveness-readiness-startup-probes/";
const IMAGES: &str = "concepts/containers/images/";
const MEMORY: &str = "concepts/configuration/manage-resources-containers/";
const SCHEDULING: &str = "concepts/scheduling-eviction/";
const KUBE_SCHEDULER: &str = "concepts/scheduling-eviction/kube-scheduler/";
const NODES: &str = "concepts/architecture/nodes/";
const DEPLOYMENT: &str = "concepts/workloads/controllers/deployment/";
const SERVICE: &str = "concepts/services-networking/service/";
const TERMINATION: &str = "concepts/workloads/pods/pod-lifecycle/#pod-termination";
const DEBUG_PODS: &str = "tasks/debug/debug-application/debug-pods/";

const ROWS: &[Row] = &[
    row(
        "start",
        "the cluster was set up so when the scenario began",
        "场景开始时集群就是这样建立的",
        "",
        None,
    ),
    row(
        "trace.cut",
        "what came before is no longer in the trace, which keeps the newest 400,000 steps",
        "更早的记录已被清除，踪迹只保留最新的 400,000 步",
        "",
        None,
    ),
    row("command", "someone typed: {line}", "有人输入了命令：{line}", "", None),
    row("fault", "a fault was injected: {text}", "注入了故障：{text}", "", None),
    row("machine", "someone changed the machines: {text}", "有人变更了机器：{text}", NODES, None),
    row(
        "manifest",
        "the manifest {file} says so, in the document at line {line}",
        "清单 {file} 第 {line} 行开始的文档如此规定",
        "concepts/overview/working-with-objects/",
        None,
    ),
    row("write.create", "{actor} created {object}", "{actor} 创建了 {object}", "", None),
    row("write.update", "{actor} changed {object}", "{actor} 修改了 {object}", "", None),
    row("write.patch", "{actor} changed {object}", "{actor} 修改了 {object}", "", None),
    row("write.status", "{actor} wrote the status of {object}", "{actor} 写入了 {object} 的状态", "", None),
    row(
        "write.binding",
        "{actor} bound {object} to its node",
        "{actor} 把 {object} 绑定到节点",
        KUBE_SCHEDULER,
        None,
    ),
    row("write.delete", "{actor} deleted {object}", "{actor} 删除了 {object}", "", None),
    row("write.other", "{actor} wrote {object}", "{actor} 写入了 {object}", "", None),
    // Containers.
    row(
        "container.started",
        "container {container} of {object} was started[ (restart {restarts})]",
        "{object} 的容器 {container} 启动了[（第 {restarts} 次重启）]",
        LIFECYCLE,
        None,
    ),
    row(
        "container.completed",
        "container {container} of {object} ended with success (exit code {code})",
        "{object} 的容器 {container} 成功结束（退出码 {code}）",
        LIFECYCLE,
        Some((Of::Container, "command")),
    ),
    row(
        "container.exited",
        "container {container} of {object} ended by itself with exit code {code}[ (signal {signal})]",
        "{object} 的容器 {container} 自己退出，退出码 {code}[（信号 {signal}）]",
        LIFECYCLE,
        Some((Of::Container, "command")),
    ),
    row(
        "container.killed",
        "container {container} of {object} was told to stop and ended with exit code {code}[ (signal {signal})]",
        "{object} 的容器 {container} 被要求停止，退出码 {code}[（信号 {signal}）]",
        TERMINATION,
        None,
    ),
    row(
        "container.oom",
        "container {container} of {object} needed more memory than its limit of {limit}[ (it used {used})], so the kernel killed it (OOMKilled, exit code {code})",
        "{object} 的容器 {container} 需要的内存超过了上限 {limit}[（用到 {used}）]，被内核杀死（OOMKilled，退出码 {code}）",
        MEMORY,
        Some((Of::Container, "resources.limits.memory")),
    ),
    row(
        "node.oom",
        "the memory of the machine ran out and container {container} of {object} was killed (OOMKilled, exit code {code})",
        "节点内存耗尽，{object} 的容器 {container} 被杀死（OOMKilled，退出码 {code}）",
        "concepts/scheduling-eviction/node-pressure-eviction/",
        Some((Of::Container, "resources")),
    ),
    row(
        "container.config",
        "container {container} of {object} refers to something that does not exist: {message}",
        "{object} 的容器 {container} 引用了不存在的对象：{message}",
        "concepts/configuration/configmap/",
        Some((Of::Container, "env")),
    ),
    row(
        "container.start-failed",
        "the runtime could not start container {container} of {object}: {message}",
        "运行时无法启动 {object} 的容器 {container}：{message}",
        DEBUG_PODS,
        Some((Of::Container, "command")),
    ),
    row(
        "restart.policy",
        "restartPolicy {policy} says that container {container} of {object} is started again[, after a wait of {wait}]",
        "restartPolicy {policy} 规定 {object} 的容器 {container} 要重新启动[，先等待 {wait}]",
        RESTARTS,
        Some((Of::Pod, "restartPolicy")),
    ),
    row(
        "restart.sidecar",
        "container {container} of {object} is a sidecar (restartPolicy {policy}), so it is started again[, after a wait of {wait}]",
        "{object} 的容器 {container} 是边车（restartPolicy {policy}），所以重新启动[，先等待 {wait}]",
        "concepts/workloads/pods/sidecar-containers/",
        Some((Of::Container, "restartPolicy")),
    ),
    row(
        "restart.back-off",
        "container {container} of {object} keeps ending, so the kubelet waits {wait} before it starts it again (10s, doubled each time, at most 5m)",
        "{object} 的容器 {container} 反复结束，kubelet 等待 {wait} 后再启动它（从 10s 开始每次加倍，最多 5m）",
        RESTARTS,
        Some((Of::Pod, "restartPolicy")),
    ),
    row(
        "restart.all-containers",
        "a rule of the container restarts all containers of {object}",
        "容器的规则要求重启 {object} 的所有容器",
        LIFECYCLE,
        Some((Of::Pod, "containers")),
    ),
    row(
        "lifecycle.post-start-failed",
        "the postStart hook of container {container} of {object} failed, so the container is killed[: {message}]",
        "{object} 的容器 {container} 的 postStart 钩子失败，容器被杀死[：{message}]",
        "concepts/containers/container-lifecycle-hooks/",
        Some((Of::Container, "lifecycle.postStart")),
    ),
    row(
        "lifecycle.pre-stop-failed",
        "the preStop hook of container {container} of {object} failed; it is stopped all the same",
        "{object} 的容器 {container} 的 preStop 钩子失败，但仍会停止",
        "concepts/containers/container-lifecycle-hooks/",
        Some((Of::Container, "lifecycle.preStop")),
    ),
    row(
        "sandbox.failed",
        "the runtime could not make the sandbox of {object}: {message}",
        "运行时无法创建 {object} 的沙箱：{message}",
        DEBUG_PODS,
        Some((Of::Pod, "containers")),
    ),
    row(
        "pod.active-deadline",
        "activeDeadlineSeconds of {object} are over",
        "{object} 的 activeDeadlineSeconds 已到",
        "concepts/workloads/controllers/job/#job-termination-and-cleanup",
        Some((Of::Pod, "activeDeadlineSeconds")),
    ),
    // Probes.
    row(
        "probe.failed",
        "the {probe} probe of container {container} of {object} failed ({count} in a row, failureThreshold {threshold})[: {message}]",
        "{object} 的容器 {container} 的 {probe} 探针失败（连续 {count} 次，failureThreshold {threshold}）[：{message}]",
        PROBES,
        Some((Of::Container, "{probe}")),
    ),
    row(
        "probe.failure-threshold",
        "the {probe} probe of container {container} of {object} failed {threshold} times in a row (failureThreshold {threshold}, every {period}), so the kubelet kills the container",
        "{object} 的容器 {container} 的 {probe} 探针连续失败 {threshold} 次（failureThreshold {threshold}，每 {period} 一次），kubelet 杀死该容器",
        PROBES,
        Some((Of::Container, "{probe}")),
    ),
    row(
        "probe.not-ready",
        "the {probe} probe of container {container} of {object} failed {threshold} times in a row (failureThreshold {threshold}, every {period}), so the pod gets no traffic",
        "{object} 的容器 {container} 的 {probe} 探针连续失败 {threshold} 次（failureThreshold {threshold}，每 {period} 一次），Pod 不再接收流量",
        PROBES,
        Some((Of::Container, "{probe}")),
    ),
    row(
        "probe.succeeded",
        "the {probe} probe of container {container} of {object} succeeded (successThreshold {threshold})",
        "{object} 的容器 {container} 的 {probe} 探针成功（successThreshold {threshold}）",
        PROBES,
        Some((Of::Container, "{probe}")),
    ),
    // Images and volumes.
    row(
        "image.pull-failed",
        "the image {image} could not be pulled: {message}",
        "无法拉取镜像 {image}：{message}",
        IMAGES,
        Some((Of::Container, "image")),
    ),
    row(
        "image.unusable",
        "the image {image} cannot be used ({reason}): {message}",
        "镜像 {image} 不可用（{reason}）：{message}",
        "concepts/containers/images/#image-pull-policy",
        Some((Of::Container, "imagePullPolicy")),
    ),
    row(
        "image.back-off",
        "the pull of {image} failed before, so the kubelet waits {wait} before it tries again (10s, doubled each time, at most 5m)",
        "之前拉取 {image} 失败，kubelet 等待 {wait} 后再试（从 10s 开始每次加倍，最多 5m）",
        "concepts/containers/images/#imagepullbackoff",
        Some((Of::Container, "image")),
    ),
    row(
        "volume.not-mounted",
        "volume {volume} of {object} cannot be mounted: {message}",
        "{object} 的卷 {volume} 无法挂载：{message}",
        "concepts/storage/volumes/",
        Some((Of::Pod, "volumes")),
    ),
    row(
        "volume.bind",
        "a claim and a volume found each other[: {volume}]",
        "持久卷申领与持久卷已绑定[：{volume}]",
        "concepts/storage/persistent-volumes/#binding",
        None,
    ),
    // Scheduling.
    row(
        "scheduler.bind",
        "the scheduler picked node {node} for {object}",
        "调度器为 {object} 选择了节点 {node}",
        KUBE_SCHEDULER,
        None,
    ),
    row(
        "scheduler.unschedulable",
        "no node will do for {object}: {message}",
        "没有节点适合 {object}：{message}",
        KUBE_SCHEDULER,
        Some((Of::Pod, "nodeSelector")),
    ),
    row(
        "scheduler.requeue",
        "something changed that may make {object} schedulable",
        "有变化可能使 {object} 可以调度",
        "concepts/scheduling-eviction/scheduling-framework/",
        None,
    ),
    row(
        "scheduler.flush-unschedulable",
        "{object} had waited five minutes, so it is tried again",
        "{object} 已等待五分钟，重新尝试调度",
        "concepts/scheduling-eviction/scheduling-framework/",
        None,
    ),
    row(
        "scheduler.preempt",
        "pods of lower priority on {node} make room for {object}",
        "{node} 上优先级较低的 Pod 为 {object} 让位",
        "concepts/scheduling-eviction/pod-priority-preemption/",
        Some((Of::Pod, "priorityClassName")),
    ),
    row(
        "scheduler.wait-for-volumes",
        "the volumes of {object} must be bound on {node} first",
        "{object} 的卷须先在 {node} 上绑定",
        "concepts/storage/storage-classes/#volume-binding-mode",
        None,
    ),
    // Nodes.
    row(
        "node.heartbeat",
        "the kubelet of {object} tells every {period} that the node lives",
        "{object} 的 kubelet 每 {period} 报告一次节点存活",
        "concepts/architecture/nodes/#node-heartbeats",
        None,
    ),
    row(
        "node.health",
        "the heartbeats of {object} have stayed away for more than {grace}",
        "{object} 的心跳中断超过 {grace}",
        "concepts/architecture/nodes/#node-controller",
        None,
    ),
    row(
        "node.admission",
        "the node does not admit {object}: {reason}",
        "节点不接纳 {object}：{reason}",
        SCHEDULING,
        None,
    ),
    row(
        "node.eviction",
        "the node is short of a resource and evicts {object}[: {message}]",
        "节点资源不足，驱逐 {object}[：{message}]",
        "concepts/scheduling-eviction/node-pressure-eviction/",
        None,
    ),
    row(
        "node.taint-eviction",
        "{object} does not tolerate a taint of node {node} (any longer)",
        "{object} 不（再）容忍节点 {node} 的污点",
        "concepts/scheduling-eviction/taint-and-toleration/",
        Some((Of::Pod, "tolerations")),
    ),
    // Controllers.
    row(
        "controller.replicas",
        "{object} has {have} pods and wants {want}",
        "{object} 有 {have} 个 Pod，期望 {want} 个",
        "concepts/workloads/controllers/replicaset/",
        Some((Of::Object, "replicas")),
    ),
    row(
        "deployment.rollout",
        "{object} sets the size of one of its ReplicaSets[ from {from}] to {to}",
        "{object} 将它的一个 ReplicaSet [从 {from} ]调整到 {to}",
        DEPLOYMENT,
        Some((Of::Object, "strategy")),
    ),
    row(
        "deployment.progress-deadline",
        "the rollout of {object} has made no progress within progressDeadlineSeconds",
        "{object} 的滚动更新在 progressDeadlineSeconds 内没有进展",
        "concepts/workloads/controllers/deployment/#failed-deployment",
        Some((Of::Object, "progressDeadlineSeconds")),
    ),
    row(
        "service.endpoints",
        "the set of ready pods behind {object} changed",
        "{object} 背后的就绪 Pod 集合发生变化",
        "concepts/services-networking/endpoint-slices/",
        Some((Of::Object, "selector")),
    ),
    row(
        "garbage-collector.collect",
        "{object} goes because its owner[ {owner}] is gone",
        "{object} 的属主[ {owner} ]已不存在，所以被回收",
        "concepts/architecture/garbage-collection/",
        None,
    ),
    row(
        "namespace.delete",
        "everything in {object} goes with it",
        "{object} 被删除，其中的一切随之删除",
        "concepts/overview/working-with-objects/namespaces/",
        None,
    ),
    row(
        "daemonset.node",
        "each matching node must have its pod of {object}",
        "每个匹配的节点都要有 {object} 的 Pod",
        "concepts/workloads/controllers/daemonset/",
        None,
    ),
    row(
        "job.sync",
        "[{object} needs {create} more pods][{object} comes to its end ({verdict})][{object} has been over for {ttl} s (ttlSecondsAfterFinished), so it goes]",
        "[{object} 还需要 {create} 个 Pod][{object} 结束（{verdict}）][{object} 已结束 {ttl} 秒（ttlSecondsAfterFinished），因此被清除]",
        "concepts/workloads/controllers/job/",
        Some((Of::Object, "backoffLimit")),
    ),
    row(
        "cronjob.schedule",
        "the time of {object} has come[ ({schedule})]",
        "{object} 的时间到了[（{schedule}）]",
        "concepts/workloads/controllers/cron-jobs/",
        Some((Of::Object, "schedule")),
    ),
    row(
        "statefulset.sync",
        "[{object} makes its next pod {create}][{object} removes its pod {delete}]",
        "[{object} 创建下一个 Pod {create}][{object} 移除 Pod {delete}]",
        "concepts/workloads/controllers/statefulset/",
        Some((Of::Object, "replicas")),
    ),
    row(
        "pod.garbage-collection",
        "the node of {object} is gone, or the pod ended long ago",
        "{object} 的节点已不存在，或该 Pod 早已结束",
        "concepts/workloads/pods/pod-lifecycle/#pod-garbage-collection",
        None,
    ),
    row(
        "event.ttl",
        "events are kept for an hour after they were last seen",
        "事件在最后一次出现之后只保留一小时",
        "reference/command-line-tools-reference/kube-apiserver/",
        None,
    ),
    row(
        "hpa.scale",
        "the autoscaler {object} sets the scale to {to}",
        "自动伸缩器 {object} 把规模调整为 {to}",
        "concepts/workloads/autoscaling/horizontal-pod-autoscale/",
        None,
    ),
    // Questions.
    row("ask.status", "Why is {object} {status}?", "{object} 为什么是 {status}？", "", None),
    row(
        "ask.restarts",
        "Why has {object} restarted ({restarts})?",
        "{object} 为什么重启过（{restarts} 次）？",
        "",
        None,
    ),
    row("ask.not-ready", "Why is {object} not ready?", "{object} 为什么没有就绪？", "", None),
    row("ask.pending", "Why is {object} on no node?", "{object} 为什么没有节点？", "", None),
    row("ask.node", "Why is {object} on {node}?", "{object} 为什么在 {node} 上？", "", None),
    row(
        "ask.not-restarted",
        "Why is container {container} of {object} not restarted?",
        "{object} 的容器 {container} 为什么没有重启？",
        "",
        None,
    ),
    row("ask.terminating", "Why is {object} still there?", "{object} 为什么还在？", "", None),
    row("ask.exists", "Why does {object} exist?", "{object} 为什么存在？", "", None),
    row("ask.changed", "Why was {object} changed last?", "{object} 上一次为什么改变？", "", None),
    row("ask.gone", "Why is {object} gone?", "{object} 为什么不在了？", "", None),
    row("ask.endpoints", "Why has {object} no endpoints?", "{object} 为什么没有端点？", "", None),
    row(
        "ask.some-endpoints",
        "Why are some pods of {object} not among its endpoints?",
        "为什么 {object} 的部分 Pod 不在端点中？",
        "",
        None,
    ),
    row("ask.rollout", "Why is {object} not done?", "{object} 为什么没有完成？", "", None),
    row(
        "ask.condition",
        "Why is condition {type} of {object} {status}?",
        "{object} 的状况 {type} 为什么是 {status}？",
        "",
        None,
    ),
    row("ask.no-events", "Why has {object} no events?", "{object} 为什么没有事件？", "", None),
    row(
        "ask.event",
        "Why this event about {object}: {reason}?",
        "关于 {object} 的事件 {reason} 是怎么来的？",
        "",
        None,
    ),
    // Facts.
    row(
        "fact.filtered",
        "node {node}: {reasons} (plugin {plugin})",
        "节点 {node}：{reasons}（插件 {plugin}）",
        KUBE_SCHEDULER,
        Some((Of::Pod, "nodeSelector")),
    ),
    row("fact.never-tried", "the scheduler has not tried it yet", "调度器还没有尝试过", KUBE_SCHEDULER, None),
    row("fact.scheduler-paused", "the scheduler is paused", "调度器已暂停", KUBE_SCHEDULER, None),
    row(
        "fact.other-scheduler",
        "it asks for the scheduler {name}, which does not run here",
        "它要求使用调度器 {name}，而这里没有运行它",
        "tasks/extend-kubernetes/configure-multiple-schedulers/",
        Some((Of::Pod, "schedulerName")),
    ),
    row(
        "fact.gated",
        "its scheduling gate {gate} has not been removed",
        "它的调度门控 {gate} 还没有移除",
        "concepts/scheduling-eviction/pod-scheduling-readiness/",
        Some((Of::Pod, "schedulingGates")),
    ),
    row(
        "fact.scored",
        "node {node} scored {total}[: {scores}]",
        "节点 {node} 得分 {total}[：{scores}]",
        KUBE_SCHEDULER,
        None,
    ),
    row(
        "fact.only-node",
        "no other node passed all filters",
        "没有其他节点通过全部过滤",
        KUBE_SCHEDULER,
        None,
    ),
    row(
        "fact.node-name",
        "nodeName was set when it was created, so the scheduler had no say",
        "创建时就指定了 nodeName，没有经过调度器",
        "concepts/scheduling-eviction/assign-pod-node/#nodename",
        Some((Of::Pod, "nodeName")),
    ),
    row(
        "fact.probe",
        "container {container} has not passed its {probe} probe[: {message}]",
        "容器 {container} 没有通过 {probe} 探针[：{message}]",
        PROBES,
        Some((Of::Container, "{probe}")),
    ),
    row(
        "fact.waiting",
        "container {container} waits ({reason})[: {message}]",
        "容器 {container} 在等待（{reason}）[：{message}]",
        LIFECYCLE,
        None,
    ),
    row(
        "fact.terminated",
        "container {container} has ended ({reason}, exit code {code})",
        "容器 {container} 已结束（{reason}，退出码 {code}）",
        LIFECYCLE,
        None,
    ),
    row(
        "fact.init",
        "init container {container} has not completed, and the others wait for it",
        "初始化容器 {container} 尚未完成，其他容器在等待它",
        "concepts/workloads/pods/init-containers/",
        None,
    ),
    row(
        "fact.gate",
        "its readiness gate {gate} is not True",
        "它的就绪门控 {gate} 不为 True",
        "concepts/workloads/pods/pod-lifecycle/#pod-readiness-gate",
        Some((Of::Pod, "readinessGates")),
    ),
    row(
        "fact.deleting",
        "{object} is being deleted and gets no traffic any more",
        "{object} 正在删除，不再接收流量",
        TERMINATION,
        None,
    ),
    row("fact.node-down", "its node {node} is not ready", "它的节点 {node} 未就绪", NODES, None),
    row(
        "fact.never",
        "restartPolicy is Never",
        "restartPolicy 是 Never",
        RESTARTS,
        Some((Of::Pod, "restartPolicy")),
    ),
    row(
        "fact.on-failure",
        "restartPolicy is OnFailure, and it ended with exit code 0",
        "restartPolicy 是 OnFailure，而它以退出码 0 结束",
        RESTARTS,
        Some((Of::Pod, "restartPolicy")),
    ),
    row(
        "fact.backing-off",
        "the kubelet waits before it starts it again: {message}",
        "kubelet 在重新启动它之前等待：{message}",
        RESTARTS,
        Some((Of::Pod, "restartPolicy")),
    ),
    row("fact.soon", "the kubelet is about to start it again", "kubelet 即将重新启动它", RESTARTS, None),
    row(
        "fact.grace",
        "its grace period of {grace} s ends at {due}",
        "它的宽限期为 {grace} 秒，到 {due} 结束",
        TERMINATION,
        Some((Of::Pod, "terminationGracePeriodSeconds")),
    ),
    row(
        "fact.finalizer",
        "finalizer {finalizer} has not been removed",
        "终结器 {finalizer} 还没有移除",
        "concepts/overview/working-with-objects/finalizers/",
        None,
    ),
    row(
        "fact.kubelet-silent",
        "the kubelet of {node} does not answer, so nobody can say that its containers have ended",
        "{node} 的 kubelet 没有响应，无法确认容器已结束",
        NODES,
        None,
    ),
    row(
        "fact.no-selector",
        "it has no selector, so its endpoints are nobody's but yours",
        "它没有选择器，端点需要自己维护",
        SERVICE,
        None,
    ),
    row(
        "fact.matches-nothing",
        "no pod in namespace {namespace} has the labels {selector}",
        "命名空间 {namespace} 中没有带标签 {selector} 的 Pod",
        SERVICE,
        Some((Of::Object, "selector")),
    ),
    row(
        "fact.nearest",
        "the nearest is {pod}, whose labels are {labels}",
        "最接近的是 {pod}，它的标签是 {labels}",
        "concepts/overview/working-with-objects/labels/",
        Some((Of::Object, "selector")),
    ),
    row(
        "fact.no-pods",
        "there are no pods in namespace {namespace}",
        "命名空间 {namespace} 中没有 Pod",
        SERVICE,
        None,
    ),
    row(
        "fact.elsewhere",
        "{pod} in namespace {namespace} has these labels; a Service sees only its own namespace",
        "命名空间 {namespace} 的 {pod} 带有这些标签，但 Service 只看自己的命名空间",
        SERVICE,
        None,
    ),
    row("fact.not-ready", "{pod} matches but is not ready", "{pod} 匹配但未就绪", PROBES, None),
    row("fact.no-ip", "{pod} matches but has no address yet", "{pod} 匹配但还没有地址", SERVICE, None),
    row("fact.ended", "{pod} matches but has ended", "{pod} 匹配但已结束", LIFECYCLE, None),
    row(
        "fact.named-port",
        "{pod} has no port named {port}",
        "{pod} 没有名为 {port} 的端口",
        "concepts/services-networking/service/#field-spec-ports",
        Some((Of::Object, "ports")),
    ),
    row(
        "fact.paused",
        "it is paused",
        "它已暂停",
        "concepts/workloads/controllers/deployment/#pausing-and-resuming-a-deployment",
        Some((Of::Object, "paused")),
    ),
    row(
        "fact.replica-failure",
        "pods could not be made: {message}",
        "无法创建 Pod：{message}",
        DEPLOYMENT,
        None,
    ),
    row(
        "fact.counts",
        "{ready} of {want} pods are ready, {updated} are of the newest template, {available} available",
        "{want} 个 Pod 中 {ready} 个就绪，{updated} 个是最新模板，{available} 个可用",
        DEPLOYMENT,
        Some((Of::Object, "replicas")),
    ),
    row(
        "fact.bounds",
        "the strategy allows at most {surge} pods too many and {unavailable} unavailable ones",
        "策略最多允许多出 {surge} 个 Pod、缺少 {unavailable} 个可用 Pod",
        "concepts/workloads/controllers/deployment/#rolling-update-deployment",
        Some((Of::Object, "strategy")),
    ),
    row(
        "fact.min-ready",
        "a pod counts as available only after minReadySeconds ({seconds} s)",
        "Pod 就绪 {seconds} 秒（minReadySeconds）后才算可用",
        DEPLOYMENT,
        Some((Of::Object, "minReadySeconds")),
    ),
    row("fact.pod-word", "{pod} is {status}", "{pod} 是 {status}", DEBUG_PODS, None),
    row("fact.condition", "{message} ({reason})", "{message}（{reason}）", "", None),
    row(
        "fact.no-component",
        "no component has had anything to tell about it yet; events are kept for one hour",
        "还没有组件报告过它的任何事情；事件只保留一小时",
        "reference/kubernetes-api/cluster-resources/event-v1/",
        None,
    ),
    row(
        "fact.expired",
        "its events are more than an hour old and have been dropped",
        "它的事件已超过一小时，已被清除",
        "reference/kubernetes-api/cluster-resources/event-v1/",
        None,
    ),
    row(
        "fact.listening",
        "nothing listens on port {port} in {pod}",
        "{pod} 中没有进程监听端口 {port}",
        SERVICE,
        None,
    ),
];

fn find(key: &str) -> Option<&'static Row> {
    ROWS.iter().chain(super::requests::ROWS).find(|r| r.key == key)
}

/// Whether there is a sentence for a key.
pub fn has(key: &str) -> bool {
    find(key).is_some()
}

/// The address of the page of the Kubernetes documentation behind a key.
pub fn doc(key: &str) -> Option<String> {
    find(key).filter(|r| !r.page.is_empty()).map(|r| format!("https://kubernetes.io/docs/{}", r.page))
}

/// The field of a manifest that decides a key.
pub fn field(key: &str) -> Option<(Of, &'static str)> {
    find(key)?.field
}

/// The sentence of a link.
pub fn sentence(link: &Link, language: Language) -> String {
    let row =
        find(&link.key).or_else(|| find(if link.key.starts_with("write.") { "write.other" } else { "" }));
    let Some(row) = row else { return format!("{} {}", link.key, object(&link.object)) };
    let template = if language == Language::Chinese { row.chinese } else { row.english };
    let value = |name: &str| match name {
        "object" => Some(object(&link.object)),
        "actor" => Some(link.actor.to_string()),
        name => link.values.iter().find(|(k, _)| *k == name).map(|(_, v)| v.to_string()),
    };
    let mut text = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('[') {
        let (part, after) = after.split_once(']').unwrap_or((after, ""));
        text += &fill(before, &value).0;
        let (part, whole) = fill(part, &value);
        if whole {
            text += &part;
        }
        rest = after;
    }
    text += &fill(rest, &value).0;
    if link.again > 0 {
        text += &match language {
            Language::English if link.again == 1 => " (as once before)".to_string(),
            Language::English => format!(" (as {} times before)", link.again),
            Language::Chinese => format!("（之前还有 {} 次）", link.again),
        };
    }
    text
}

/// Puts values into a template; tells whether all were there.
fn fill(template: &str, value: &dyn Fn(&str) -> Option<String>) -> (String, bool) {
    let (mut text, mut whole, mut rest) = (String::new(), true, template);
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}').unwrap_or((after, ""));
        let found = value(name).unwrap_or_default();
        whole &= !found.is_empty() && found != "0";
        text += before;
        text += &found;
        rest = after;
    }
    text += rest;
    (text, whole)
}

/// `pods/default/web/main` as a person says it: `pod web`, with the namespace unless it is the usual one.
pub fn object(path: &str) -> String {
    let parts: Vec<&str> = path.split('/').collect();
    let Some(info) = parts.first().and_then(|p| Kind::of_plural(p, None)).map(Kind::info) else {
        return path.to_string();
    };
    match (info.namespaced, parts.as_slice()) {
        (true, [_, "default", name, ..]) | (false, [_, name, ..]) => format!("{} {name}", info.singular),
        (true, [_, namespace, name, ..]) => format!("{} {namespace}/{name}", info.singular),
        _ => path.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::Text;

    #[test]
    fn optional_parts_go_where_a_value_is_missing() {
        let said = |values: Vec<(&'static str, Text)>, language| {
            sentence(&Link::fact("container.started", "pods/shop/web/main", values), language)
        };
        let first = vec![("container", Text::lit("main")), ("restarts", Text::lit("0"))];
        let third = vec![("container", Text::lit("main")), ("restarts", Text::lit("3"))];
        assert_eq!(said(first, Language::English), "container main of pod shop/web was started");
        assert_eq!(
            said(third.clone(), Language::English),
            "container main of pod shop/web was started (restart 3)"
        );
        assert_eq!(said(third, Language::Chinese), "pod shop/web 的容器 main 启动了（第 3 次重启）");
    }

    #[test]
    fn both_languages_use_the_same_values() {
        let names = |t: &str| {
            let mut names: Vec<String> =
                t.split('{').skip(1).filter_map(|p| p.split_once('}')).map(|(n, _)| n.to_string()).collect();
            names.sort();
            names.dedup();
            names
        };
        for row in ROWS.iter().chain(crate::why::requests::ROWS) {
            assert_eq!(names(row.english), names(row.chinese), "{}", row.key);
            assert!(
                !row.page.starts_with('/') && (row.page.is_empty() || row.page.contains('/')),
                "{}",
                row.key
            );
        }
    }
}
