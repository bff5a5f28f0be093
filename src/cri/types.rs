//! What the kubelet asks of the container runtime, and what it sees: plain data.

use crate::api::Text;
use crate::fs::TreeId;
use crate::images::grpc::Health;
use crate::images::{OwnImage, Preset};
use crate::time::{Span, Time};

/// A pod sandbox; never reused within a scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SandboxId(pub u32);

/// A container instance (every restart makes a new one); never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ContainerId(pub u32);

/// An exec, an attach, an HTTP request or a TCP dial under way; never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(pub u32);

/// A node as the runtime numbers it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub u32);

/// An answer and the instant at which the caller may have it: the caller sets a timer for `at`.
#[derive(Clone, Debug, PartialEq)]
pub struct Timed<T> {
    /// When the call returns.
    pub at: Time,
    /// What it returns then.
    pub result: T,
}

/// The state of the image registries.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum RegistryState {
    /// They answer.
    #[default]
    Up,
    /// They refuse connections.
    Down,
    /// They answer this many times more slowly.
    Slow(f64),
}

/// Settings of all runtimes.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// The scenario's seed.
    pub seed: u64,
    /// Which registries there are.
    pub preset: Preset,
    /// Images that the scenario declares.
    pub own_images: Vec<OwnImage>,
    /// The state of the registries.
    pub registry: RegistryState,
    /// Whether all nodes share one machine (as the recorded cluster's did): starting pods on one then
    /// slows the others, too.
    pub shared_machine: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            seed: 0,
            preset: Preset::default(),
            own_images: Vec::new(),
            registry: RegistryState::Up,
            shared_machine: false,
        }
    }
}

/// A node to be added to the cluster.
#[derive(Clone, Debug, PartialEq)]
pub struct NodeConfig {
    /// e.g. `worker01`.
    pub name: Text,
    /// e.g. `192.168.10.12`.
    pub ip: Text,
    /// e.g. `10.224.1.0/24`.
    pub pod_cidr: Text,
    /// Processors.
    pub cpus: u32,
    /// Memory in bytes.
    pub memory: u64,
    /// Disk for images, logs, container layers and emptyDirs, in bytes.
    pub disk: u64,
    /// Images that are present from the beginning.
    pub images: Vec<Text>,
}

/// What `RunPodSandbox` gets.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct SandboxConfig {
    /// The pod's namespace.
    pub namespace: Text,
    /// The pod's name.
    pub name: Text,
    /// The pod's uid.
    pub uid: Text,
    /// How many sandboxes the pod had before.
    pub attempt: u32,
    /// What `hostname` says in it (the node's name with `host_network`).
    pub hostname: Text,
    /// Whether it uses the node's network.
    pub host_network: bool,
    /// Whether it uses the node's processes.
    pub host_pid: bool,
    /// Whether its containers share one process namespace (the pause process is 1 there).
    pub share_pid: bool,
    /// `/etc/resolv.conf` as the kubelet writes it.
    pub resolv_conf: Text,
    /// Memory limit of the pod's cgroup in bytes, if all containers are limited.
    pub memory_limit: Option<u64>,
    /// Kernel parameters of the pod, by their names with dots.
    pub sysctls: Vec<(Text, Text)>,
    /// Whether the pod has a user namespace of its own.
    pub own_users: bool,
    /// The runtime's handler that is to run it, as a RuntimeClass names it; empty: the default one.
    pub handler: Text,
}

/// A volume's place in a container.
#[derive(Clone, Debug, PartialEq)]
pub struct Mount {
    /// Where it appears in the container.
    pub path: Text,
    /// The tree that holds it (an emptyDir, a projected volume, a node's root for a hostPath).
    pub tree: TreeId,
    /// The directory or file of the tree that appears, e.g. `/tmp/data`; empty for the whole tree.
    /// It must exist (the kubelet makes it).
    pub sub_path: Text,
    /// Whether it cannot be written.
    pub read_only: bool,
    /// Where it lies on the node, as errors name it.
    pub host_path: Text,
}

/// What a container's `securityContext` says about rights.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Security {
    /// All rights, and the node's devices and kernel parameters.
    pub privileged: bool,
    /// Capabilities beyond the runtime's own, e.g. `NET_ADMIN`, `ALL`.
    pub add: Vec<Text>,
    /// Capabilities to do without.
    pub drop: Vec<Text>,
    /// Whether `allowPrivilegeEscalation` is false.
    pub no_new_privs: bool,
    /// Whether a seccomp profile is in force.
    pub filtered: bool,
    /// Where a seccomp profile of one's own lies on the node; empty: none.
    pub seccomp: Text,
    /// The name of an AppArmor profile of one's own; empty: none.
    pub apparmor: Text,
}

/// What `CreateContainer` gets.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct ContainerConfig {
    /// The container's name in the pod.
    pub name: Text,
    /// Its restart count.
    pub attempt: u32,
    /// The image's reference as in the pod; it must be present on the node.
    pub image: Text,
    /// Replaces the image's entrypoint (and drops its cmd) if not empty; `$(VAR)` already expanded.
    pub command: Vec<Text>,
    /// Replaces the image's cmd if not empty; `$(VAR)` already expanded.
    pub args: Vec<Text>,
    /// Replaces the image's working directory if not empty.
    pub working_dir: Text,
    /// The pod's and services' variables; the runtime puts PATH, HOSTNAME, those of the image before them.
    pub env: Vec<(Text, Text)>,
    /// Volumes. The runtime itself adds /proc, /dev, /sys, and /etc/hostname, /etc/hosts, /etc/resolv.conf
    /// unless they are listed.
    pub mounts: Vec<Mount>,
    /// `runAsUser`; `None`: the image's.
    pub user: Option<u32>,
    /// `runAsGroup`; `None`: the image's.
    pub group: Option<u32>,
    /// `fsGroup` and `supplementalGroups`.
    pub groups: Vec<u32>,
    /// `supplementalGroupsPolicy: Strict`: the groups that the image gives the user do not count.
    pub strict_groups: bool,
    /// Rights.
    pub security: Security,
    /// `readOnlyRootFilesystem`.
    pub read_only_root: bool,
    /// `terminationMessagePath`; the file is made so that it can be written. Empty: `/dev/termination-log`.
    pub termination_path: Text,
    /// `tty`.
    pub tty: bool,
    /// `stdin`: without it, standard input is at its end.
    pub stdin: bool,
    /// `stdinOnce`: standard input ends with the first attached client.
    pub stdin_once: bool,
    /// Memory limit in bytes.
    pub memory_limit: Option<u64>,
    /// Processor limit in millicores.
    pub cpu_limit: Option<u64>,
    /// Processor request in millicores.
    pub cpu_request: u64,
    /// `oom_score_adj`, for the choice of a victim when the node runs out of memory.
    pub oom_score_adj: i32,
    /// Joins this container's process namespace (`kubectl debug --target`).
    pub target: Option<ContainerId>,
}

/// The states of a container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContainerState {
    /// Created, not started.
    Created,
    /// Its process runs (or will at `started_at`).
    Running,
    /// Its process has ended, or could not be started.
    Exited,
}

/// What `ContainerStatus` tells.
#[derive(Clone, Debug, PartialEq)]
pub struct ContainerStatus {
    /// Its number.
    pub id: ContainerId,
    /// Its sandbox.
    pub sandbox: SandboxId,
    /// The 64 hexadecimal digits behind `containerd://`.
    pub hex: Text,
    /// The container's name in the pod.
    pub name: Text,
    /// Its restart count.
    pub attempt: u32,
    /// The image's reference as configured.
    pub image: Text,
    /// What `imageID` shows.
    pub image_id: Text,
    /// Its state.
    pub state: ContainerState,
    /// When it was created.
    pub created_at: Time,
    /// When its process started; `None` if it never did.
    pub started_at: Option<Time>,
    /// When it ended.
    pub finished_at: Option<Time>,
    /// Its exit code once it has ended.
    pub exit_code: i32,
    /// `Completed`, `Error`, `OOMKilled`, `StartError` once it has ended.
    pub reason: &'static str,
    /// The runtime's message (why it could not be started); the termination message is the kubelet's job.
    pub message: Text,
    /// The signal that ended process 1, by number; 0 if none.
    pub signal: i32,
}

/// A command to be run in a container.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct ExecConfig {
    /// The command.
    pub argv: Vec<Text>,
    /// Whether the caller feeds standard input (else it is at its end).
    pub stdin: bool,
    /// Whether it runs on a terminal (standard error is then merged into standard output).
    pub tty: bool,
    /// Columns and rows of the terminal.
    pub size: (u32, u32),
    /// After this long it is killed and ends as [`SessionEnd::TimedOut`].
    pub timeout: Option<Span>,
}

/// An HTTP request that the kubelet sends from the node (probes and hooks).
#[derive(Clone, Debug, PartialEq, Default)]
pub struct HttpGet {
    /// The address.
    pub ip: Text,
    /// The port.
    pub port: u16,
    /// The path with its query.
    pub path: Text,
    /// Whether it speaks TLS (servers here do not: the handshake fails as with a plain server).
    pub https: bool,
    /// Headers; `Host` and `User-Agent` have the kubelet's defaults.
    pub headers: Vec<(Text, Text)>,
    /// When it is given up.
    pub timeout: Span,
}

/// How a session has ended.
#[derive(Clone, Debug, PartialEq)]
pub enum SessionEnd {
    /// The process ended with this code (128 + n for signals).
    Exit(i32),
    /// It was cut off after its timeout.
    TimedOut,
    /// The container ended first.
    ContainerGone,
    /// An HTTP answer: status and the beginning of the body. Redirections on the same host have been followed.
    Http(u16, Text),
    /// The answer to a gRPC health check.
    Health(Health),
    /// A gRPC connection stood, but no answer came in time.
    Unanswered,
    /// A TCP connection was made.
    Connected,
    /// It failed, in Go's words, e.g. `dial tcp 10.224.2.216:80: connect: connection refused`.
    Failed(Text),
}

/// What happened in the runtime, for kubelets that want to be woken; ordered by time.
#[derive(Clone, Debug, PartialEq)]
pub enum RuntimeEvent {
    /// A container's process has ended (also: could not be started).
    ContainerExited {
        /// On which node.
        node: NodeId,
        /// Which.
        container: ContainerId,
        /// When.
        at: Time,
    },
    /// A container's log has become so long that the kubelet rotates it when it looks next.
    LogGrown {
        /// On which node.
        node: NodeId,
        /// When.
        at: Time,
    },
    /// A session has ended; see [`super::Runtime::session_end`].
    SessionEnded {
        /// On which node.
        node: NodeId,
        /// Which.
        session: SessionId,
        /// When.
        at: Time,
    },
}

impl RuntimeEvent {
    /// On which node it happened.
    pub fn node(&self) -> NodeId {
        match self {
            RuntimeEvent::ContainerExited { node, .. }
            | RuntimeEvent::LogGrown { node, .. }
            | RuntimeEvent::SessionEnded { node, .. } => *node,
        }
    }
}

/// Which stream a log line came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogStream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// A line of a container's log.
#[derive(Clone, Debug, PartialEq)]
pub struct LogEntry {
    /// When it was written.
    pub at: Time,
    /// Where to.
    pub stream: LogStream,
    /// Whether the line goes on in the next entry (no newline yet).
    pub partial: bool,
    /// The line without its newline.
    pub bytes: Text,
}

/// What an image pull comes to.
#[derive(Clone, Debug, PartialEq)]
pub struct Pull {
    /// `Ok`: the image's size in bytes; `Err`: the text behind `Failed to pull image "X": `.
    pub result: Result<u64, Text>,
}

/// Figures for `kubectl top`, eviction and `top`.
#[derive(Clone, Copy, Debug, PartialEq, Default)]
pub struct Usage {
    /// Resident memory in bytes.
    pub memory: u64,
    /// Processor use in millicores, after throttling.
    pub cpu: u64,
    /// Bytes on disk: writable layer and logs (for nodes: also images and emptyDirs).
    pub disk: u64,
}
