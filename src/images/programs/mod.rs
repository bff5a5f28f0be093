//! The programs that images bring along, each a step machine against [`crate::os::Sys`].
//!
//! [`program`] starts one by the id that its file carries: a name, or a name and a version behind a slash.

mod calls;
mod clients;
mod databases;
pub mod http;
mod languages;
mod load;
mod nginx;
mod perl;
mod redis;
mod say;
mod services;
mod small;
mod stress;
#[cfg(test)]
mod tests;
mod vish;
mod web;

use crate::os::{Program, STDERR, STDOUT, Spawn};
use crate::time::{Span, civil};
use languages::{Language, language};
use say::{Act, not_simulated, said, script};
use web::{Kind, flag, variable, web};

const HELLO_WORLD: &str = "
Hello from Docker!
This message shows that your installation appears to be working correctly.

To generate this message, Docker took the following steps:
 1. The Docker client contacted the Docker daemon.
 2. The Docker daemon pulled the \"hello-world\" image from the Docker Hub.
    (amd64)
 3. The Docker daemon created a new container from that image which runs the
    executable that produces the output you are currently reading.
 4. The Docker daemon streamed that output to the Docker client, which sent it
    to your terminal.

To try something more ambitious, you can run an Ubuntu container with:
 $ docker run -it ubuntu bash

Share images, automate workflows, and more with a free Docker ID:
 https://hub.docker.com/

For more examples and ideas, visit:
 https://docs.docker.com/get-started/

";

/// Starts the program of an id; `None` if it is not one of an image's own (utilities and shells are the
/// shell's).
pub fn program(id: &str, spawn: &Spawn) -> Option<Box<dyn Program>> {
    let (name, version) = id.split_once('/').unwrap_or((id, ""));
    Some(match name {
        "nginx" => nginx::nginx(version, spawn),
        "stress" => stress::stress(spawn),
        "redis-server" => redis::server(version, spawn),
        "redis-cli" => redis::cli(version, spawn),
        "mysqld" => databases::mysqld(version, spawn),
        "postgres" => databases::postgres(version, spawn),
        "mongod" => databases::mongod(version, spawn),
        "etcd" => databases::etcd(version, spawn),
        "perl" => perl::perl(version, spawn),
        "vish" => vish::vish(spawn),
        "liveness" => web(Kind::Liveness, 8080),
        "test-webserver" => web(Kind::Files("/".to_owned()), 80),
        "python" => language(Language::Python, version, spawn),
        "node" => language(Language::Node, version, spawn),
        "pause" => pause(spawn),
        "hello" => said(HELLO_WORLD),
        "crash" => script(vec![
            Act::Say(STDOUT, "{now} starting\n".to_owned()),
            Act::Pause(Span::secs(1)),
            Act::Say(STDERR, "{now} fatal: cannot reach the database\n".to_owned()),
            Act::Exit(1),
        ]),
        "slow-start" => {
            let secs = variable(spawn, "START_SECONDS").and_then(|s| s.parse().ok()).unwrap_or(20);
            web(Kind::Slow(secs), 8080)
        }
        "http-echo" => http_echo(spawn),
        "httpd" => web(Kind::Httpd(version.to_owned()), 80),
        "hello-app" => web(Kind::HelloApp(version.to_owned()), port_or(variable(spawn, "PORT"), 8080)),
        "node-hello" => web(Kind::NodeHello, 8080),
        "hpa-example" => web(Kind::Hpa, 80),
        "serve_hostname" => web(Kind::Hostname, 9376),
        "echoserver" => web(Kind::Mirror, 8080),
        "agnhost" => agnhost(spawn),
        // Utilities that the shell does not have, and clients of what is not simulated.
        "coreutils" | "busybox" | "absent" => not_simulated(version),
        "mariadb" => services::mariadb(version, spawn),
        "mysql" => clients::mysql(version, spawn),
        "psql" => clients::postgres(version, spawn),
        "mongo" => clients::mongo(version, spawn),
        _ => match small::small(name) {
            Some(small) => web(Kind::Small(small, version.to_owned()), small.port),
            None => return services::service(name, version),
        },
    })
}

/// A text with the time in the places of `{now}`, `{iso}` and `{utc}`.
fn stamped(text: &str, micros: i64) -> String {
    if !["{now}", "{iso}", "{utc}"].iter().any(|t| text.contains(t)) {
        return text.to_owned();
    }
    let c = civil(micros);
    let time = format!("{:02}:{:02}:{:02}", c.hour, c.minute, c.second);
    let now = format!("{}/{:02}/{:02} {time}", c.year, c.month, c.day);
    let iso = format!("{}-{:02}-{:02} {time}", c.year, c.month, c.day);
    let utc = format!("{}-{:02}-{:02}T{time}.{:03}", c.year, c.month, c.day, c.micros / 1_000);
    text.replace("{now}", &now).replace("{iso}", &iso).replace("{utc}", &utc)
}

fn port_or(text: Option<&str>, default: u16) -> u16 {
    text.and_then(|t| t.rsplit(':').next()?.parse().ok()).unwrap_or(default)
}

fn pause(spawn: &Spawn) -> Box<dyn Program> {
    if spawn.argv.get(1).is_some_and(|a| *a == "-v") {
        return said("pause.c 3.10\n");
    }
    script(vec![
        Act::Stay,
        Act::Say(STDERR, "Shutting down, got signal: Terminated\n".to_owned()),
        Act::Exit(0),
    ])
}

fn http_echo(spawn: &Spawn) -> Box<dyn Program> {
    let text = flag(spawn, "text").or_else(|| variable(spawn, "ECHO_TEXT")).unwrap_or_default();
    if text.is_empty() {
        let text = "Missing -text option!\n".to_owned();
        return script(vec![Act::Say(STDERR, text), Act::Exit(127)]);
    }
    let status = flag(spawn, "status-code").and_then(|s| s.parse().ok()).unwrap_or(200);
    web(Kind::Echo(text.to_owned(), status), port_or(flag(spawn, "listen"), 5678))
}

fn agnhost(spawn: &Spawn) -> Box<dyn Program> {
    match spawn.argv.get(1).map_or("", |a| a.as_str()) {
        "pause" => script(vec![Act::Say(STDOUT, "Paused\n".to_owned()), Act::Stay]),
        "netexec" => web(Kind::NetExec, port_or(flag(spawn, "http-port"), 8080)),
        "serve-hostname" => web(Kind::Hostname, port_or(flag(spawn, "port"), 9376)),
        "liveness" => web(Kind::Liveness, 8080),
        "grpc-health-checking" => calls::health_checking(spawn),
        "entrypoint-tester" => {
            let args: Vec<&str> = spawn.argv.iter().map(|a| a.as_str()).collect();
            said(&format!("[{}]\n", args.join(" ")))
        }
        other => not_simulated(&format!("agnhost {other}")),
    }
}
