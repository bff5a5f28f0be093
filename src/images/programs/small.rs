//! Small servers of upstream's examples that answer every request in the same way.
//!
//! One row each; `{host}` in a body stands for the pod's name. Left out: what stands behind the first page of
//! a larger application (the guestbook's PHP, WordPress's installation).

/// A small server.
#[derive(Debug, PartialEq)]
pub struct Small {
    /// The id of its program.
    name: &'static str,
    /// Where it listens.
    pub port: u16,
    /// The status of its answers.
    pub status: u16,
    /// The media type of its answers.
    pub media: &'static str,
    /// What it answers; `{v}` is its version.
    pub body: &'static str,
    /// Where it sends the client to; empty if nowhere.
    pub location: &'static str,
    /// What it says at its start.
    pub banner: &'static str,
    /// The exit code at TERM; `None` if it does not handle it.
    pub term: Option<i32>,
}

const SMALL: Small = Small {
    name: "",
    port: 80,
    status: 200,
    media: "text/plain; charset=utf-8",
    body: "",
    location: "",
    banner: "",
    // Go's runtime ends with 2 where a program does not handle TERM.
    term: Some(2),
};

/// The rows.
static ROWS: &[Small] = &[
    Small { name: "hello-go-gke", media: "application/json", body: "{\"message\":\"Hello\"}\n", ..SMALL },
    Small {
        name: "goproxy",
        port: 8080,
        status: 500,
        body: "This is a proxy server. Does not respond to non-proxy requests.\n",
        ..SMALL
    },
    Small {
        name: "kubernetes-bootcamp",
        port: 8080,
        media: "text/plain",
        body: "Hello Kubernetes bootcamp! | Running on: {host} | v={v}\n",
        banner: "Kubernetes Bootcamp App Started At: {iso} | Running On:  {host} \n",
        term: None,
        ..SMALL
    },
    Small {
        name: "gb-frontend",
        media: "text/html",
        body: "<html ng-app=\"redis\">\n  <head>\n    <title>Guestbook</title>\n  </head>\n  <body>\n    <h2>Guestbook</h2>\n  </body>\n</html>\n",
        term: Some(0),
        ..SMALL
    },
    Small {
        name: "wordpress",
        status: 302,
        media: "text/html; charset=UTF-8",
        location: "/wp-admin/install.php",
        banner: "WordPress not found in /var/www/html - copying now...\nComplete! WordPress has been successfully copied to /var/www/html\n",
        term: Some(0),
        ..SMALL
    },
];

/// The server of a program's id.
pub fn small(name: &str) -> Option<&'static Small> {
    ROWS.iter().find(|r| r.name == name)
}
