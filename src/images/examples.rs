//! The images of upstream's documentation and examples that are not small servers of the table's first rows.
//!
//! Sizes are estimates: right in their order, which is what decides how long a pull takes.

use super::catalogue::{App, Kit, RECIPE, Recipe, Repository};
use super::tables::row;

const PERL_TAGS: &str = "latest=5.42.0 5=5.42.0 5.42=5.42.0 5.40=5.40.3 5.38=5.38.5 5.36=5.36.3 5.34=5.34.3 5.32=5.32.1 \
                         5.30=5.30.3 slim=5.42.0 5.34-slim=5.34.3";
const MONGO_TAGS: &str = "latest=8.2.2 8=8.2.2 8.0=8.0.16 7=7.0.26 7.0=7.0.26 6=6.0.27 6.0=6.0.27 5=5.0.31 5.0=5.0.31 \
                          4=4.4.30 4.4=4.4.30 4.2=4.2.24 4.0=4.0.28";
const ETCD_TAGS: &str = "3.4.13-0=3.4.13 3.5.0-0=3.5.0 3.5.1-0=3.5.1 3.5.3-0=3.5.3 3.5.6-0=3.5.6 3.5.7-0=3.5.7 \
                         3.5.9-0=3.5.9 3.5.10-0=3.5.10 3.5.12-0=3.5.12 3.5.15-0=3.5.15 3.5.16-0=3.5.16 3.5.21-0=3.5.21 \
                         3.5.24-0=3.5.24 3.6.4-0=3.6.4 3.6.5-0=3.6.5 3.6.6-0=3.6.6";
const WORDPRESS_TAGS: &str = "latest=6.9.0 6=6.9.0 6.9=6.9.0 6.8=6.8.3 apache=6.9.0 6.2.1-apache=6.2.1 4.8-apache=4.8.3 \
                              php8.3-apache=6.9.0";

/// The repositories.
pub(super) const EXAMPLES: &[Repository] = &[
    row("docker.io/library/perl", PERL_TAGS, &PERL),
    row("docker.io/library/mongo", MONGO_TAGS, &MONGO),
    row("docker.io/library/wordpress", WORDPRESS_TAGS, &WORDPRESS),
    row("docker.io/vish/stress", "latest", &VISH),
    row("registry.k8s.io/etcd", ETCD_TAGS, &ETCD),
    row("registry.k8s.io/liveness", "latest=0.1 0.1", &LIVENESS),
    row("registry.k8s.io/goproxy", "0.1", &GOPROXY),
    row("registry.k8s.io/test-webserver", "latest=1 e2e=1", &TEST_WEBSERVER),
    row("registry.k8s.io/e2e-test-images/jessie-dnsutils", "1.3 1.4 1.5 1.7", &DNSUTILS),
    row("registry.k8s.io/redis", "e2e=2.8.19 v1=2.8.19", &OLD_REDIS),
    row("gcr.io/google_samples/gb-redis-follower", "v1=6.0.5 v2=6.0.5", &OLD_REDIS),
    row("us-docker.pkg.dev/google-samples/containers/gke/gb-redis-follower", "v1=6.0.5 v2=6.0.5", &OLD_REDIS),
    row("gcr.io/google_samples/gb-redisslave", "v1=3.2.5 v2=3.2.5 v3=3.2.5", &OLD_REDIS),
    row("gcr.io/google_samples/gb-frontend", "v3 v4 v5 v6", &GB_FRONTEND),
    row("gcr.io/google-samples/gb-frontend", "v3 v4 v5 v6", &GB_FRONTEND),
    row("us-docker.pkg.dev/google-samples/containers/gke/gb-frontend", "v4 v5 v6", &GB_FRONTEND),
    row("gcr.io/google-samples/hello-go-gke", "1.0", &HELLO_GO),
    row("gcr.io/google-samples/kubernetes-bootcamp", "v1=1 v2=2", &BOOTCAMP),
    row("docker.io/jocatalin/kubernetes-bootcamp", "v1=1 v2=2 latest=1", &BOOTCAMP),
    row("docker.io/docker/kubernetes-bootcamp", "v1=1 v2=2", &BOOTCAMP),
    row(
        "quay.io/fluentd_elasticsearch/fluentd",
        "v2.5.2=1.5.1 v3.0.0=1.9.3 v3.4.0=1.14.6 v5.0.1=1.16.2",
        &FLUENTD,
    ),
];

static PERL: Recipe =
    Recipe { kit: Kit::Debian, app: App::Server("perl"), size: 340_118_204, cmd: &["perl"], ..RECIPE };
static MONGO: Recipe = Recipe {
    kit: Kit::Debian,
    app: App::Server("mongo"),
    size: 283_170_112,
    entrypoint: &["docker-entrypoint.sh"],
    cmd: &["mongod"],
    env: &[("MONGO_VERSION", "{v}")],
    ports: &[27017],
    ..RECIPE
};
static WORDPRESS: Recipe = Recipe {
    kit: Kit::Debian,
    app: App::Server("wordpress"),
    size: 248_604_170,
    entrypoint: &["docker-entrypoint.sh"],
    cmd: &["apache2-foreground"],
    env: &[("WORDPRESS_VERSION", "{v}")],
    dir: "/var/www/html",
    ports: &[80],
    stop: crate::os::Signal::Winch,
    ..RECIPE
};
static VISH: Recipe =
    Recipe { app: App::Server("vish"), size: 1_543_022, entrypoint: &["/stress"], ..RECIPE };
static ETCD: Recipe =
    Recipe { kit: Kit::Debian, app: App::Server("etcd"), size: 98_888_614, ports: &[2379, 2380], ..RECIPE };
static LIVENESS: Recipe = Recipe {
    app: App::Server("liveness"),
    size: 2_100_304,
    entrypoint: &["/server"],
    ports: &[8080],
    ..RECIPE
};
static GOPROXY: Recipe = Recipe {
    app: App::Server("goproxy"),
    size: 1_698_862,
    entrypoint: &["/goproxy"],
    ports: &[8080],
    ..RECIPE
};
static TEST_WEBSERVER: Recipe = Recipe {
    app: App::Server("test-webserver"),
    size: 1_810_004,
    entrypoint: &["/test-webserver"],
    ports: &[80],
    ..RECIPE
};
static DNSUTILS: Recipe = Recipe {
    kit: Kit::Debian,
    app: App::Server("dnsutils"),
    size: 104_313_211,
    cmd: &["sleep", "3600"],
    ..RECIPE
};
static OLD_REDIS: Recipe = Recipe {
    kit: Kit::Debian,
    app: App::Redis,
    size: 38_104_410,
    entrypoint: &["docker-entrypoint.sh"],
    cmd: &["redis-server"],
    dir: "/data",
    ports: &[6379],
    ..RECIPE
};
static GB_FRONTEND: Recipe = Recipe {
    kit: Kit::Debian,
    app: App::Server("gb-frontend"),
    size: 162_012_112,
    cmd: &["apache2-foreground"],
    dir: "/var/www/html",
    ports: &[80],
    ..RECIPE
};
static HELLO_GO: Recipe = Recipe {
    app: App::Server("hello-go-gke"),
    size: 4_976_122,
    entrypoint: &["/hello-go-gke"],
    ports: &[80],
    ..RECIPE
};
static BOOTCAMP: Recipe = Recipe {
    kit: Kit::Debian,
    app: App::Server("kubernetes-bootcamp"),
    size: 82_625_017,
    cmd: &["/bin/sh", "-c", "node server.js"],
    ports: &[8080],
    ..RECIPE
};
static FLUENTD: Recipe = Recipe {
    kit: Kit::Debian,
    app: App::Service("fluentd", "/entrypoint.sh"),
    size: 51_214_812,
    entrypoint: &["/entrypoint.sh"],
    ..RECIPE
};
