//! Connections that clients have carried into a pod (`kubectl port-forward`).
//!
//! containerd dials `localhost:PORT` in the sandbox's network; bytes go both ways until either side closes.

use super::types::{SandboxId, SessionEnd, SessionId};
use super::{Kind, Runtime, Session, Streams};
use crate::api::Text;
use crate::os::{Errno, World};
use crate::rng::Rng;
use crate::time::Time;

/// How many bytes may wait to be taken by the pod.
const PENDING_BYTES: usize = 256 << 10;

/// How far a forwarded connection is.
#[derive(Clone, Debug)]
pub(super) struct Forward {
    sandbox: Text,
    port: u16,
    pending: Vec<u8>,
    input_ended: bool,
    connected: bool,
}

impl Runtime {
    /// Dials a port inside a sandbox.
    ///
    /// # Errors
    /// In containerd's words if the sandbox is gone.
    pub fn forward(
        &mut self,
        world: &mut World,
        now: Time,
        sandbox: SandboxId,
        port: u16,
    ) -> Result<SessionId, Text> {
        self.clock = now;
        world.advance_to(now);
        let s = self.sandboxes.get(&sandbox).filter(|s| !s.stopped);
        let Some(s) = s else {
            return Err(Text::lit("failed to find sandbox in store: not found"));
        };
        let (node, net, hex) = (s.node, s.net, s.hex.clone());
        let id = SessionId(self.number());
        let handle = world.dial_in(net, "127.0.0.1", port).ok();
        let forward =
            Forward { sandbox: hex, port, pending: Vec::new(), input_ended: false, connected: false };
        let streams = Streams { out: handle, err: None, input: None };
        self.open(world, id, Session::new(node, None, Kind::Forward(Box::new(forward)), streams));
        if handle.is_none() {
            self.forward_failed(world, now, id, Errno::ECONNREFUSED);
        }
        Ok(id)
    }

    /// Takes bytes from the client.
    pub(super) fn forward_input(&mut self, world: &mut World, id: SessionId, bytes: &[u8]) -> usize {
        let Some(forward) = self.forwarded(id) else { return bytes.len() };
        let n = bytes.len().min(PENDING_BYTES.saturating_sub(forward.pending.len()));
        forward.pending.extend_from_slice(&bytes[..n]);
        self.pump_forward(world, self.clock, id);
        n
    }

    /// The client has closed.
    pub(super) fn forward_ended(&mut self, world: &mut World, id: SessionId) {
        if let Some(forward) = self.forwarded(id) {
            forward.input_ended = true;
            self.pump_forward(world, self.clock, id);
        }
    }

    fn forwarded(&mut self, id: SessionId) -> Option<&mut Forward> {
        match &mut self.sessions.get_mut(&id)?.kind {
            Kind::Forward(forward) => Some(forward),
            _ => None,
        }
    }

    /// Moves bytes both ways.
    pub(super) fn pump_forward(&mut self, world: &mut World, now: Time, id: SessionId) {
        let Some(s) = self.sessions.get_mut(&id).filter(|s| s.end.is_none()) else { return };
        let (Kind::Forward(forward), Some(handle)) = (&mut s.kind, s.streams.out) else { return };
        match world.write(handle, &forward.pending) {
            Ok(n) => {
                forward.connected = true;
                forward.pending.drain(..n);
            }
            Err(Errno::EAGAIN) => {}
            Err(e) if !forward.connected => return self.forward_failed(world, now, id, e),
            Err(_) => forward.pending.clear(),
        }
        if !forward.connected {
            return;
        }
        let over = forward.input_ended && forward.pending.is_empty();
        let remote = super::sessions::drain(world, Some(handle), &mut s.out, false);
        if over || remote {
            self.finish(world, now, id, SessionEnd::Exit(0));
        }
    }

    fn forward_failed(&mut self, world: &mut World, now: Time, id: SessionId, e: Errno) {
        let seed = self.settings.seed;
        let Some(Forward { sandbox, port, .. }) = self.forwarded(id) else { return };
        let digits = Rng::stream(seed, &format!("netns {sandbox}")).hex(32);
        let (a, b, c) = (&digits[..8], &digits[8..12], &digits[12..16]);
        let namespace = format!("/var/run/netns/cni-{a}-{b}-{c}-{}-{}", &digits[16..20], &digits[20..]);
        let why = e.text().to_lowercase();
        let text = format!(
            "error forwarding port {port} to pod {sandbox}, uid : failed to execute portforward in network \
             namespace {namespace:?}: failed to connect to localhost:{port} inside namespace {:?}, IPv4: dial \
             tcp4 127.0.0.1:{port}: connect: {why} IPv6 dial tcp6 [::1]:{port}: connect: {why} ",
            sandbox.as_str()
        );
        self.finish(world, now, id, SessionEnd::Failed(Text::from(text)));
    }
}
