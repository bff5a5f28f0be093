//! Tests of nginx.

use super::Lab;
use crate::images::Preset;
use crate::os::Signal;
use crate::time::Span;

const DAEMON: &[&str] = &["nginx", "-g", "daemon off;"];
const PROBE: &str = "GET /index.html HTTP/1.1\r\nHost: 10.224.2.219:80\r\nUser-Agent: kube-probe/1.36\r\n\
                     Accept: */*\r\nConnection: close\r\n\r\n";

/// The lines without their times, which depend on how long connections take.
fn lines(text: &str) -> String {
    let cut = |l: &str| l.strip_prefix("2026/11/23 08:04:").map_or(l.to_owned(), |r| r[3..].to_owned());
    text.lines().map(cut).collect::<Vec<_>>().join("\n")
}

#[test]
fn it_starts_serves_and_stops_with_the_recorded_lines() {
    let mut lab = Lab::new();
    let c = lab.container(Preset::Lab, "harbor.wego.red/library/nginx");
    let (nginx, out) = lab.start(c, DAEMON);
    lab.pass(Span::millis(10));
    assert_eq!(
        lab.text(out),
        "2026/11/23 08:04:52 [notice] 1#1: using the \"epoll\" event method\n\
         2026/11/23 08:04:52 [notice] 1#1: nginx/1.22.1\n\
         2026/11/23 08:04:52 [notice] 1#1: OS: Linux 6.18.44-fc-v669\n\
         2026/11/23 08:04:52 [notice] 1#1: getrlimit(RLIMIT_NOFILE): 20000:20000\n\
         2026/11/23 08:04:52 [notice] 1#1: start worker processes\n\
         2026/11/23 08:04:52 [notice] 1#1: start worker process 7\n"
    );
    let answer = lab.ask(c, 80, PROBE);
    assert!(
        answer.starts_with(
            "HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nDate: Mon, 23 Nov 2026 08:04:52 GMT\r\n"
        )
    );
    assert!(answer.contains("Content-Type: text/html\r\nContent-Length: 615\r\n"), "{answer}");
    let log = lab.text(out);
    let (peer, rest) = log.split_once(' ').expect("a line");
    let expected = "- - [23/Nov/2026:08:04:52 +0000] \"GET /index.html HTTP/1.1\" 200 615 \"-\" \"kube-probe/1.36\" \"-\"\n";
    assert_eq!(rest, expected);
    let peer = peer.to_owned();

    let tree = lab.world.forest.get_mut(c.tree).expect("there");
    let dir = tree.lookup("/usr/share/nginx/html").expect("there");
    tree.unlink(dir, "index.html", 0).expect("there");
    assert!(lab.ask(c, 80, PROBE).starts_with("HTTP/1.1 404 Not Found\r\n"));
    assert_eq!(
        lines(&lab.text(out)),
        format!(
            "[error] 7#7: *2 open() \"/usr/share/nginx/html/index.html\" failed (2: No such file or directory), \
             client: {peer}, server: localhost, request: \"GET /index.html HTTP/1.1\", host: \"10.224.2.219:80\"\n\
             {peer} - - [23/Nov/2026:08:04:52 +0000] \"GET /index.html HTTP/1.1\" 404 153 \"-\" \"kube-probe/1.36\" \"-\""
        )
    );

    lab.signal(nginx, Signal::Quit);
    assert_eq!(
        lines(&lab.text(out)),
        "[notice] 1#1: signal 3 (SIGQUIT) received, shutting down\n\
         [notice] 7#7: gracefully shutting down\n\
         [notice] 7#7: exiting\n\
         [notice] 7#7: exit\n\
         [notice] 1#1: signal 17 (SIGCHLD) received from 7\n\
         [notice] 1#1: worker process 7 exited with code 0\n\
         [notice] 1#1: exit"
    );
    assert_eq!(lab.codes(), [0]);
}

#[test]
fn stop_is_sent_through_the_pid_file() {
    let mut lab = Lab::new();
    let c = lab.container(Preset::Lab, "nginx");
    let (_, out) = lab.start(c, DAEMON);
    lab.pass(Span::millis(10));
    lab.text(out);
    let (_, said) = lab.start(c, &["/usr/sbin/nginx", "-s", "stop"]);
    lab.pass(Span::millis(10));
    assert_eq!(lines(&lab.text(said)), "[notice] 8#8: signal process started");
    let log = lines(&lab.text(out));
    assert!(
        log.starts_with(
            "[notice] 1#1: signal 15 (SIGTERM) received from 8, exiting\n[notice] 7#7: exiting\n"
        ),
        "{log}"
    );
    assert!(log.ends_with("[notice] 1#1: exit"), "{log}");
    let (_, said) = lab.start(c, &["nginx", "-s", "stop"]);
    lab.pass(Span::millis(10));
    assert!(
        lab.text(said).ends_with(
            "nginx: [error] open() \"/var/run/nginx.pid\" failed (2: No such file or directory)\n"
        )
    );
}

#[test]
fn a_taken_port_is_tried_five_times() {
    let mut lab = Lab::new();
    let (a, b) = (lab.container(Preset::Lab, "nginx"), lab.container(Preset::Lab, "nginx"));
    lab.start(a, DAEMON);
    let (_, out) = lab.start(b, DAEMON);
    lab.pass(Span::millis(1_900));
    assert_eq!(lab.codes(), [0; 0]);
    lab.pass(Span::millis(1_000));
    assert_eq!(lab.codes(), [1]);
    let text = lab.text(out);
    let first = "2026/11/23 08:04:52 [emerg] 1#1: bind() to 0.0.0.0:80 failed (98: Address already in use)\n\
                 nginx: [emerg] bind() to 0.0.0.0:80 failed (98: Address already in use)\n\
                 2026/11/23 08:04:52 [notice] 1#1: try again to bind() after 500ms\n";
    assert!(text.starts_with(first), "{text}");
    assert!(text.ends_with("nginx: [emerg] still could not bind()\n"), "{text}");
    assert_eq!(text.matches("try again").count(), 5);
}

#[test]
fn a_configuration_is_obeyed_and_its_errors_located() {
    let mut lab = Lab::new();
    let c = lab.container(Preset::Lab, "nginx");
    lab.put(
        c,
        "/etc/nginx/conf.d/default.conf",
        "server {\n listen 8080;\n add_header X-A b;\n location = /health { return 200 'ok $uri\\n'; }\n \
         location /old { return 301 /new; }\n location /dir/ { root /srv; autoindex on; }\n \
         location ~ \\.php$ { return 403; }\n location /p { proxy_pass http://x; }\n error_page 404 /health; }\n",
    );
    lab.put(c, "/srv/dir/a.txt", "A");
    let (nginx, out) = lab.start(c, DAEMON);
    lab.pass(Span::millis(10));
    assert!(lab.text(out).contains(
        "[warn] 1#1: not simulated: \"proxy_pass http://x\" in /etc/nginx/conf.d/default.conf:8\n"
    ));
    let mut get = |path: &str| lab.ask(c, 8080, &format!("GET {path} HTTP/1.0\r\n\r\n"));
    assert!(get("/health").ends_with("\r\nConnection: close\r\nX-A: b\r\n\r\nok /health\n"));
    assert!(get("/old/x").contains("\r\nLocation: /new\r\n"));
    assert!(get("/dir/").contains("<a href=\"a.txt\">a.txt</a>"));
    assert!(get("/dir").starts_with("HTTP/1.1 404"));
    assert!(get("/a.php").starts_with("HTTP/1.1 403"));
    assert!(get("/p").ends_with("not simulated: proxy_pass http://x\n"));
    assert!(get("/nope").starts_with("HTTP/1.1 404 Not Found") && get("/nope").ends_with("ok /health\n"));
    assert!(get("/%00").starts_with("HTTP/1.1 400"));

    lab.text(out);
    lab.put(c, "/etc/nginx/conf.d/default.conf", "server {\n liste 80;\n}\n");
    lab.signal(nginx, Signal::Hup);
    assert_eq!(
        lines(&lab.text(out)),
        "[notice] 1#1: signal 1 (SIGHUP) received, reconfiguring\n[notice] 1#1: reconfiguring\n\
         [emerg] 1#1: unknown directive \"liste\" in /etc/nginx/conf.d/default.conf:2"
    );
    let (_, said) = lab.start(c, &["nginx", "-t"]);
    lab.pass(Span::millis(10));
    assert_eq!(
        lab.text(said),
        "nginx: [emerg] unknown directive \"liste\" in /etc/nginx/conf.d/default.conf:2\n\
         nginx: configuration file /etc/nginx/nginx.conf test failed\n"
    );
    lab.put(c, "/etc/nginx/conf.d/default.conf", "server { listen 81; location / { return 204; } }\n");
    lab.signal(nginx, Signal::Hup);
    let log = lines(&lab.text(out));
    assert!(log.contains("[notice] 7#7: gracefully shutting down"), "{log}");
    assert!(log.contains("worker process 7 exited with code 0"), "{log}");
    assert_eq!(lab.ask(c, 8080, "GET / HTTP/1.0\r\n\r\n"), "refused");
    assert!(lab.ask(c, 81, "GET / HTTP/1.0\r\n\r\n").starts_with("HTTP/1.1 204 No Content\r\n"));
}

#[test]
fn wrong_configurations_are_refused_in_nginxs_words() {
    for (text, error) in [
        ("server {", "unexpected end of file, expecting \"}\" in /etc/nginx/conf.d/default.conf:1"),
        ("}", "unexpected \"}\" in /etc/nginx/conf.d/default.conf:1"),
        ("server { listen 80 }", "unexpected \"}\" in /etc/nginx/conf.d/default.conf:1"),
        ("server;", "directive \"server\" has no opening \"{\" in /etc/nginx/conf.d/default.conf:1"),
        ("listen 80;", "\"listen\" directive is not allowed here in /etc/nginx/conf.d/default.conf:1"),
        (
            "server { root; }",
            "invalid number of arguments in \"root\" directive in /etc/nginx/conf.d/default.conf:1",
        ),
        (
            "include /nope;",
            "open() \"/nope\" failed (2: No such file or directory) in /etc/nginx/conf.d/default.conf:1",
        ),
    ] {
        let mut lab = Lab::new();
        let c = lab.container(Preset::Lab, "nginx");
        lab.put(c, "/etc/nginx/conf.d/default.conf", text);
        let (_, out) = lab.start(c, DAEMON);
        lab.pass(Span::millis(10));
        assert!(lab.text(out).ends_with(&format!("nginx: [emerg] {error}\n")), "{text}");
        assert_eq!(lab.codes(), [1]);
    }
}
