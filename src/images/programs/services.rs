//! Servers of which only the outside is modelled: what they print, where they listen, how they take TERM.
//!
//! Web servers among them are [`Site`]s; the others ([`Daemon`]) turn callers away, as their protocols are not
//! simulated.

use super::say::{Act, script};
use super::web::{Kind, variable, web};
use crate::os::{Fd, Program, STDERR, STDOUT, Spawn};
use crate::time::Span;

/// A web server with fixed answers.
///
/// Texts may hold `{v}` (the version), `{host}`, `{ip}`, `{peer}`, `{line}` (the request's first line),
/// `{target}`, `{headers}`, `{now}` and `{iso}`.
#[derive(Debug, PartialEq)]
pub struct Site {
    /// The program's id.
    pub name: &'static str,
    /// Where it listens.
    pub port: u16,
    /// What it prints when it listens, on standard output or error.
    pub banner: (Fd, &'static str),
    /// Paths with their status and text; the last one, `*`, is for all others.
    pub pages: &'static [(&'static str, u16, &'static str)],
    /// The media type of its pages.
    pub mime: &'static str,
    /// The exit code at TERM; `None`: not handled.
    pub term: Option<i32>,
}

const TEXT: &str = "text/plain; charset=utf-8";
const HTML: &str = "text/html; charset=utf-8";
const JSON: &str = "application/json";

/// What sites answer whose pages are not modelled.
const UNKNOWN: &str = "not simulated: the pages of this server\n";

/// All sites.
const SITES: &[Site] = &[
    Site {
        name: "whoami",
        port: 80,
        banner: (STDERR, "{now} Starting up on port 80\n"),
        pages: &[
            ("/health", 200, ""),
            ("*", 200, "Hostname: {host}\nIP: 127.0.0.1\nIP: {ip}\nRemoteAddr: {peer}\n{line}\n{headers}\n"),
        ],
        mime: TEXT,
        term: Some(2),
    },
    Site {
        name: "nginx-hello",
        port: 80,
        banner: (STDERR, ""),
        pages: &[("*", 200, "Server address: {ip}:80\nServer name: {host}\nURI: {target}\n")],
        mime: "text/plain",
        term: Some(0),
    },
    Site {
        name: "hello-kubernetes",
        port: 8080,
        banner: (STDOUT, "Listening on: http://{host}:8080\n"),
        pages: &[(
            "*",
            200,
            "<!DOCTYPE html>\n<html>\n<head>\n  <title>Hello Kubernetes!</title>\n</head>\n<body>\n  Hello world!\n  pod: {host}\n</body>\n</html>\n",
        )],
        mime: HTML,
        term: None,
    },
    Site {
        name: "nodejs-hello",
        port: 3000,
        banner: (STDOUT, "Magic happens on port 3000\n"),
        pages: &[("*", 200, "Hello World")],
        mime: HTML,
        term: None,
    },
    Site {
        name: "echo-server",
        port: 8080,
        banner: (STDOUT, "Echo server listening on port 8080.\n"),
        pages: &[("*", 200, "Request served by {host}\n\n{line}\n\n{headers}\n")],
        mime: "text/plain",
        term: Some(2),
    },
    Site {
        name: "tomcat",
        port: 8080,
        banner: (
            STDERR,
            "{iso} INFO [main] org.apache.catalina.startup.VersionLoggerListener.log Server version name:   Apache Tomcat/{v}\n{iso} INFO [main] org.apache.coyote.AbstractProtocol.start Starting ProtocolHandler [\"http-nio-8080\"]\n{iso} INFO [main] org.apache.catalina.startup.Catalina.start Server startup in [412] milliseconds\n",
        ),
        pages: &[(
            "*",
            404,
            "<!doctype html><html lang=\"en\"><head><title>HTTP Status 404 – Not Found</title></head><body><h1>HTTP Status 404 – Not Found</h1></body></html>",
        )],
        mime: HTML,
        term: Some(143),
    },
    Site {
        name: "php-apache",
        port: 80,
        banner: (STDERR, APACHE),
        pages: &[(
            "*",
            403,
            "<!DOCTYPE HTML PUBLIC \"-//IETF//DTD HTML 2.0//EN\">\n<html><head>\n<title>403 Forbidden</title>\n</head><body>\n<h1>Forbidden</h1>\n<p>You don't have permission to access this resource.</p>\n</body></html>\n",
        )],
        mime: "text/html; charset=iso-8859-1",
        term: Some(0),
    },
    Site {
        name: "prometheus",
        port: 9090,
        banner: (
            STDERR,
            "level=INFO source=main.go msg=\"Starting Prometheus Server\" version={v}\nlevel=INFO source=web.go msg=\"Start listening for connections\" component=web address=0.0.0.0:9090\nlevel=INFO source=main.go msg=\"Server is ready to receive web requests.\"\n",
        ),
        pages: &[
            ("/-/ready", 200, "Prometheus Server is Ready.\n"),
            ("/-/healthy", 200, "Prometheus Server is Healthy.\n"),
            ("*", 501, UNKNOWN),
        ],
        mime: TEXT,
        term: Some(0),
    },
    Site {
        name: "node-exporter",
        port: 9100,
        banner: (
            STDERR,
            "level=INFO source=node_exporter.go msg=\"Starting node_exporter\" version={v}\nlevel=INFO source=tls_config.go msg=\"Listening on\" address=[::]:9100\n",
        ),
        pages: &[("*", 501, UNKNOWN)],
        mime: TEXT,
        term: Some(2),
    },
    Site {
        name: "grafana",
        port: 3000,
        banner: (
            STDOUT,
            "logger=settings level=info msg=\"Starting Grafana\" version={v}\nlogger=http.server level=info msg=\"HTTP Server Listen\" address=[::]:3000 protocol=http subUrl= socket=\n",
        ),
        pages: &[
            ("/api/health", 200, "{\n  \"database\": \"ok\",\n  \"version\": \"{v}\"\n}\n"),
            ("*", 501, UNKNOWN),
        ],
        mime: JSON,
        term: Some(0),
    },
    Site {
        name: "elasticsearch",
        port: 9200,
        banner: (
            STDOUT,
            "[{iso}][INFO ][o.e.n.Node               ] [{host}] version[{v}]\n[{iso}][INFO ][o.e.n.Node               ] [{host}] started\n",
        ),
        pages: &[
            (
                "/",
                200,
                "{\n  \"name\" : \"{host}\",\n  \"cluster_name\" : \"docker-cluster\",\n  \"version\" : {\n    \"number\" : \"{v}\"\n  },\n  \"tagline\" : \"You Know, for Search\"\n}\n",
            ),
            ("*", 501, UNKNOWN),
        ],
        mime: JSON,
        term: Some(143),
    },
    Site {
        name: "registry",
        port: 5000,
        banner: (STDERR, "time=\"{iso}\" level=info msg=\"listening on [::]:5000\" version={v}\n"),
        pages: &[
            ("/v2/", 200, "{}"),
            ("/v2/_catalog", 200, "{\"repositories\":[]}\n"),
            ("*", 404, "404 page not found\n"),
        ],
        mime: JSON,
        term: Some(2),
    },
    Site {
        name: "jenkins",
        port: 8080,
        banner: (
            STDERR,
            "Running from: /usr/share/jenkins/jenkins.war\n{iso} [id=1]\tINFO\twinstone.Logger#logInternal: Winstone Servlet Engine running: controlPort=disabled\n{iso} [id=30]\tINFO\thudson.lifecycle.Lifecycle#onReady: Jenkins is fully up and running\n",
        ),
        pages: &[
            ("/login", 200, "<html><head><title>Sign in [Jenkins]</title></head><body></body></html>"),
            ("*", 403, "Authentication required\n"),
        ],
        mime: HTML,
        term: Some(143),
    },
    Site {
        name: "caddy",
        port: 80,
        banner: (
            STDERR,
            "{\"level\":\"info\",\"msg\":\"using config from file\",\"file\":\"/etc/caddy/Caddyfile\"}\n{\"level\":\"info\",\"msg\":\"serving initial configuration\"}\n",
        ),
        pages: &[
            (
                "/",
                200,
                "<!DOCTYPE html>\n<html>\n<head>\n\t<title>Caddy works!</title>\n</head>\n<body>\n\t<h1>Congratulations!</h1>\n</body>\n</html>\n",
            ),
            ("*", 404, ""),
        ],
        mime: HTML,
        term: Some(0),
    },
    Site {
        name: "traefik",
        port: 80,
        banner: (STDOUT, "time=\"{iso}\" level=info msg=\"Traefik version {v} built\"\n"),
        pages: &[("/ping", 200, "OK"), ("*", 404, "404 page not found\n")],
        mime: TEXT,
        term: Some(0),
    },
];

/// What Apache prints in images with PHP.
const APACHE: &str = "AH00558: apache2: Could not reliably determine the server's fully qualified domain name, using {ip}. Set the 'ServerName' directive globally to suppress this message\n[{iso}] [mpm_prefork:notice] [pid 1] AH00163: Apache/2.4.66 (Debian) PHP/{v} configured -- resuming normal operations\n[{iso}] [core:notice] [pid 1] AH00094: Command line: 'apache2 -D FOREGROUND'\n";

/// A server whose protocol is not modelled.
#[derive(Debug)]
struct Daemon {
    /// The program's id.
    name: &'static str,
    /// Where it listens; 0: nowhere.
    port: u16,
    /// How long it takes to come up, in milliseconds.
    takes: u64,
    /// What it prints first, when it is ready, and when it is asked to stop.
    says: [&'static str; 3],
    /// The exit code at TERM.
    term: i32,
}

/// All daemons.
const DAEMONS: &[Daemon] = &[
    Daemon {
        name: "memcached",
        port: 11211,
        takes: 0,
        says: ["", "", "Signal handled: Terminated.\n"],
        term: 0,
    },
    Daemon {
        name: "rabbitmq",
        port: 5672,
        takes: 5_000,
        says: [
            "{iso}+00:00 [info] <0.230.0> Starting RabbitMQ {v} on Erlang 27\n",
            "{iso}+00:00 [info] <0.630.0> started TCP listener on [::]:5672\n{iso}+00:00 [info] <0.9.0> Server startup complete; 4 plugins started.\n",
            "{iso}+00:00 [info] <0.64.0> SIGTERM received - shutting down\n",
        ],
        term: 0,
    },
    Daemon {
        name: "zookeeper",
        port: 2181,
        takes: 900,
        says: [
            "ZooKeeper JMX enabled by default\nUsing config: /conf/zoo.cfg\n",
            "{iso} [myid:1] - INFO  [main:NIOServerCnxnFactory] - binding to port 0.0.0.0/0.0.0.0:2181\n",
            "",
        ],
        term: 143,
    },
    Daemon {
        name: "cassandra",
        port: 9042,
        takes: 12_000,
        says: [
            "INFO  [main] {iso} StorageService.java - Cassandra version: {v}\n",
            "INFO  [main] {iso} PipelineConfigurator.java - Starting listening for CQL clients on /0.0.0.0:9042 (unencrypted)...\n",
            "",
        ],
        term: 143,
    },
    Daemon {
        name: "kafka",
        port: 9092,
        takes: 4_000,
        says: [
            "===> Launching ... \n",
            "[{iso}] INFO Kafka version: {v} (org.apache.kafka.common.utils.AppInfoParser)\n[{iso}] INFO [KafkaRaftServer nodeId=1] Kafka Server started (kafka.server.KafkaRaftServer)\n",
            "[{iso}] INFO [KafkaRaftServer nodeId=1] Completed shutdown of Kafka server (kafka.server.KafkaRaftServer)\n",
        ],
        term: 143,
    },
    Daemon {
        name: "fluentd",
        port: 24224,
        takes: 700,
        says: [
            "{iso} +0000 [info]: starting fluentd-{v} pid=7 ruby=\"3.2\"\n",
            "{iso} +0000 [info]: #0 listening port port=24224 bind=\"0.0.0.0\"\n{iso} +0000 [info]: #0 fluentd worker is now running worker=0\n",
            "{iso} +0000 [info]: Worker 0 finished with status 0\n",
        ],
        term: 0,
    },
    Daemon {
        name: "fluent-bit",
        port: 0,
        takes: 100,
        says: [
            "Fluent Bit v{v}\n* https://fluentbit.io\n\n",
            "[{iso}] [ info] [engine] started (pid=1)\n",
            "[{iso}] [engine] caught signal (SIGTERM)\n",
        ],
        term: 0,
    },
    Daemon {
        name: "php-fpm",
        port: 9000,
        takes: 50,
        says: [
            "",
            "[{iso}] NOTICE: fpm is running, pid 1\n[{iso}] NOTICE: ready to handle connections\n",
            "[{iso}] NOTICE: Terminating ...\n[{iso}] NOTICE: exiting, bye-bye!\n",
        ],
        term: 0,
    },
    Daemon {
        name: "minio",
        port: 9000,
        takes: 300,
        says: [
            "",
            "MinIO Object Storage Server\nAPI: http://{ip}:9000  http://127.0.0.1:9000 \n",
            "INFO: Exiting on signal: TERMINATED\n",
        ],
        term: 0,
    },
];

/// Starts a server by its id.
pub fn service(name: &str, version: &str) -> Option<Box<dyn Program>> {
    if let Some(site) = SITES.iter().find(|s| s.name == name) {
        return Some(web(Kind::Site(site, version.to_owned()), site.port));
    }
    let d = DAEMONS.iter().find(|d| d.name == name)?;
    let say = |text: &str| Act::Say(STDOUT, text.replace("{v}", version));
    let mut acts = vec![say(d.says[0]), Act::Pause(Span::millis(d.takes))];
    if d.port != 0 {
        acts.push(Act::Listen(d.port, b"not simulated: the protocol of this server\n"));
    }
    acts.extend([say(d.says[1]), Act::Stay, say(d.says[2]), Act::Exit(d.term)]);
    Some(script(acts))
}

/// MariaDB: refuses to start without a password.
pub fn mariadb(version: &str, spawn: &Spawn) -> Box<dyn Program> {
    let intro = format!(
        "{{iso}}+00:00 [Note] [Entrypoint]: Entrypoint script for MariaDB Server 1:{version}+maria~ubu2404 started.\n"
    );
    let given = ["MARIADB", "MYSQL"].into_iter().any(|family| {
        let names =
            ["ROOT_PASSWORD", "ALLOW_EMPTY_ROOT_PASSWORD", "RANDOM_ROOT_PASSWORD", "ALLOW_EMPTY_PASSWORD"];
        let set = |n: &&str| variable(spawn, &format!("{family}_{n}")).is_some_and(|v| !v.is_empty());
        names.iter().any(set)
    });
    if !given {
        let text = "{iso}+00:00 [ERROR] [Entrypoint]: Database is uninitialized and password option is not specified\n\tYou need to specify one of MARIADB_ROOT_PASSWORD, MARIADB_ROOT_PASSWORD_HASH, MARIADB_ALLOW_EMPTY_ROOT_PASSWORD and MARIADB_RANDOM_ROOT_PASSWORD\n";
        return script(vec![Act::Say(STDOUT, intro), Act::Say(STDERR, text.to_owned()), Act::Exit(1)]);
    }
    script(vec![
        Act::Say(STDOUT, intro),
        Act::Say(STDOUT, "{iso}+00:00 [Note] [Entrypoint]: Initializing database files\n".to_owned()),
        Act::Pause(Span::secs(4)),
        Act::Say(STDOUT, "{iso}+00:00 [Note] [Entrypoint]: MariaDB init process done. Ready for start up.\n".to_owned()),
        Act::Listen(3306, b"not simulated: the protocol of this database\n"),
        Act::Say(STDERR, format!("{{iso}} 0 [Note] mariadbd: ready for connections.\nVersion: '{version}-MariaDB-ubu2404'  socket: '/run/mysqld/mysqld.sock'  port: 3306  mariadb.org binary distribution\n")),
        Act::Stay,
        Act::Say(STDERR, "{iso} 0 [Note] mariadbd (initiated by: unknown): Normal shutdown\n{iso} 0 [Note] mariadbd: Shutdown complete\n".to_owned()),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::Text;
    use crate::images::programs::program;

    #[test]
    fn no_other_program_has_a_servers_name() {
        let spawn = Spawn {
            file: Text::lit("server"),
            argv: vec![Text::lit("server")],
            env: Vec::new(),
            cwd: Text::lit("/"),
            fds: Vec::new(),
            ignored: Vec::new(),
            new_group: false,
        };
        for name in SITES.iter().map(|s| s.name).chain(DAEMONS.iter().map(|d| d.name)) {
            let (own, found) = (service(name, "1"), program(&format!("{name}/1"), &spawn));
            assert_eq!(format!("{found:?}"), format!("{own:?}"), "{name}");
        }
    }
}
