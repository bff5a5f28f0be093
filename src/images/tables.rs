//! The images of the two presets: what kinds there are, and under which names registries offer them.
//!
//! Sizes are compressed sizes for amd64 as registries list them, rounded where no recording tells them;
//! those of the laboratory are recorded.

use super::catalogue::{App, Kit, RECIPE, Recipe, Repository};
use super::registry::Preset;
use crate::os::Signal;

/// The search path that images set unless they say otherwise.
pub(super) const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Images that are on every node from the beginning, unless the scenario says otherwise.
pub fn preloaded(preset: Preset) -> &'static [&'static str] {
    const ALL: &[&str] = &[
        "harbor.wego.red/library/nginx:latest",
        "harbor.wego.red/library/nginx:1.9.0",
        "harbor.wego.red/library/busyboxplus:latest",
        "harbor.wego.red/library/stress:latest",
        "registry.k8s.io/pause:3.10",
        "docker.io/polinux/stress:latest",
        "docker.io/library/nginx:latest",
        "docker.io/library/nginx:1.14.2",
    ];
    match preset {
        Preset::Lab => ALL,
        Preset::Internet => ALL.split_at(5).0,
    }
}

/// The repositories of a preset.
pub(super) fn repositories(preset: Preset) -> impl Iterator<Item = &'static Repository> {
    let public = match preset {
        Preset::Lab => LAB_MIRRORS,
        Preset::Internet => INTERNET,
    };
    let more = if preset == Preset::Internet { MORE } else { &[] };
    COURSE.iter().chain(public).chain(more)
}

const fn row(name: &'static str, tags: &'static str, recipe: &'static Recipe) -> Repository {
    Repository { name, tags, recipe }
}

/// The course's private registry, in both presets.
const COURSE: &[Repository] = &[
    row("harbor.wego.red/library/nginx", "latest=1.29.4 1.16.1", &LAB_NGINX),
    row("harbor.wego.red/library/nginx", "1.9.0", &LAB_NGINX_OLD),
    row("harbor.wego.red/library/busyboxplus", "latest", &LAB_BUSYBOXPLUS),
    row("harbor.wego.red/library/busybox", "latest=1", &LAB_BUSYBOX),
    row("harbor.wego.red/library/stress", "latest", &LAB_STRESS),
];

const LAB_MIRRORS: &[Repository] = &[
    row("docker.io/library/nginx", "latest=1.29.4 1.29=1.29.4 1.16.1", &LAB_NGINX),
    row("docker.io/library/nginx", "1.14.2=1.9.0 1.7.9=1.9.0", &LAB_NGINX_OLD),
    row("docker.io/library/debian", "latest=1.29.4", &LAB_NGINX),
    row("docker.io/library/bash", "latest=1.29.4 5=1.29.4", &LAB_NGINX),
    row("registry.k8s.io/nginx", "1.7.9=1.9.0", &LAB_NGINX_OLD),
    row("registry.k8s.io/nginx", "latest=1.29.4 test-cmd=1.29.4", &LAB_NGINX),
    row("registry.k8s.io/nginx-slim", "0.7=1.29.4 0.8=1.29.4 0.24=1.29.4", &LAB_NGINX),
    row("docker.io/polinux/stress", "latest", &LAB_STRESS),
    row("docker.io/library/busybox", "latest=1 1.28=1 1.37", &LAB_BUSYBOX),
    row("docker.io/library/alpine", "latest=1", &LAB_BUSYBOX),
    row("registry.k8s.io/busybox", "latest=1 1.27.2=1 1.24=1", &LAB_BUSYBOX),
    row("registry.k8s.io/pause", PAUSE_TAGS, &LAB_PAUSE),
];

const PAUSE_TAGS: &str = "latest=3 2.0=3 3.1=3 3.2=3 3.3=3 3.4=3 3.4.1=3 3.5=3 3.6=3 3.7=3 3.8=3 3.9=3 3.10=3 \
                          3.10.1=3 3.10.2=3";

const NGINX_TAGS: &str = "latest=1.29.4 mainline=1.29.4 1=1.29.4 1.29=1.29.4 1.29.4 1.29.3 1.29.2 1.29.1 1.29.0 \
     stable=1.28.1 1.28=1.28.1 1.28.1 1.28.0 1.27=1.27.5 1.27.5 1.27.4 1.27.3 1.27.2 1.27.1 1.27.0 \
     1.26=1.26.3 1.26.3 1.26.2 1.26.1 1.26.0 1.25=1.25.5 1.25.5 1.25.4 1.25.3 1.25.2 1.25.1 1.25.0 \
     1.24=1.24.0 1.24.0 1.23=1.23.4 1.23.4 1.23.3 1.23.2 1.23.1 1.23.0 1.22=1.22.1 1.22.1 1.22.0 \
     1.21=1.21.6 1.21.6 1.21.5 1.21.4 1.21.3 1.21.1 1.21.0 1.20=1.20.2 1.20.2 1.20.1 1.20.0 \
     1.19=1.19.10 1.19.10 1.19.9 1.19.6 1.19.5 1.19.3 1.19.2 1.19.1 1.19.0";

const NGINX_OLD_TAGS: &str = "1.18=1.18.0 1.18.0 1.17=1.17.10 1.17.10 1.17.9 1.17.6 1.17.3 1.17.1 1.16=1.16.1 \
     1.16.1 1.16.0 1.15=1.15.12 1.15.12 1.15.9 1.15.8 1.15.5 1.15.4 1.15.2 1.14=1.14.2 1.14.2 1.14.1 1.14.0 \
     1.13=1.13.12 1.13.12 1.13.8 1.12=1.12.2 1.12.2 1.11=1.11.13 1.11.13 1.10=1.10.3 1.10.3 1.9=1.9.15 \
     1.9.15 1.9.1 1.9.0 1.8=1.8.1 1.8.1 1.7=1.7.12 1.7.12 1.7.9 1.7.1";

const NGINX_ALPINE_TAGS: &str = "alpine=1.29.4 mainline-alpine=1.29.4 1-alpine=1.29.4 1.29-alpine=1.29.4 \
     1.29.4-alpine=1.29.4 stable-alpine=1.28.1 1.28-alpine=1.28.1 1.27-alpine=1.27.5 1.27.5-alpine=1.27.5 \
     1.26-alpine=1.26.3 1.25-alpine=1.25.5 1.24-alpine=1.24.0 1.23-alpine=1.23.4 1.22-alpine=1.22.1 \
     1.21-alpine=1.21.6 1.20-alpine=1.20.2 1.19-alpine=1.19.10";

const BUSYBOX_TAGS: &str = "latest=1.37.0 stable=1.37.0 glibc=1.37.0 musl=1.37.0 uclibc=1.37.0 1=1.37.0 \
     1.37=1.37.0 1.37.0 1.36=1.36.1 1.36.1 1.36.0 1.35=1.35.0 1.35.0 1.34=1.34.1 1.34.1 1.33=1.33.1 1.33.1 \
     1.32=1.32.1 1.32 1.31=1.31.1 1.31.1 1.30=1.30.1 1.30.1 1.29=1.29.3 1.29.3 1.28=1.28.4 1.28.4 1.28.0 \
     1.27.2 1.27=1.27.2 1.26=1.26.2 1.25=1.25.1 1.24=1.24.2";

const ALPINE_TAGS: &str = "latest=3.23.0 3=3.23.0 3.23=3.23.0 3.23.0 3.22=3.22.2 3.22.2 3.21=3.21.5 3.20=3.20.8 \
     3.20.0 3.19=3.19.9 3.19.0 3.18=3.18.12 3.17=3.17.10 3.16=3.16.9 3.15=3.15.11 3.14=3.14.10 3.12=3.12.12 \
     3.10=3.10.9 3.9=3.9.6 3.8=3.8.5 edge=3.23.0";

const DEBIAN_TAGS: &str = "latest=13 stable=13 trixie=13 13 stable-slim=13 trixie-slim=13 bookworm=12 12 12-slim=12 \
     bookworm-slim=12 bullseye=11 bullseye-slim=11 11 buster=10 10";

const INTERNET: &[Repository] = &[
    row("docker.io/library/nginx", NGINX_TAGS, &NGINX),
    row("docker.io/library/nginx", NGINX_OLD_TAGS, &NGINX_OLD),
    row("docker.io/library/nginx", NGINX_ALPINE_TAGS, &NGINX_ALPINE),
    row(
        "registry.k8s.io/nginx-slim",
        "0.7=1.11.1 0.8=1.11.1 0.24=1.25.1 0.26=1.27.0 0.27=1.27.4",
        &NGINX_OLD,
    ),
    row("docker.io/library/busybox", BUSYBOX_TAGS, &BUSYBOX),
    row("registry.k8s.io/busybox", "latest=1.27.2 1.27.2 1.24=1.24.2", &BUSYBOX),
    row("gcr.io/google_containers/busybox", "latest=1.27.2 1.24=1.24.2", &BUSYBOX),
    row("registry.k8s.io/e2e-test-images/busybox", "1.29-4=1.29.3 1.36.1-1=1.36.1 1.37.0-1=1.37.0", &BUSYBOX),
    row("docker.io/radial/busyboxplus", "latest=1.37.0 curl=1.37.0", &BUSYBOX),
    row("docker.io/library/alpine", ALPINE_TAGS, &ALPINE),
    row("docker.io/library/debian", DEBIAN_TAGS, &DEBIAN),
    row("docker.io/library/ubuntu", "latest=24.04 24.04 noble=24.04 22.04 jammy=22.04 20.04 18.04", &UBUNTU),
    row("docker.io/library/bash", "latest=5.3 5=5.3 5.3 5.2 4=4.4 4.4", &BASH),
    row("docker.io/library/httpd", "latest=2.4.66 2=2.4.66 2.4=2.4.66 2.4.66 2.4.65 2.4.62 2.4.38", &HTTPD),
    row("docker.io/library/httpd", "alpine=2.4.66 2.4-alpine=2.4.66 2-alpine=2.4.66", &HTTPD_ALPINE),
    row(
        "docker.io/library/redis",
        "latest=8.4.0 8=8.4.0 8.4=8.4.0 7=7.4.7 7.4=7.4.7 7.2=7.2.12 7.0=7.0.15 6=6.2.21 \
         6.2=6.2.21 6.0=6.0.20 5=5.0.14 5.0=5.0.14 5.0.4 3.2=3.2.12",
        &REDIS,
    ),
    row(
        "docker.io/library/redis",
        "alpine=8.4.0 8-alpine=8.4.0 7-alpine=7.4.7 7.2-alpine=7.2.12 6-alpine=6.2.21 \
         5-alpine=5.0.14 3.2-alpine=3.2.12",
        &REDIS_ALPINE,
    ),
    row(
        "docker.io/library/mysql",
        "latest=9.5.0 9=9.5.0 9.5=9.5.0 8=8.4.7 8.4=8.4.7 8.0=8.0.44 8.0.44 5.7=5.7.44 \
         5.6=5.6.51",
        &MYSQL,
    ),
    row(
        "docker.io/library/postgres",
        "latest=18.1 18=18.1 17=17.7 16=16.11 15=15.15 14=14.20 13=13.23 18.1 17.7 \
         16.11 16-alpine=16.11 17-alpine=17.7 alpine=18.1",
        &POSTGRES,
    ),
    row(
        "docker.io/library/python",
        "latest=3.14.0 3=3.14.0 3.14=3.14.0 3.13=3.13.9 3.12=3.12.12 3.11=3.11.14 \
         3.10=3.10.19 3.9=3.9.24",
        &PYTHON,
    ),
    row(
        "docker.io/library/python",
        "slim=3.14.0 3-slim=3.14.0 3.14-slim=3.14.0 3.13-slim=3.13.9 3.12-slim=3.12.12 \
         3.11-slim=3.11.14 3.10-slim=3.10.19 3.9-slim=3.9.24",
        &PYTHON_SLIM,
    ),
    row(
        "docker.io/library/python",
        "alpine=3.14.0 3-alpine=3.14.0 3.13-alpine=3.13.9 3.12-alpine=3.12.12 \
         3.11-alpine=3.11.14",
        &PYTHON_ALPINE,
    ),
    row(
        "docker.io/library/node",
        "latest=25.2.1 25=25.2.1 lts=24.11.1 24=24.11.1 22=22.21.1 20=20.19.6 18=18.20.8 \
         16=16.20.2 slim=25.2.1 24-slim=24.11.1 22-slim=22.21.1 20-slim=20.19.6",
        &NODE,
    ),
    row(
        "docker.io/library/node",
        "alpine=25.2.1 lts-alpine=24.11.1 24-alpine=24.11.1 22-alpine=22.21.1 \
         20-alpine=20.19.6 18-alpine=18.20.8",
        &NODE_ALPINE,
    ),
    row("docker.io/polinux/stress", "latest=1.0.4 1.0.4", &STRESS),
    row("docker.io/curlimages/curl", "latest=8.17.0 8.17.0 8.16.0 8.15.0 8.12.1 8.10.1 8.5.0 7.88.1", &CURL),
    row("quay.io/curl/curl", "latest=8.17.0 8.17.0", &CURL),
    row("docker.io/library/hello-world", "latest linux", &HELLO_WORLD),
    row("docker.io/hashicorp/http-echo", "latest=1.0.0 1.0=1.0.0 1.0.0 0.2.3 0.2.3-alpine=0.2.3", &HTTP_ECHO),
    row("docker.io/podlab/crash", "latest", &CRASH),
    row("docker.io/podlab/slow-start", "latest", &SLOW_START),
    row("registry.k8s.io/pause", PAUSE_TAGS, &PAUSE),
    row("gcr.io/google_containers/pause", PAUSE_TAGS, &PAUSE),
    row("docker.io/kubernetes/pause", "latest=3", &PAUSE),
    row(
        "registry.k8s.io/e2e-test-images/agnhost",
        "2.63.0 2.62.0 2.61 2.60 2.59 2.57 2.56 2.54 2.53 2.52 2.48 2.47 \
         2.45 2.43 2.40 2.39 2.33 2.32 2.21 2.20",
        &AGNHOST,
    ),
    row("registry.k8s.io/e2e-test-images/nginx", "1.14-4=1.14.2 1.15-4=1.15.12", &NGINX_OLD),
    row("registry.k8s.io/echoserver", "latest=1.10 1.10 1.9 1.8 1.4", &ECHOSERVER),
    row("registry.k8s.io/hpa-example", "latest", &HPA_EXAMPLE),
    row("registry.k8s.io/serve_hostname", "latest=1.4 v1.4=1.4 1.4", &SERVE_HOSTNAME),
    row("gcr.io/google-samples/hello-app", "latest=2.0.0 1.0=1.0.0 2.0=2.0.0", &HELLO_APP),
    row("gcr.io/google-samples/node-hello", "latest=1.0 1.0", &NODE_HELLO),
];

/// Further images of public registries.
const MORE: &[Repository] = &[
    row(
        "docker.io/library/memcached",
        "latest=1.6.39 1=1.6.39 1.6=1.6.39 alpine=1.6.39 1.6-alpine=1.6.39 1.5=1.5.22",
        &MEMCACHED,
    ),
    row(
        "docker.io/library/mongo",
        "latest=8.2.2 8=8.2.2 8.2=8.2.2 8.0=8.0.16 7=7.0.26 7.0=7.0.26 6=6.0.26 6.0=6.0.26 5=5.0.31 5.0=5.0.31 4=4.4.29 4.4=4.4.29 4.2=4.2.24 4.0=4.0.28 3.6=3.6.23",
        &MONGO,
    ),
    row(
        "docker.io/library/mariadb",
        "latest=12.1.2 12=12.1.2 11=11.8.5 11.4=11.4.9 10=10.11.15 10.11=10.11.15 10.6=10.6.24 10.5=10.5.29 lts=11.8.5",
        &MARIADB,
    ),
    row(
        "docker.io/library/rabbitmq",
        "latest=4.2.1 4=4.2.1 4.1=4.1.6 3=3.13.7 3.13=3.13.7 3.12=3.12.14 management=4.2.1 4-management=4.2.1 3-management=3.13.7 3.13-management=3.13.7 3-alpine=3.13.7 alpine=4.2.1",
        &RABBITMQ,
    ),
    row("docker.io/library/zookeeper", "latest=3.9.4 3.9=3.9.4 3.8=3.8.5", &ZOOKEEPER),
    row("registry.k8s.io/kubernetes-zookeeper", "1.0-3.4.10=3.4.10", &ZOOKEEPER_EXAMPLE),
    row("docker.io/library/cassandra", "latest=5.0.6 5=5.0.6 5.0=5.0.6 4=4.1.10 4.1=4.1.10", &CASSANDRA),
    row("gcr.io/google-samples/cassandra", "v13=3.11.2 v14=3.11.2", &CASSANDRA),
    row("docker.io/apache/kafka", "latest=4.1.1 4.1.1 4.0.0 3.9.0 3.8.0", &KAFKA),
    row("docker.io/fluent/fluentd", "latest=1.19.1 v1.19=1.19.1 v1.16-1=1.16.9", &FLUENTD),
    row("quay.io/fluentd_elasticsearch/fluentd", "latest=4.7.2 v4.7.2=4.7.2 v2.5.2=2.5.2", &FLUENTD),
    row(
        "docker.io/fluent/fluentd-kubernetes-daemonset",
        "v1=1.19.1 v1-debian-elasticsearch=1.19.1",
        &FLUENTD,
    ),
    row(
        "docker.io/fluent/fluent-bit",
        "latest=4.2.0 4.2=4.2.0 4.0=4.0.13 3.2=3.2.10 2.2=2.2.3 1.9=1.9.10",
        &FLUENT_BIT,
    ),
    row(
        "docker.io/library/php",
        "fpm=8.5.0 8-fpm=8.5.0 8.4-fpm=8.4.15 8.3-fpm=8.3.28 8.2-fpm=8.2.29 7.4-fpm=7.4.33 fpm-alpine=8.5.0 8.3-fpm-alpine=8.3.28",
        &PHP_FPM,
    ),
    row(
        "docker.io/library/php",
        "apache=8.5.0 8-apache=8.5.0 8.4-apache=8.4.15 8.3-apache=8.3.28 8.2-apache=8.2.29 8.1-apache=8.1.33 7.4-apache=7.4.33 7.0-apache=7.0.33",
        &PHP_APACHE,
    ),
    row(
        "docker.io/library/php",
        "latest=8.5.0 8=8.5.0 8.4=8.4.15 8.3=8.3.28 8.2=8.2.29 cli=8.5.0 8-cli=8.5.0 7.4=7.4.33",
        &PHP,
    ),
    row("docker.io/minio/minio", "latest", &MINIO),
    row(
        "docker.io/library/tomcat",
        "latest=11.0.14 11=11.0.14 11.0=11.0.14 10=10.1.49 10.1=10.1.49 9=9.0.112 9.0=9.0.112 8=8.5.100 8.5=8.5.100",
        &TOMCAT,
    ),
    row(
        "docker.io/library/wordpress",
        "latest=6.8.3 6=6.8.3 6.8=6.8.3 6.8-apache=6.8.3 apache=6.8.3 6.2.1-apache=6.2.1 5=5.9.3 4.8-apache=4.8.3",
        &WORDPRESS,
    ),
    row(
        "docker.io/prom/prometheus",
        "latest=3.8.0 v3.8.0=3.8.0 v3.0.0=3.0.0 v2.55.1=2.55.1 v2.45.0=2.45.0",
        &PROMETHEUS,
    ),
    row("quay.io/prometheus/prometheus", "latest=3.8.0 v3.8.0=3.8.0 v2.55.1=2.55.1", &PROMETHEUS),
    row(
        "docker.io/prom/node-exporter",
        "latest=1.10.2 v1.10.2=1.10.2 v1.8.2=1.8.2 v1.3.1=1.3.1",
        &NODE_EXPORTER,
    ),
    row("quay.io/prometheus/node-exporter", "latest=1.10.2 v1.10.2=1.10.2 v1.8.2=1.8.2", &NODE_EXPORTER),
    row("docker.io/grafana/grafana", "latest=12.3.0 12.3.0 11.6.0 10.4.0 9.5.0", &GRAFANA),
    row("docker.io/library/elasticsearch", "9.2.1 8.19.7 8.11.0 7.17.29", &ELASTICSEARCH),
    row("docker.elastic.co/elasticsearch/elasticsearch", "9.2.1 8.19.7 8.11.0 7.17.29", &ELASTICSEARCH),
    row("docker.io/library/registry", "latest=3.0.0 3=3.0.0 2=2.8.3 2.8=2.8.3", &REGISTRY),
    row(
        "docker.io/jenkins/jenkins",
        "latest=2.538 lts=2.528.2 lts-jdk17=2.528.2 lts-jdk21=2.528.2",
        &JENKINS,
    ),
    row(
        "docker.io/library/caddy",
        "latest=2.10.2 2=2.10.2 2.10=2.10.2 alpine=2.10.2 2-alpine=2.10.2",
        &CADDY,
    ),
    row(
        "docker.io/library/traefik",
        "latest=3.6.2 v3.6=3.6.2 v3=3.6.2 v3.0=3.0.4 v2.11=2.11.31 v2.10=2.10.7",
        &TRAEFIK,
    ),
    row("docker.io/traefik/whoami", "latest=1.11.0 v1.11=1.11.0 v1.10=1.10.4", &WHOAMI),
    row("docker.io/containous/whoami", "latest=1.5.0 v1.5.0=1.5.0", &WHOAMI),
    row("docker.io/jocatalin/kubernetes-bootcamp", "latest=1 v1=1 v2=2", &BOOTCAMP),
    row("gcr.io/google-samples/kubernetes-bootcamp", "latest=1 v1=1", &BOOTCAMP),
    row("gcr.io/k8s-minikube/kubernetes-bootcamp", "latest=1 v1=1", &BOOTCAMP),
    row("docker.io/kicbase/echo-server", "latest=1.0 1.0", &ECHO_SERVER),
    row("docker.io/nginxdemos/hello", "latest=1 plain-text=1 0.4=1 0.4-plain-text=1", &NGINX_HELLO),
    row(
        "docker.io/nginxinc/nginx-unprivileged",
        "latest=1.29.4 stable=1.28.1 1.29=1.29.4 1.28=1.28.1 1.27=1.27.5 1.25=1.25.5 alpine=1.29.4",
        &NGINX_UNPRIVILEGED,
    ),
    row("docker.io/paulbouwer/hello-kubernetes", "latest=1.10 1.10=1.10 1.8 1.7 1.5", &HELLO_KUBERNETES),
    row("docker.io/bmuschko/nodejs-hello-world", "latest=1.0.0 1.0.0", &NODEJS_HELLO),
    row("registry.k8s.io/test-webserver", "latest=e2e e2e", &TEST_WEBSERVER),
    row("registry.k8s.io/liveness", "latest=e2e e2e", &LIVENESS),
    row("gcr.io/google-samples/gb-frontend", "v3=3 v4=4 v5=5 v6=6", &GUESTBOOK),
    row("gcr.io/google-samples/gb-redis-follower", "v1=6.0.5 v2=6.0.5", &REDIS),
    row("gcr.io/google-samples/gb-redisslave", "v1=2.8.23 v2=2.8.23 v3=2.8.23", &REDIS),
    row("registry.k8s.io/redis", "e2e=2.8.19 v1=2.8.23", &REDIS),
    row("docker.io/vish/stress", "latest=1", &VISH_STRESS),
    row(
        "docker.io/library/perl",
        "latest=5.42.0 5=5.42.0 5.42=5.42.0 5.40=5.40.3 5.38=5.38.5 5.36=5.36.3 5.34=5.34.3 5.34.0 5.32=5.32.1 slim=5.42.0",
        &PERL,
    ),
    row(
        "docker.io/library/golang",
        "latest=1.25.4 1=1.25.4 1.25=1.25.4 1.24=1.24.10 1.23=1.23.12 1.22=1.22.12 1.21=1.21.13 1.20=1.20.14 alpine=1.25.4 1.25-alpine=1.25.4 1.22-alpine=1.22.12",
        &GOLANG,
    ),
    row(
        "docker.io/library/openjdk",
        "8=8 8-jre=8 8-jdk-alpine=8 11=11 11-jre=11 11-jre-slim=11 17=17 17-jdk=17 17-jdk-slim=17 17-alpine=17 21=21",
        &JAVA,
    ),
    row(
        "docker.io/library/eclipse-temurin",
        "latest=25 25 21 21-jre=21 21-jdk=21 17 17-jre=17 17-jdk=17 17-jre-alpine=17 11 11-jre=11 8 8-jre=8",
        &JAVA,
    ),
    row("docker.io/library/amazoncorretto", "latest=25 25 21 17 11 8", &JAVA),
    row(
        "docker.io/library/ruby",
        "latest=3.4.7 3=3.4.7 3.4=3.4.7 3.3=3.3.10 3.2=3.2.9 slim=3.4.7 alpine=3.4.7",
        &RUBY,
    ),
    row("docker.io/library/rust", "latest=1.91.1 1=1.91.1 1.91=1.91.1 slim=1.91.1", &RUST),
    row("docker.io/library/gcc", "latest=15.2.0 15=15.2.0 14=14.3.0 13=13.4.0", &GCC),
    row("docker.io/bitnami/kubectl", "latest=1.34.1", &KUBECTL),
    row("docker.io/rancher/kubectl", "v1.34.1=1.34.1 v1.33.5=1.33.5", &KUBECTL),
    row("docker.io/library/fedora", "latest=43 43 42 41 40", &FEDORA),
    row("docker.io/library/centos", "latest=8 8 7 centos7=7 centos8=8", &CENTOS),
    row("docker.io/library/rockylinux", "8 9 8.9 9.3", &ROCKY),
    row("docker.io/rockylinux/rockylinux", "8 9 10", &ROCKY),
    row("docker.io/library/almalinux", "latest=10 8 9 10", &ALMA),
    row("docker.io/library/amazonlinux", "latest=2023 2023 2", &AMAZON),
    row("docker.io/library/oraclelinux", "8 9 10", &ORACLE),
    row("docker.io/opensuse/leap", "latest=15.6 15 15.6", &SUSE),
    row("docker.io/nicolaka/netshoot", "latest=0.14 v0.14=0.14 v0.13=0.13", &NET_TOOLS),
    row("docker.io/praqma/network-multitool", "latest=1", &NET_TOOLS),
    row("docker.io/wbitt/network-multitool", "latest=1", &NET_TOOLS),
    row("docker.io/infoblox/dnstools", "latest=1", &NET_TOOLS),
    row("docker.io/alpine/curl", "latest=8.17.0 8.17.0 8.14.1 8.12.1 8.5.0 3.14=8.0.1", &CURL_ALPINE),
    row("docker.io/yauritux/busybox-curl", "latest=1.37.0", &BUSYBOX),
    row("registry.k8s.io/e2e-test-images/jessie-dnsutils", "1.3 1.7", &DNSUTILS),
    row(
        "registry.k8s.io/e2e-test-images/agnhost",
        "2.35 2.36 2.41 2.44 2.46 2.49 2.50 2.51 2.55 2.58",
        &AGNHOST,
    ),
];

static LAB_NGINX: Recipe = Recipe { size: 22_907_787, ..LAB_NGINX_BASE };
static LAB_NGINX_OLD: Recipe = Recipe { size: 22_907_785, ..LAB_NGINX_BASE };
const LAB_NGINX_BASE: Recipe = Recipe {
    kit: Kit::LabDebian,
    app: App::NginxPlain,
    cmd: &["nginx", "-g", "daemon off;"],
    env: &[("NGINX_VERSION", "{v}")],
    ports: &[80],
    stop: Signal::Quit,
    ..RECIPE
};
static LAB_BUSYBOXPLUS: Recipe = Recipe { kit: Kit::LabBusybox, size: 2_140_990, cmd: &["sh"], ..RECIPE };
static LAB_BUSYBOX: Recipe = Recipe { kit: Kit::LabBusyboxPlain, size: 2_140_956, cmd: &["sh"], ..RECIPE };
static LAB_STRESS: Recipe =
    Recipe { kit: Kit::LabBusybox, app: App::Stress, size: 6_697_762, cmd: &["bash"], ..RECIPE };
static LAB_PAUSE: Recipe = Recipe { size: 768_827, ..PAUSE_BASE };

const PAUSE_BASE: Recipe = Recipe { app: App::Pause, entrypoint: &["/pause"], user: "65535:65535", ..RECIPE };
static PAUSE: Recipe = Recipe { size: 320_448, ..PAUSE_BASE };

const NGINX_BASE: Recipe = Recipe {
    kit: Kit::Debian,
    app: App::Nginx,
    entrypoint: &["/docker-entrypoint.sh"],
    cmd: &["nginx", "-g", "daemon off;"],
    env: &[("NGINX_VERSION", "{v}"), ("NJS_VERSION", "0.9.4"), ("PKG_RELEASE", "1~trixie")],
    ports: &[80],
    stop: Signal::Quit,
    ..RECIPE
};
static NGINX: Recipe = Recipe { size: 62_939_286, ..NGINX_BASE };
static NGINX_ALPINE: Recipe = Recipe { kit: Kit::Alpine, size: 22_631_814, ..NGINX_BASE };
/// Before 1.19 there were no entrypoint scripts, and TERM was the stop signal.
static NGINX_OLD: Recipe = Recipe {
    app: App::NginxPlain,
    size: 44_710_204,
    entrypoint: &[],
    env: &[("NGINX_VERSION", "{v}-1~stretch"), ("NJS_VERSION", "{v}.0.2.6-1~stretch")],
    stop: Signal::Term,
    ..NGINX_BASE
};

static BUSYBOX: Recipe = Recipe { kit: Kit::Busybox, size: 2_224_358, cmd: &["sh"], ..RECIPE };
static ALPINE: Recipe = Recipe { kit: Kit::Alpine, size: 3_805_787, cmd: &["/bin/sh"], ..RECIPE };
static DEBIAN: Recipe = Recipe { kit: Kit::Debian, size: 49_280_917, cmd: &["bash"], ..RECIPE };
static UBUNTU: Recipe = release("Ubuntu", "ubuntu", 29_724_688);
static BASH: Recipe = Recipe {
    kit: Kit::Alpine,
    app: App::Server("bash"),
    size: 6_552_108,
    entrypoint: &["docker-entrypoint.sh"],
    cmd: &["bash"],
    env: &[("_BASH_VERSION", "{v}")],
    ..RECIPE
};

const HTTPD_BASE: Recipe = Recipe {
    app: App::Httpd,
    cmd: &["httpd-foreground"],
    env: &[
        ("PATH", "/usr/local/apache2/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"),
        ("HTTPD_PREFIX", "/usr/local/apache2"),
        ("HTTPD_VERSION", "{v}"),
    ],
    dir: "/usr/local/apache2",
    ports: &[80],
    stop: Signal::Winch,
    ..RECIPE
};
static HTTPD: Recipe = Recipe { kit: Kit::Debian, size: 45_211_804, ..HTTPD_BASE };
static HTTPD_ALPINE: Recipe = Recipe { kit: Kit::Alpine, size: 20_301_667, ..HTTPD_BASE };

const REDIS_BASE: Recipe = Recipe {
    app: App::Redis,
    entrypoint: &["docker-entrypoint.sh"],
    cmd: &["redis-server"],
    env: &[("REDIS_VERSION", "{v}")],
    dir: "/data",
    ports: &[6379],
    ..RECIPE
};
static REDIS: Recipe = Recipe { kit: Kit::Debian, size: 52_638_153, ..REDIS_BASE };
static REDIS_ALPINE: Recipe = Recipe { kit: Kit::Alpine, size: 17_248_331, ..REDIS_BASE };

static MYSQL: Recipe = Recipe {
    kit: Kit::Debian,
    app: App::Mysql,
    size: 232_541_970,
    entrypoint: &["docker-entrypoint.sh"],
    cmd: &["mysqld"],
    env: &[("MYSQL_VERSION", "{v}")],
    ports: &[3306, 33060],
    ..RECIPE
};
static POSTGRES: Recipe = Recipe {
    kit: Kit::Debian,
    app: App::Postgres,
    size: 160_372_884,
    entrypoint: &["docker-entrypoint.sh"],
    cmd: &["postgres"],
    env: &[("LANG", "en_US.utf8"), ("PG_VERSION", "{v}"), ("PGDATA", "/var/lib/postgresql/data")],
    ports: &[5432],
    stop: Signal::Int,
    ..RECIPE
};

const PYTHON_BASE: Recipe = Recipe {
    app: App::Python,
    cmd: &["python3"],
    env: &[("LANG", "C.UTF-8"), ("PYTHON_VERSION", "{v}")],
    ..RECIPE
};
static PYTHON: Recipe = Recipe { kit: Kit::Debian, size: 390_112_650, ..PYTHON_BASE };
static PYTHON_SLIM: Recipe = Recipe { kit: Kit::Debian, size: 45_523_116, ..PYTHON_BASE };
static PYTHON_ALPINE: Recipe = Recipe { kit: Kit::Alpine, size: 16_204_771, ..PYTHON_BASE };

const NODE_BASE: Recipe = Recipe {
    app: App::Node,
    entrypoint: &["docker-entrypoint.sh"],
    cmd: &["node"],
    env: &[("NODE_VERSION", "{v}")],
    ..RECIPE
};
static NODE: Recipe = Recipe { kit: Kit::Debian, size: 403_216_118, ..NODE_BASE };
static NODE_ALPINE: Recipe = Recipe { kit: Kit::Alpine, size: 52_873_409, ..NODE_BASE };

static STRESS: Recipe =
    Recipe { kit: Kit::Alpine, app: App::Stress, size: 4_041_495, cmd: &["/bin/bash"], ..RECIPE };
static CURL: Recipe = CURL_BASE;
const CURL_BASE: Recipe = Recipe {
    kit: Kit::Alpine,
    app: App::Curl,
    size: 9_732_210,
    entrypoint: &["/entrypoint.sh"],
    cmd: &["curl"],
    env: &[("CURL_CA_BUNDLE", "/cacert.pem")],
    dir: "/home/curl_user",
    user: "curl_user",
    ..RECIPE
};
static HELLO_WORLD: Recipe = Recipe { app: App::HelloWorld, size: 10_072, cmd: &["/hello"], ..RECIPE };
static HTTP_ECHO: Recipe =
    Recipe { app: App::HttpEcho, size: 3_021_844, entrypoint: &["/http-echo"], ports: &[5678], ..RECIPE };
static CRASH: Recipe =
    Recipe { kit: Kit::Busybox, app: App::Crash, size: 2_240_512, entrypoint: &["/crash"], ..RECIPE };
static SLOW_START: Recipe = Recipe {
    kit: Kit::Busybox,
    app: App::SlowStart,
    size: 2_240_768,
    entrypoint: &["/slow-start"],
    env: &[("START_SECONDS", "20")],
    ports: &[8080],
    ..RECIPE
};
static AGNHOST: Recipe = Recipe {
    kit: Kit::Alpine,
    app: App::Agnhost,
    size: 51_706_353,
    entrypoint: &["/agnhost"],
    cmd: &["pause"],
    ports: &[80, 8080, 8081, 9376],
    ..RECIPE
};
static ECHOSERVER: Recipe = Recipe {
    kit: Kit::Debian,
    app: App::Server("echoserver"),
    size: 46_159_242,
    cmd: &["/usr/local/bin/run.sh"],
    ports: &[8080],
    ..RECIPE
};
static HPA_EXAMPLE: Recipe = Recipe {
    kit: Kit::Debian,
    app: App::Server("hpa-example"),
    size: 160_324_130,
    cmd: &["apache2-foreground"],
    ports: &[80],
    ..RECIPE
};
static SERVE_HOSTNAME: Recipe = Recipe {
    app: App::Server("serve_hostname"),
    size: 2_307_340,
    entrypoint: &["/serve_hostname"],
    ports: &[9376],
    ..RECIPE
};
static HELLO_APP: Recipe = Recipe {
    app: App::Server("hello-app"),
    size: 11_461_880,
    entrypoint: &["/hello-app"],
    ports: &[8080],
    ..RECIPE
};
static NODE_HELLO: Recipe = Recipe {
    kit: Kit::Debian,
    app: App::Server("node-hello"),
    size: 250_117_540,
    cmd: &["/bin/sh", "-c", "node server.js"],
    ports: &[8080],
    ..RECIPE
};

/// A server behind its image's own entrypoint: the program's id and path.
const fn served(
    id: &'static str,
    path: &'static [&'static str; 1],
    kit: Kit,
    size: u64,
    ports: &'static [u16],
) -> Recipe {
    Recipe { kit, app: App::Service(id, path[0]), size, entrypoint: path, ports, ..RECIPE }
}

/// A distribution of its own.
const fn release(name: &'static str, short: &'static str, size: u64) -> Recipe {
    Recipe { kit: Kit::Debian, app: App::Release(name, short), size, cmd: &["/bin/bash"], ..RECIPE }
}

/// An image with tools that are not simulated.
const fn tools(names: &'static [&'static str], size: u64, cmd: &'static [&'static str]) -> Recipe {
    Recipe { kit: Kit::Debian, app: App::Tools(names), size, cmd, ..RECIPE }
}

static MEMCACHED: Recipe = Recipe {
    user: "memcache",
    ..served("memcached", &["/usr/local/bin/memcached"], Kit::Debian, 33_214_602, &[11211])
};
static MONGO: Recipe = served("mongod", &["/usr/bin/mongod"], Kit::Debian, 306_113_480, &[27017]);
static MARIADB: Recipe =
    served("mariadb", &["/usr/local/bin/docker-entrypoint.sh"], Kit::Debian, 107_220_412, &[3306]);
static RABBITMQ: Recipe =
    served("rabbitmq", &["/opt/rabbitmq/sbin/rabbitmq-server"], Kit::Debian, 102_418_820, &[5672, 15672]);
static ZOOKEEPER: Recipe =
    served("zookeeper", &["/docker-entrypoint.sh"], Kit::Debian, 130_117_302, &[2181, 2888, 3888]);
/// The documentation's example starts it by a script of its own.
static ZOOKEEPER_EXAMPLE: Recipe =
    served("zookeeper", &["/usr/bin/start-zookeeper"], Kit::Debian, 109_232_141, &[2181, 2888, 3888]);
static CASSANDRA: Recipe =
    served("cassandra", &["/usr/local/bin/docker-entrypoint.sh"], Kit::Debian, 150_824_110, &[7000, 9042]);
static KAFKA: Recipe = served("kafka", &["/__cacert_entrypoint.sh"], Kit::Alpine, 166_402_917, &[9092]);
static FLUENTD: Recipe = served("fluentd", &["/bin/entrypoint.sh"], Kit::Debian, 65_412_008, &[24224]);
static FLUENT_BIT: Recipe =
    served("fluent-bit", &["/fluent-bit/bin/fluent-bit"], Kit::Bare, 42_110_230, &[2020]);
static PHP_FPM: Recipe = served("php-fpm", &["/usr/local/sbin/php-fpm"], Kit::Debian, 182_118_009, &[9000]);
static PHP_APACHE: Recipe =
    served("php-apache", &["/usr/local/bin/apache2-foreground"], Kit::Debian, 178_820_441, &[80]);
static PHP: Recipe = tools(&["php", "composer"], 175_320_118, &["php", "-a"]);
static MINIO: Recipe = served("minio", &["/usr/bin/docker-entrypoint.sh"], Kit::Debian, 60_218_004, &[9000]);
static TOMCAT: Recipe =
    served("tomcat", &["/usr/local/tomcat/bin/catalina.sh"], Kit::Debian, 215_440_220, &[8080]);
static WORDPRESS: Recipe =
    served("wordpress", &["/usr/local/bin/docker-entrypoint.sh"], Kit::Debian, 251_903_771, &[80]);
static PROMETHEUS: Recipe = Recipe {
    user: "nobody",
    ..served("prometheus", &["/bin/prometheus"], Kit::Busybox, 140_228_917, &[9090])
};
static NODE_EXPORTER: Recipe = Recipe {
    user: "nobody",
    ..served("node-exporter", &["/bin/node_exporter"], Kit::Busybox, 13_440_212, &[9100])
};
static GRAFANA: Recipe =
    Recipe { user: "472", ..served("grafana", &["/run.sh"], Kit::Alpine, 205_118_220, &[3000]) };
static ELASTICSEARCH: Recipe = Recipe {
    user: "1000:0",
    ..served(
        "elasticsearch",
        &["/usr/local/bin/docker-entrypoint.sh"],
        Kit::Debian,
        640_118_300,
        &[9200, 9300],
    )
};
static REGISTRY: Recipe = served("registry", &["/entrypoint.sh"], Kit::Alpine, 19_220_118, &[5000]);
static JENKINS: Recipe = Recipe {
    user: "1000",
    ..served("jenkins", &["/usr/local/bin/jenkins.sh"], Kit::Debian, 271_118_402, &[8080, 50000])
};
static CADDY: Recipe = served("caddy", &["/usr/bin/caddy"], Kit::Alpine, 24_118_230, &[80, 443, 2019]);
static TRAEFIK: Recipe = served("traefik", &["/entrypoint.sh"], Kit::Alpine, 52_228_110, &[80]);
static WHOAMI: Recipe = served("whoami", &["/whoami"], Kit::Bare, 2_920_118, &[80]);
static BOOTCAMP: Recipe = served("bootcamp", &["/usr/local/bin/server"], Kit::Debian, 83_118_220, &[8080]);
static ECHO_SERVER: Recipe = served("echo-server", &["/bin/echo-server"], Kit::Bare, 2_118_220, &[8080]);
static NGINX_HELLO: Recipe = served("nginx-hello", &["/usr/sbin/nginx"], Kit::Alpine, 21_118_220, &[80]);
static NGINX_UNPRIVILEGED: Recipe =
    Recipe { app: App::NginxUnprivileged, size: 63_118_220, user: "101", ports: &[8080], ..NGINX_BASE };
static HELLO_KUBERNETES: Recipe =
    served("hello-kubernetes", &["/usr/local/bin/server"], Kit::Alpine, 46_118_220, &[8080]);
static NODEJS_HELLO: Recipe =
    served("nodejs-hello", &["/usr/local/bin/server"], Kit::Debian, 45_118_220, &[3000]);
static TEST_WEBSERVER: Recipe = served("test-webserver", &["/test-webserver"], Kit::Bare, 2_118_220, &[80]);
/// Manifests start `/server`.
static LIVENESS: Recipe = served("liveness", &["/server"], Kit::Bare, 2_018_220, &[8080]);
static GUESTBOOK: Recipe =
    served("guestbook", &["/usr/local/bin/apache2-foreground"], Kit::Debian, 167_118_220, &[80]);
static VISH_STRESS: Recipe = Recipe {
    app: App::Service("vish", "/stress"),
    size: 1_558_791,
    entrypoint: &["/stress", "-logtostderr"],
    ..RECIPE
};
static PERL: Recipe = Recipe {
    kit: Kit::Debian,
    app: App::Service("perl", "/usr/local/bin/perl"),
    size: 336_118_220,
    cmd: &["perl", "-de0"],
    dir: "/usr/src/app",
    env: &[("PATH", PATH), ("PERL_VERSION", "{v}")],
    ..RECIPE
};
static GOLANG: Recipe = tools(&["go", "gofmt"], 295_118_220, &["bash"]);
static JAVA: Recipe = tools(&["java", "javac", "jshell", "jar"], 216_118_220, &["jshell"]);
static RUBY: Recipe = tools(&["ruby", "irb", "gem", "bundle"], 360_118_220, &["irb"]);
static RUST: Recipe = tools(&["rustc", "cargo"], 560_118_220, &["bash"]);
static GCC: Recipe = tools(&["gcc", "g++", "make"], 510_118_220, &["bash"]);
static KUBECTL: Recipe =
    Recipe { entrypoint: &["kubectl"], user: "1001", ..tools(&["kubectl"], 84_118_220, &["--help"]) };
static FEDORA: Recipe = release("Fedora Linux", "fedora", 66_118_220);
static CENTOS: Recipe = release("CentOS Linux", "centos", 83_518_086);
static ROCKY: Recipe = release("Rocky Linux", "rocky", 67_118_220);
static ALMA: Recipe = release("AlmaLinux", "almalinux", 71_118_220);
static AMAZON: Recipe = release("Amazon Linux", "amzn", 53_118_220);
static ORACLE: Recipe = release("Oracle Linux Server", "ol", 92_118_220);
static SUSE: Recipe = release("openSUSE Leap", "opensuse-leap", 45_118_220);
static NET_TOOLS: Recipe = Recipe {
    kit: Kit::Alpine,
    app: App::Server("net-tools"),
    size: 202_118_220,
    cmd: &["/bin/bash"],
    ..RECIPE
};
static CURL_ALPINE: Recipe = Recipe { entrypoint: &["curl"], cmd: &[], user: "", dir: "", ..CURL_BASE };
static DNSUTILS: Recipe =
    Recipe { kit: Kit::Debian, size: 112_118_220, cmd: &["sleep", "infinity"], ..RECIPE };
