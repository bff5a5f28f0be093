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
    pods::patience(args).map_err(Fail::Usage)?;
    pods::first(cx, args, open)
}

/// Opens the ports once there is a pod.
fn open(cx: &mut Cx, args: &Args) -> Res<Option<Done>> {
    let target = &args.rest[0];
    let Some(pod) = pods::pod(cx, target)? else { return Ok(None) };
    let service = match target.split_once('/') {
        Some((kind, name)) if crate::kubectl::resource::kind_of(kind)? == Kind::SERVICE => {
            let namespace = cx.base.namespace.clone();
            Some(cx.get(Kind::SERVICE, &namespace, name)?)
        }
        _ => None,
    };
    let specs = &args.rest[1..];
    refuse_udp(service.as_ref().unwrap_or(&pod), specs)?;
    let mut wanted = Vec::new();
    for spec in specs {
        wanted.push(translated(&pod, service.as_ref(), spec)?);
    }
    let phase = pod.at("status.phase").str();
    if phase != "Running" {
        return Err(Fail::Plain(format!(
            "unable to forward port because pod is not running. Current status={phase}"
        )));
    }
    let mut pairs = Vec::new();
    for spec in &wanted {
        pairs.push(ports(spec)?);
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
    Ok(Some(Done::Task(Box::new(Forward { pod, doors, lines: vec![] }))))
}

/// `[LOCAL:]REMOTE` in its two parts.
fn split(spec: &str) -> (&str, &str) {
    match spec.split(':').collect::<Vec<_>>().as_slice() {
        [local, remote] => (local, remote),
        parts => (parts[0], parts[0]),
    }
}

/// The number of a named port of a pod's containers.
fn container_port(pod: &Object, name: &str) -> Res<i64> {
    let lists = [pod.at("spec.containers"), pod.at("spec.initContainers")];
    let mut all = lists.into_iter().flat_map(|l| l.items()).flat_map(|c| c["ports"].items());
    let found = all.find(|p| p["name"].str() == name);
    found
        .map(|p| p["containerPort"].int_or(0))
        .ok_or_else(|| Fail::Plain(format!("Pod '{}' does not have a named port '{name}'", pod.name())))
}

/// The number of a named port of a Service.
fn service_port(service: &Object, name: &str) -> Res<i64> {
    let found = service.at("spec.ports").items().iter().find(|p| p["name"].str() == name);
    found.map(|p| p["port"].int_or(0)).ok_or_else(|| {
        Fail::Plain(format!("Service '{}' does not have a named port '{name}'", service.name()))
    })
}

/// Refuses ports that a pod or Service has for UDP alone.
fn refuse_udp(object: &Object, specs: &[String]) -> Res<()> {
    let is_service = object.kind == Kind::SERVICE;
    let all: Vec<(i64, &str)> = if is_service {
        let ports = object.at("spec.ports").items().iter();
        ports.map(|p| (p["port"].int_or(0), p["protocol"].str())).collect()
    } else {
        let ports = object.at("spec.containers").items().iter().flat_map(|c| c["ports"].items());
        ports.map(|p| (p["containerPort"].int_or(0), p["protocol"].str())).collect()
    };
    for spec in specs {
        let (_, remote) = split(spec);
        let number = match remote.parse::<i64>() {
            Ok(number) => number,
            Err(_) if remote.is_empty() && !is_service => {
                return Err("remote port cannot be empty".into());
            }
            Err(_) if is_service => service_port(object, remote)?,
            Err(_) => container_port(object, remote)?,
        };
        if all.contains(&(number, "UDP")) && !all.contains(&(number, "TCP")) {
            return Err(Fail::Plain(format!("UDP protocol is not supported for {remote}")));
        }
    }
    Ok(())
}

/// A pair of ports with the names and the Service's ports made into those of the pod.
fn translated(pod: &Object, service: Option<&Object>, spec: &str) -> Res<String> {
    let (local, remote) = split(spec);
    let Some(service) = service else {
        let to = match remote.parse::<i64>() {
            Ok(_) => remote.to_string(),
            Err(_) => container_port(pod, remote)?.to_string(),
        };
        return Ok(if local == remote { to } else { format!("{local}:{to}") });
    };
    let named = remote.parse::<i64>().is_err();
    let number = if named { service_port(service, remote)? } else { remote.parse().unwrap_or(0) };
    let from = if named && local == remote { number.to_string() } else { local.to_string() };
    let port = service.at("spec.ports").items().iter().find(|p| p["port"].int_or(0) == number);
    let Some(port) = port else {
        return Err(Fail::Plain(format!("Service {} does not have a service port {number}", service.name())));
    };
    let target = &port["targetPort"];
    let to = match target.as_int() {
        _ if service.at("spec.clusterIP").str() == "None" => number,
        Some(0) => number,
        Some(n) => n,
        None if target.str().is_empty() => number,
        None => container_port(pod, target.str())?,
    };
    Ok(if from == to.to_string() { from } else { format!("{from}:{to}") })
}

/// (local port, port of the pod)
fn ports(spec: &str) -> Res<(u16, u16)> {
    let (local, remote) = match spec.split(':').collect::<Vec<_>>().as_slice() {
        [port] => (*port, *port),
        ["", remote] => ("0", *remote),
        [local, remote] => (*local, *remote),
        _ => return Err(Fail::Plain(format!("invalid port format '{spec}'"))),
    };
    let number = |text: &str, which: &str| {
        let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        text.parse::<u16>().map_err(|_| {
            let why = if digits { "value out of range" } else { "invalid syntax" };
            Fail::Plain(format!(
                "error parsing {which} port '{text}': strconv.ParseUint: parsing {text:?}: {why}"
            ))
        })
    };
    let pair = (number(local, "local")?, number(remote, "remote")?);
    if pair.1 == 0 {
        return Err("remote port must be > 0".into());
    }
    Ok(pair)
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
