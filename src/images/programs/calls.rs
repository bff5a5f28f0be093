//! Servers that speak gRPC: the connections of their callers, and agnhost's `grpc-health-checking`.

use super::http::{Answer, Connection, Parsed, Server};
use super::web::flag;
use crate::api::Text;
use crate::images::grpc::{self, Health, PREFACE};
use crate::os::{Disposition, Errno, Fd, Program, STDERR, Signal, Spawn, Step, Sys, Sysr, Wait};
use crate::time::Time;

/// Connections that are kept at a time, and bytes of a call that are read.
const MAX_CALLERS: usize = 1024;
const CALL_BYTES: usize = 16 << 10;

/// A gRPC server's listener and connections.
#[derive(Clone, Debug)]
pub struct Calls {
    listener: Fd,
    callers: Vec<Caller>,
}

#[derive(Clone, Debug)]
struct Caller {
    fd: Fd,
    input: Vec<u8>,
    greeted: bool,
}

/// What becomes of a connection.
enum Turn {
    Wait,
    Close,
}

impl Calls {
    /// Listens on a port.
    ///
    /// # Errors
    /// The port is taken.
    pub fn listen(sys: &mut dyn Sys, port: u16) -> Sysr<Calls> {
        Ok(Calls { listener: sys.listen(port)?, callers: Vec::new() })
    }

    /// Does what can be done now. `health` is asked for the health of services; `plain` answers requests of
    /// HTTP/1, if the server takes them.
    pub fn poll(
        &mut self,
        sys: &mut dyn Sys,
        health: &mut dyn FnMut(&mut dyn Sys, &str) -> Health,
        plain: fn(&str) -> Option<String>,
    ) {
        while self.callers.len() < MAX_CALLERS {
            let Ok((fd, _)) = sys.accept(self.listener) else { break };
            self.callers.push(Caller { fd, input: Vec::new(), greeted: false });
        }
        let mut open = Vec::new();
        for mut caller in std::mem::take(&mut self.callers) {
            match caller.turn(sys, health, plain) {
                Turn::Wait => open.push(caller),
                Turn::Close => sys.close(caller.fd),
            }
        }
        self.callers = open;
    }

    /// Adds what it waits for.
    pub fn wait(&self, wait: &mut Wait) {
        wait.readable.push(self.listener);
        wait.readable.extend(self.callers.iter().map(|c| c.fd));
    }
}

impl Caller {
    fn turn(
        &mut self,
        sys: &mut dyn Sys,
        health: &mut dyn FnMut(&mut dyn Sys, &str) -> Health,
        plain: fn(&str) -> Option<String>,
    ) -> Turn {
        loop {
            match sys.read(self.fd, CALL_BYTES) {
                Ok(bytes) if !bytes.is_empty() && self.input.len() < CALL_BYTES => self.input.extend(bytes),
                Err(Errno::EAGAIN) => break,
                _ => return Turn::Close,
            }
        }
        if !self.greeted {
            let met = self.input.len().min(PREFACE.len());
            if self.input[..met] != PREFACE[..met] {
                return self.answer_plainly(sys, plain);
            }
            if met < PREFACE.len() {
                return Turn::Wait;
            }
            self.input.drain(..met);
            self.greeted = true;
            let _ = sys.write(self.fd, &grpc::settings());
        }
        if let Some(service) = grpc::asked(&self.input) {
            let answer = grpc::answer(health(sys, &service));
            let _ = sys.write(self.fd, &answer);
            return Turn::Close;
        }
        Turn::Wait
    }

    fn answer_plainly(&self, sys: &mut dyn Sys, plain: fn(&str) -> Option<String>) -> Turn {
        match super::http::parse(&self.input) {
            Parsed::More => Turn::Wait,
            Parsed::Bad(..) => Turn::Close,
            Parsed::Request(request) => {
                if let Some(answer) = plain(&request.path()) {
                    let _ = sys.write(self.fd, answer.as_bytes());
                }
                Turn::Close
            }
        }
    }
}

/// agnhost's `grpc-health-checking`.
#[derive(Clone, Debug)]
struct HealthChecking {
    port: u16,
    http_port: u16,
    service: Text,
    /// Seconds after which it is not healthy any more; negative: never.
    delay: i64,
    calls: Option<Calls>,
    http: Server,
    marks: Marks,
}

/// What is remembered of it.
#[derive(Clone, Debug, Default)]
struct Marks {
    started: Time,
    forced: Option<bool>,
}

/// Starts agnhost's `grpc-health-checking`.
pub fn health_checking(spawn: &Spawn) -> Box<dyn Program> {
    let port = |name, default| flag(spawn, name).and_then(|p| p.parse().ok()).unwrap_or(default);
    Box::new(HealthChecking {
        port: port("port", 5000),
        http_port: port("http-port", 8080),
        service: Text::from(flag(spawn, "service").unwrap_or_default()),
        delay: flag(spawn, "delay-unhealthy-sec").and_then(|s| s.parse().ok()).unwrap_or(-1),
        calls: None,
        http: Server::default(),
        marks: Marks::default(),
    })
}

impl Program for HealthChecking {
    fn boxed_clone(&self) -> Box<dyn Program> {
        Box::new(self.clone())
    }

    fn step(&mut self, sys: &mut dyn Sys) -> Step {
        if sys.take_signal().is_some() {
            // Go's runtime ends with 2 where a program does not handle TERM.
            return Step::Exit(2);
        }
        if self.calls.is_none() {
            sys.set_disposition(Signal::Term, Disposition::Catch);
            self.marks.started = sys.now();
            log(sys, &format!("Http server starting to listen on :{}", self.http_port));
            match sys.listen(self.http_port) {
                Ok(fd) => self.http.listeners.push((fd, self.http_port)),
                Err(e) => return refused(sys, "", self.http_port, e),
            }
            match Calls::listen(sys, self.port) {
                Ok(calls) => self.calls = Some(calls),
                Err(e) => {
                    return refused(sys, "Error while starting the listening service ", self.port, e);
                }
            }
            log(sys, &format!("gRPC server starting to listen on :{}", self.port));
        }
        let (marks, delay, own) = (self.marks.clone(), self.delay, self.service.clone());
        let mut health = |sys: &mut dyn Sys, service: &str| {
            let ago = sys.now().since(marks.started).0 as i64;
            let started = super::stamped("{iso}", sys.wall_micros() - ago);
            let text = format!("Serving the Check request for health check, started at {started} +0000 UTC");
            log(sys, &text);
            let late = delay >= 0 && ago >= delay.saturating_mul(1_000_000);
            match marks.forced.unwrap_or(false) || late {
                _ if service != own.as_str() => Health::UnknownService,
                true => Health::NotServing,
                false => Health::Serving,
            }
        };
        let mut wait = Wait::default();
        if let Some(calls) = &mut self.calls {
            calls.poll(sys, &mut health, |_| None);
            calls.wait(&mut wait);
        }
        let mut http = std::mem::take(&mut self.http);
        http.poll(sys, &mut self.marks);
        let more = http.wait();
        self.http = http;
        wait.readable.extend(more.readable);
        wait.writable.extend(more.writable);
        Step::Wait(wait)
    }
}

impl Answer for Marks {
    fn answer(&mut self, sys: &mut dyn Sys, _: &Connection, request: &Parsed) -> Vec<u8> {
        let Parsed::Request(request) = request else {
            return b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n400 Bad Request".to_vec();
        };
        let serving = match request.path().as_str() {
            "/make-serving" => true,
            "/make-not-serving" => false,
            _ => {
                return b"HTTP/1.1 404 Not Found\r\nContent-Length: 19\r\nConnection: close\r\n\r\n404 page not found\n"
                    .to_vec();
            }
        };
        log(sys, if serving { "Mark as healthy" } else { "Mark as unhealthy" });
        self.forced = Some(!serving);
        let body = format!("{}s", sys.now().since(self.started).as_secs_f64());
        let length = body.len();
        format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}").into_bytes()
    }
}

fn log(sys: &mut dyn Sys, text: &str) {
    let line = format!("{} {text}\n", super::stamped("{now}", sys.wall_micros()));
    let _ = sys.write(STDERR, line.as_bytes());
}

fn refused(sys: &mut dyn Sys, what: &str, port: u16, why: Errno) -> Step {
    log(sys, &format!("{what}listen tcp :{port}: bind: {}", why.text().to_ascii_lowercase()));
    Step::Exit(1)
}
