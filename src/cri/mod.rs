//! The container runtime of all nodes: sandboxes, containers, logs, exec, image pulls, memory and OOM,
//! on top of [`crate::os::World`].
//!
//! Pure: every call takes `now`; calls that take time say when they return ([`Timed::at`]), and the
//! kubelet sets a timer for that instant. Whatever ends by itself (a process, an exec, a probe) is
//! reported by [`Runtime::take_events`]. The runtime never sees the API server.
//!
//! How a kubelet uses it, per pod: [`Runtime::run_pod_sandbox`] → at `at`: for each container
//! [`Runtime::pull_image`] if need be, [`Runtime::create_container`], [`Runtime::start_container`] →
//! [`Runtime::status`] … [`Runtime::stop_container`] → [`Runtime::stop_pod_sandbox`] →
//! [`Runtime::remove_pod_sandbox`].

mod types;

pub use types::*;

use crate::api::Text;
use crate::fs::TreeId;
use crate::os::World;
use crate::time::{Span, Time};

/// The container runtimes of all nodes.
#[derive(Clone, Debug, Default)]
pub struct Runtime {}

#[allow(unused_variables)]
impl Runtime {
    /// Adds a node: its machine in the world, its root file tree, its images.
    pub fn add_node(&mut self, world: &mut World, config: NodeConfig) -> NodeId {
        unimplemented!()
    }

    /// The number of a node.
    pub fn node(&self, name: &str) -> Option<NodeId> {
        unimplemented!()
    }

    /// The node's root file tree (hostPath volumes).
    pub fn node_root(&self, node: NodeId) -> TreeId {
        unimplemented!()
    }

    // Images.

    /// The image that `reference` names on this node, if it is present: (image id, size in bytes).
    pub fn image_status(&self, node: NodeId, reference: &str) -> Option<(Text, u64)> {
        unimplemented!()
    }

    /// All images of a node in the order of `status.images`: (names, size in bytes).
    pub fn images(&self, node: NodeId) -> Vec<(Vec<Text>, u64)> {
        unimplemented!()
    }

    /// Pulls an image (or checks its manifest, if it is present). It is present from `at` on.
    pub fn pull_image(&mut self, now: Time, node: NodeId, reference: &str) -> Timed<Pull> {
        unimplemented!()
    }

    /// Whether the reference can be parsed; `Err`: the text behind `couldn't parse image name "X": `,
    /// `Ok`: the full name, e.g. `docker.io/library/nginx:latest`.
    pub fn parse_image(reference: &str) -> Result<Text, Text> {
        unimplemented!()
    }

    /// The user that the image runs as: a number, or a name that the runtime cannot map to root's
    /// (for `runAsNonRoot`). `None` if the image is absent.
    pub fn image_user(&self, node: NodeId, reference: &str) -> Option<Text> {
        unimplemented!()
    }

    // Sandboxes.

    /// Makes a sandbox with its network; the address is known at once. `Err`: the text behind
    /// `Failed to create pod sandbox: `.
    pub fn run_pod_sandbox(
        &mut self,
        world: &mut World,
        now: Time,
        node: NodeId,
        config: SandboxConfig,
    ) -> Timed<Result<SandboxId, Text>> {
        unimplemented!()
    }

    /// The sandbox's address.
    pub fn sandbox_ip(&self, id: SandboxId) -> Option<Text> {
        unimplemented!()
    }

    /// Kills what still runs in it and takes its network down.
    pub fn stop_pod_sandbox(&mut self, world: &mut World, now: Time, id: SandboxId) {
        unimplemented!()
    }

    /// Removes a stopped sandbox with its containers and their logs.
    pub fn remove_pod_sandbox(&mut self, world: &mut World, now: Time, id: SandboxId) {
        unimplemented!()
    }

    // Containers.

    /// Makes a container with its file system. `Err`: the text behind `Error: ` in the event
    /// (reason CreateContainerError).
    pub fn create_container(
        &mut self,
        world: &mut World,
        now: Time,
        sandbox: SandboxId,
        config: ContainerConfig,
    ) -> Timed<Result<ContainerId, Text>> {
        unimplemented!()
    }

    /// Starts a container; its first instruction runs at `at`. `Err`: the text behind `Error: ` in the
    /// event (reason RunContainerError); the container is then Exited with code 128, `StartError`.
    pub fn start_container(
        &mut self,
        world: &mut World,
        now: Time,
        id: ContainerId,
    ) -> Timed<Result<(), Text>> {
        unimplemented!()
    }

    /// Sends the image's stop signal now and KILL after `grace`; the exit comes as an event.
    /// With `grace` zero KILL comes at once.
    pub fn stop_container(&mut self, world: &mut World, now: Time, id: ContainerId, grace: Span) {
        unimplemented!()
    }

    /// Removes a container that does not run, with its writable layer and log.
    pub fn remove_container(&mut self, world: &mut World, id: ContainerId) {
        unimplemented!()
    }

    /// A container's state.
    pub fn status(&self, id: ContainerId) -> Option<ContainerStatus> {
        unimplemented!()
    }

    /// The containers of a sandbox in order of creation.
    pub fn containers(&self, sandbox: SandboxId) -> Vec<ContainerId> {
        unimplemented!()
    }

    /// Changes the limits of a running container (in-place resize).
    pub fn update_container(
        &mut self,
        world: &mut World,
        id: ContainerId,
        memory_limit: Option<u64>,
        cpu_limit: Option<u64>,
        cpu_request: u64,
    ) {
        unimplemented!()
    }

    /// Reads a file of the container (`terminationMessagePath`), at most `max` bytes.
    pub fn read_file(&self, world: &World, id: ContainerId, path: &str, max: usize) -> Option<Vec<u8>> {
        unimplemented!()
    }

    /// What a container uses now.
    pub fn usage(&self, world: &World, id: ContainerId) -> Usage {
        unimplemented!()
    }

    /// What a node uses now.
    pub fn node_usage(&self, world: &World, node: NodeId) -> Usage {
        unimplemented!()
    }

    // Logs.

    /// The log lines of a container from the `from`-th on (lines are numbered from 0; those that
    /// rotation dropped are skipped), and the number of the next line to come.
    pub fn log(&self, id: ContainerId, from: u64) -> (Vec<LogEntry>, u64) {
        unimplemented!()
    }

    // Exec, attach, probes: sessions.

    /// Runs a command in a running container. `Err`: the text from `failed to exec in container: ` on,
    /// as containerd words it.
    pub fn exec(
        &mut self,
        world: &mut World,
        now: Time,
        id: ContainerId,
        config: ExecConfig,
    ) -> Result<SessionId, Text> {
        unimplemented!()
    }

    /// Attaches to a running container's first process: output from now on, input if `stdin`.
    /// `None` if it does not run.
    pub fn attach(
        &mut self,
        world: &mut World,
        now: Time,
        id: ContainerId,
        stdin: bool,
    ) -> Option<SessionId> {
        unimplemented!()
    }

    /// Feeds standard input.
    pub fn write_stdin(&mut self, world: &mut World, session: SessionId, bytes: &[u8]) {
        unimplemented!()
    }

    /// Ends standard input.
    pub fn close_stdin(&mut self, world: &mut World, session: SessionId) {
        unimplemented!()
    }

    /// Tells the size of the client's terminal.
    pub fn resize(&mut self, world: &mut World, session: SessionId, size: (u32, u32)) {
        unimplemented!()
    }

    /// Takes what has come out: (standard output, standard error).
    pub fn take_output(&mut self, world: &mut World, session: SessionId) -> (Vec<u8>, Vec<u8>) {
        unimplemented!()
    }

    /// How a session has ended, once it has.
    pub fn session_end(&self, session: SessionId) -> Option<SessionEnd> {
        unimplemented!()
    }

    /// Forgets a session; what it runs goes on without its streams (a terminal hangs up).
    pub fn close_session(&mut self, world: &mut World, session: SessionId) {
        unimplemented!()
    }

    /// Sends an HTTP GET from the node; ends as [`SessionEnd::Http`] or [`SessionEnd::Failed`].
    pub fn http_get(&mut self, world: &mut World, now: Time, node: NodeId, request: HttpGet) -> SessionId {
        unimplemented!()
    }

    /// Dials TCP from the node; ends as [`SessionEnd::Connected`] or [`SessionEnd::Failed`].
    pub fn tcp_dial(
        &mut self,
        world: &mut World,
        now: Time,
        node: NodeId,
        ip: &str,
        port: u16,
        timeout: Span,
    ) -> SessionId {
        unimplemented!()
    }

    // Driving. The façade calls `settle` after each `World::run`, and again at `next_due`.

    /// Collects output and exits of processes, fires kill timers and time-outs.
    pub fn settle(&mut self, world: &mut World, now: Time) {
        unimplemented!()
    }

    /// When `settle` has something to do by itself.
    pub fn next_due(&self) -> Option<Time> {
        unimplemented!()
    }

    /// Takes what has happened since the last call.
    pub fn take_events(&mut self) -> Vec<RuntimeEvent> {
        unimplemented!()
    }
}
