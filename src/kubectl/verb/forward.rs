//! `kubectl port-forward`: a port of the workstation that leads into a pod.

use super::pods;
use crate::api::request::{Channel, StreamEnd, StreamId, Verb as Method};
use crate::api::{Kind, Object, Request, Response, Text};
use crate::kubectl::cx::{Cx, Done, Outcome, Poll, Task};
use crate::kubectl::fail::{Fail, Res};
use crate::kubectl::flags::{Args, Flag, slice, span};
use crate::os::{Errno, Fd, Wait};

/// Flags.
pub const FLAGS: &[Flag] = &[slice("address", ' '), span("pod-running-timeout", "1m0s")];

/// The first port that is given to those who ask for any (Linux's ephemeral range).
const ANY_PORT: u16 = 34_567;

/// Runs the verb.
pub fn run(cx: &mut Cx, args: &Args) -> Outcome {
    if args.rest.len() < 2 {
        return Err(Fail::Usage("TYPE/NAME and list of ports are required for port-forward".into()));
    }
    let target = &args.rest[0];
    let pod = pods::pod(cx, target)?;
    let service = match target.split_once('/') {
        Some((kind, name)) if crate::kubectl::resource::kind_of(kind)? == Kind::SERVICE => {
            let namespace = cx.base.namespace.clone();
            Some(cx.get(Kind::SERVICE, &namespace, name)?)
        }
        _ => None,
    };
    let mut pairs = Vec::new();
    for spec in &args.rest[1..] {
        pairs.push(ports(&pod, service.as_ref(), spec)?);
    }
    let phase = pod.at("status.phase").str();
    if phase != "Running" {
        return Err(Fail::Plain(format!(
            "unable to forward port because pod is not running. Current status={phase}"
        )));
    }
    let mut doors = Vec::new();
    for (local, remote) in pairs {
        let port = if local == 0 { ANY_PORT } else { local };
        match cx.sys.listen(port) {
            Ok(fd) => {
                let text = format!(
                    "Forwarding from 127.0.0.1:{port} -> {remote}\nForwarding from [::1]:{port} -> {remote}\n"
                );
                cx.print(&text);
                doors.push(Door { fd, local: port, remote });
            }
            Err(_) => {
                cx.eprint(&format!("Unable to listen on port {port}: Listeners failed to create with the following errors: [unable to create listener: Error listen tcp4 127.0.0.1:{port}: bind: address already in use unable to create listener: Error listen tcp6 [::1]:{port}: bind: address already in use]\n"));
                return Err(Fail::Plain(format!(
                    "unable to listen on any of the requested ports: [{{{port} {remote}}}]"
                )));
            }
        }
    }
    Ok(Done::Task(Box::new(Forward { pod, doors, lines: vec![] })))
}

/// (local port, port of the pod)
fn ports(pod: &Object, service: Option<&Object>, spec: &str) -> Res<(u16, u16)> {
    let (local, remote) = match spec.split_once(':') {
        Some(("", remote)) => ("0", remote),
        Some((local, remote)) => (local, remote),
        None => (spec, spec),
    };
    let named = |name: &str| -> Option<u16> {
        let all = pod.at("spec.containers").items().iter().flat_map(|c| c["ports"].items());
        let found = all.into_iter().find(|p| p["name"].str() == name)?;
        u16::try_from(found["containerPort"].int_or(0)).ok()
    };
    let mut to = match remote.parse::<u16>() {
        Ok(n) => n,
        Err(_) if remote.bytes().all(|b| b.is_ascii_digit()) && !remote.is_empty() => {
            return Err(Fail::Plain(format!(
                "error parsing remote port '{remote}': strconv.ParseUint: parsing {remote:?}: value out of range"
            )));
        }
        Err(_) => named(remote).ok_or_else(|| {
            Fail::Plain(format!("Pod '{}' does not have a named port '{remote}'", pod.name()))
        })?,
    };
    let from = match local.parse::<u16>() {
        Ok(n) => n,
        Err(_) if local == remote => to,
        Err(_) => {
            return Err(Fail::Plain(format!(
                "error parsing local port {local:?}: strconv.ParseUint: parsing {local:?}: invalid syntax"
            )));
        }
    };
    if let Some(service) = service {
        let found = service
            .at("spec.ports")
            .items()
            .iter()
            .find(|p| p["port"].as_int() == Some(i64::from(to)) || p["name"].str() == remote);
        let Some(port) = found else {
            return Err(Fail::Plain(format!("Service {} does not have a service port {to}", service.name())));
        };
        let target = &port["targetPort"];
        to = match target.as_int() {
            Some(n) => u16::try_from(n).unwrap_or(to),
            None => named(target.str()).unwrap_or(to),
        };
    }
    Ok((from, to))
}

#[derive(Clone, Debug)]
struct Door {
    fd: Fd,
    local: u16,
    remote: u16,
}

/// A connection and the stream that carries it.
#[derive(Clone, Debug)]
struct Line {
    fd: Fd,
    door: (u16, u16),
    stream: StreamId,
    pending: Vec<u8>,
    ended: bool,
}

#[derive(Clone, Debug)]
struct Forward {
    pod: Object,
    doors: Vec<Door>,
    lines: Vec<Line>,
}

impl Forward {
    fn accept(&mut self, cx: &mut Cx) {
        for door in self.doors.clone() {
            while let Ok((fd, _)) = cx.sys.accept(door.fd) {
                cx.print(&format!("Handling connection for {}\n", door.local));
                let mut request =
                    Request::new(Method::Create, Kind::POD, Some(self.pod.namespace()), self.pod.name());
                request.subresource = "portforward";
                request.options.query.push(("ports", Text::from(door.remote.to_string())));
                match cx.send(request) {
                    Ok(Response::Stream(stream)) => {
                        let door = (door.local, door.remote);
                        self.lines.push(Line { fd, door, stream, pending: vec![], ended: false });
                    }
                    _ => cx.sys.close(fd),
                }
            }
        }
    }

    /// Moves bytes both ways.
    fn carry(line: &mut Line, cx: &mut Cx) -> State {
        while !line.ended {
            match cx.sys.read(line.fd, 65_536) {
                Ok(bytes) if bytes.is_empty() => line.ended = true,
                Ok(bytes) => {
                    if let Some(client) = cx.sys.client() {
                        client.stream_write(line.stream, &bytes);
                    }
                    continue;
                }
                Err(Errno::EAGAIN) => break,
                Err(_) => line.ended = true,
            }
            if let Some(client) = cx.sys.client() {
                client.stream_close_input(line.stream);
            }
        }
        let arrived = cx.sys.client().map(|c| c.stream_read(line.stream)).unwrap_or_default();
        for (channel, bytes) in arrived {
            if channel == Channel::Out {
                line.pending.extend(bytes);
            }
        }
        while !line.pending.is_empty() {
            match cx.sys.write(line.fd, &line.pending) {
                Ok(n) if n > 0 => {
                    line.pending.drain(..n.min(line.pending.len()));
                }
                Err(Errno::EAGAIN) | Ok(_) => return State::Open,
                Err(_) => return State::Over,
            }
        }
        match cx.sys.client().map(|c| c.stream_end(line.stream)) {
            Some(None) => State::Open,
            Some(Some(StreamEnd::Error(status))) => State::Broken(status.message),
            _ => State::Over,
        }
    }
}

/// How it is with a connection.
enum State {
    Open,
    Over,
    /// The pod's side failed; what it said.
    Broken(Text),
}

impl Task for Forward {
    fn poll(&mut self, cx: &mut Cx) -> Poll {
        self.accept(cx);
        let mut lost = false;
        for mut line in std::mem::take(&mut self.lines) {
            match Forward::carry(&mut line, cx) {
                State::Open => {
                    self.lines.push(line);
                    continue;
                }
                State::Broken(why) => {
                    let (local, remote) = line.door;
                    let text = format!("an error occurred forwarding {local} -> {remote}: {why}");
                    cx.klog('E', "portforward.go:522", &format!("\"Unhandled Error\" err={text:?}"));
                    lost = true;
                }
                State::Over => {}
            }
            cx.sys.close(line.fd);
            cx.close(line.stream);
        }
        if lost {
            return Poll::Done(Err("lost connection to pod".into()));
        }
        let mut readable: Vec<Fd> = self.doors.iter().map(|d| d.fd).collect();
        readable.extend(self.lines.iter().filter(|l| !l.ended).map(|l| l.fd));
        let writable = self.lines.iter().filter(|l| !l.pending.is_empty()).map(|l| l.fd).collect();
        Poll::Wait(Wait { readable, writable, api: true, ..Wait::default() })
    }

    fn boxed_clone(&self) -> Box<dyn Task> {
        Box::new(self.clone())
    }
}
