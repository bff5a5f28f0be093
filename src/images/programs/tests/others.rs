//! Tests of the smaller programs.

use super::Lab;
use crate::images::Preset;
use crate::os::Signal;
use crate::time::Span;

const GET: &str = "GET / HTTP/1.0\r\n\r\n";

#[test]
fn small_servers_answer() {
    for (image, argv, port, end) in [
        ("httpd", &["httpd-foreground"][..], 80, "<html><body><h1>It works!</h1></body></html>\n"),
        ("hashicorp/http-echo", &["/http-echo", "-text=hi there", "-listen=:80"], 80, "\r\n\r\nhi there\n"),
        (
            "gcr.io/google-samples/hello-app:1.0",
            &["/hello-app"],
            8080,
            "\r\n\r\nHello, world!\nVersion: 1.0.0\nHostname: web\n",
        ),
        (
            "registry.k8s.io/e2e-test-images/agnhost:2.63.0",
            &["/agnhost", "serve-hostname"],
            9376,
            "\r\n\r\nweb",
        ),
        (
            "gcr.io/google-samples/hello-go-gke:1.0",
            &["/hello-go-gke"],
            80,
            "\r\n\r\n{\"message\":\"Hello\"}\n",
        ),
        (
            "jocatalin/kubernetes-bootcamp:v2",
            &["/usr/local/bin/node", "server.js"],
            8080,
            "Hello Kubernetes bootcamp! | Running on: web | v=2\n",
        ),
        (
            "python:3.13-alpine",
            &["/usr/local/bin/python3", "-m", "http.server", "80"],
            80,
            "</ul>\n<hr>\n</body>\n</html>\n",
        ),
    ] {
        let mut lab = Lab::new();
        let c = lab.container(Preset::Internet, image);
        let path = format!("/usr/local/apache2/bin/{}", argv[0]);
        let mut argv = argv.to_vec();
        if image == "httpd" {
            argv[0] = &path;
        }
        lab.start(c, &argv);
        let answer = lab.ask(c, port, GET);
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with(end), "{image}: {answer}");
    }
}

#[test]
fn redis_keeps_what_it_is_told() {
    let mut lab = Lab::new();
    let c = lab.container(Preset::Internet, "redis:7");
    lab.put(c, "/etc/hosts", "127.0.0.1\tlocalhost\n");
    let (server, out) = lab.start(c, &["/usr/local/bin/redis-server"]);
    lab.pass(Span::millis(5));
    assert!(lab.text(out).ends_with("* Ready to accept connections tcp\n"));
    for (words, said) in [
        (&["PING"][..], "PONG\n"),
        (&["SET", "a", "two words"], "OK\n"),
        (&["GET", "a"], "two words\n"),
        (&["GET", "b"], "\n"),
        (&["INCR", "n"], "1\n"),
        (&["INCR", "a"], "ERR value is not an integer or out of range\n\n"),
        (&["KEYS", "*"], "a\nn\n"),
        (&["LPUSH", "l", "1"], "ERR not simulated: LPUSH\n\n"),
    ] {
        let argv: Vec<&str> = ["/usr/local/bin/redis-cli"].iter().chain(words).copied().collect();
        let (_, out) = lab.start(c, &argv);
        lab.pass(Span::millis(50));
        assert_eq!(lab.text(out), said, "{words:?}");
    }
    lab.codes();
    lab.signal(server, Signal::Term);
    assert_eq!(lab.codes(), [0]);
}

#[test]
fn programs_that_only_speak_say_what_they_should() {
    for (image, argv, code, text) in [
        (
            "podlab/crash",
            &["/crash"][..],
            1,
            "2026/11/23 08:04:52 starting\n2026/11/23 08:04:53 fatal: cannot reach the database\n",
        ),
        (
            "python:3",
            &["/usr/local/bin/python3", "-c", "import time; print('a;b'); time.sleep(1)"],
            0,
            "a;b\n",
        ),
        ("python:3", &["/usr/local/bin/python3", "-c", "x = 1"], 1, "not simulated: x = 1\n"),
        ("node", &["/usr/local/bin/node", "-v"], 0, "v25.2.1\n"),
        (
            "perl:5.34",
            &["/usr/local/bin/perl", "-Mbignum=bpi", "-wle", "print bpi(12); sleep 1; print 'end'"],
            0,
            "3.14159265359\nend\n",
        ),
        ("perl", &["/usr/local/bin/perl", "-e", "$x = 1"], 1, "not simulated: perl: $x = 1\n"),
        (
            "mysql:8.4",
            &["/usr/bin/mysqladmin", "-h", "127.0.0.1", "-uroot", "ping"],
            1,
            "mysqladmin: connect to server at '127.0.0.1' failed\nerror: 'Can't connect to MySQL server on \
             '127.0.0.1:3306' (111)'\n",
        ),
        (
            "postgres:17",
            &["/usr/local/bin/pg_isready", "-h", "127.0.0.1"],
            2,
            "127.0.0.1:5432 - no response\n",
        ),
        ("hashicorp/http-echo", &["/http-echo"], 127, "Missing -text option!\n"),
    ] {
        let mut lab = Lab::new();
        let c = lab.container(Preset::Internet, image);
        let (_, out) = lab.start(c, argv);
        lab.pass(Span::secs(3));
        assert_eq!((lab.codes(), lab.text(out).as_str()), (vec![code], text), "{image}");
    }
    let mut lab = Lab::new();
    let c = lab.container(Preset::Internet, "postgres:16");
    let (_, out) = lab.start(c, &["/usr/local/bin/postgres"]);
    lab.pass(Span::secs(1));
    assert!(
        lab.text(out)
            .starts_with("Error: Database is uninitialized and superuser password is not specified.\n")
    );
    let c = lab.container(Preset::Internet, "registry.k8s.io/pause:3.10");
    let (pause, out) = lab.start(c, &["/pause"]);
    lab.pass(Span::secs(1));
    lab.codes();
    lab.signal(pause, Signal::Term);
    assert_eq!(lab.text(out), "Shutting down, got signal: Terminated\n");
    assert_eq!(lab.codes(), [0]);
}

#[test]
fn a_database_that_is_ready_answers_its_clients() {
    for (image, server, client, said) in [
        (
            "mysql:8.4",
            "/usr/sbin/mysqld",
            &["/usr/bin/mysqladmin", "-h127.0.0.1", "ping"][..],
            "mysqld is alive\n",
        ),
        ("mysql:8.4", "/usr/sbin/mysqld", &["/usr/bin/mysql", "-h", "127.0.0.1", "-e", "SELECT 1"], "1\n1\n"),
        (
            "postgres:17",
            "/usr/local/bin/postgres",
            &["/usr/local/bin/pg_isready", "-h", "127.0.0.1"],
            "127.0.0.1:5432 - accepting connections\n",
        ),
        (
            "mongo:8",
            "/usr/bin/mongod",
            &["/usr/bin/mongosh", "--eval", "db.runCommand({ping: 1})"],
            "{ ok: 1 }\n",
        ),
    ] {
        let mut lab = Lab::new();
        let c = lab.container(Preset::Internet, image);
        let secret = ["MYSQL_ROOT_PASSWORD=x", "POSTGRES_PASSWORD=x"];
        lab.start_with(c, &[server], &secret);
        lab.pass(Span::secs(10));
        let (_, out) = lab.start(c, client);
        lab.pass(Span::millis(50));
        assert_eq!(lab.text(out), said, "{client:?}");
    }
}

#[test]
fn threads_and_memory_of_the_load_are_told() {
    let mut lab = Lab::new();
    let c = lab.container(Preset::Internet, "vish/stress");
    let (stress, out) = lab.start(
        c,
        &["/stress", "-cpus", "1", "-mem-total=20Mi", "-mem-alloc-size", "10Mi", "-mem-alloc-sleep", "1s"],
    );
    lab.pass(Span::secs(3));
    let lines: Vec<String> =
        lab.text(out).lines().map(|l| l.split("main.go").nth(1).unwrap_or(l).to_owned()).collect();
    assert_eq!(
        lines,
        [
            ":26] Allocating \"20Mi\" memory, in \"10Mi\" chunks, with a 1s sleep between allocations",
            ":39] Spawning a thread to consume CPU",
            ":29] Allocated \"20Mi\" memory",
        ]
    );
    lab.signal(stress, Signal::Term);
    assert_eq!(lab.codes(), [2]);
}
