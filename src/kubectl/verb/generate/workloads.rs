//! Deployments, Jobs and CronJobs.

use super::{command, make, name, required};
use crate::api::{Kind, Object, Value};
use crate::kubectl::cx::{Cx, Outcome};
use crate::kubectl::fail::{Fail, Res};
use crate::kubectl::flags::{Args, Flag, int, slice, text};
use crate::kubectl::resource;

/// Flags of `create deployment`.
pub const DEPLOYMENT: &[Flag] = &[slice("image", ' '), int("replicas", 'r', "1"), int("port", ' ', "-1")];
/// Flags of `create job`.
pub const JOB: &[Flag] = &[text("image", ' ', ""), text("from", ' ', "")];
/// Flags of `create cronjob`.
pub const CRON_JOB: &[Flag] =
    &[text("image", ' ', ""), text("schedule", ' ', ""), text("restart", ' ', "OnFailure")];

/// The name of a container by its image: the last part without tag and digest.
fn container_name(image: &str) -> String {
    let base = image.rsplit('/').next().unwrap_or("");
    let base = base.split([':', '@']).next().unwrap_or("");
    base.replace('_', "-").to_lowercase()
}

fn container(name: &str, image: &str, words: &[String]) -> Value {
    let mut c = crate::map! { "name" => name, "image" => image, "resources" => Value::map() };
    if !words.is_empty() {
        c.set("command", words.iter().map(String::as_str).collect::<Value>());
    }
    c
}

/// `create deployment`.
pub fn deployment(cx: &mut Cx, args: &Args) -> Outcome {
    required(args, &["image"])?;
    let name = name(args)?;
    let (images, words) = (args.values("image"), command(args));
    if images.len() > 1 && !words.is_empty() {
        return Err("cannot specify multiple --image options and command".into());
    }
    let mut containers = Vec::new();
    for image in &images {
        let mut base = container_name(image);
        if containers.iter().any(|c: &Value| c["name"].str() == base) {
            base = format!("{base}-{}", containers.len() + 1);
        }
        containers.push(container(&base, image, &words));
    }
    if args.changed("port")
        && let Some(first) = containers.first_mut()
    {
        first.set("ports", crate::list![crate::map! { "containerPort" => args.int("port") }]);
    }
    let labels = crate::map! { "app" => &name };
    let fields = crate::map! {
        "spec" => crate::map! {
            "replicas" => args.int("replicas"),
            "selector" => crate::map! { "matchLabels" => &labels },
            "strategy" => Value::map(),
            "template" => crate::map! {
                "metadata" => crate::map! { "labels" => &labels },
                "spec" => crate::map! { "containers" => Value::from(containers) },
            },
        },
        "status" => Value::map(),
    };
    make(cx, args, Kind::DEPLOYMENT, &name, labels, fields, "failed to create deployment:")
}

fn pod_template(c: Value, restart: &str) -> Value {
    crate::map! {
        "metadata" => Value::map(),
        "spec" => crate::map! { "containers" => crate::list![c], "restartPolicy" => restart },
    }
}

/// `create job`.
pub fn job(cx: &mut Cx, args: &Args) -> Outcome {
    let name = name(args)?;
    let (image, from) = (args.value("image"), args.value("from"));
    if image.is_empty() == from.is_empty() {
        return Err("either --image or --from must be specified".into());
    }
    if !from.is_empty() && !command(args).is_empty() {
        return Err("cannot specify --from and command".into());
    }
    let failed = "failed to create job:";
    if !from.is_empty() {
        return from_cron_job(cx, args, &name, from, failed);
    }
    let template = pod_template(container(&name, image, &command(args)), "Never");
    let fields = crate::map! { "spec" => crate::map! { "template" => template }, "status" => Value::map() };
    make(cx, args, Kind::JOB, &name, Value::Null, fields, failed)
}

fn from_cron_job(cx: &mut Cx, args: &Args, name: &str, from: &str, failed: &str) -> Outcome {
    let source = source(cx, from)?;
    if source.kind != Kind::CRON_JOB {
        return Err(Fail::Plain(format!("unknown object type {}", source.kind.info().kind)));
    }
    let mut spec = source.at("spec.jobTemplate.spec").clone();
    if spec.is_null() {
        spec = Value::map();
    }
    let mut meta = crate::map! {
        "name" => name,
        "annotations" => crate::map! { "cronjob.kubernetes.io/instantiate" => "manual" },
        "ownerReferences" => crate::list![crate::map! {
            "apiVersion" => "batch/v1", "kind" => "CronJob", "name" => source.name(),
            "uid" => source.uid(), "controller" => true,
        }],
    };
    for (k, v) in source.at("spec.jobTemplate.metadata.annotations").entries() {
        meta.slot("annotations").map_mut().insert(k, v);
    }
    let labels = source.at("spec.jobTemplate.metadata.labels");
    if labels.is_some() {
        meta.set("labels", labels);
    }
    if cx.base.explicit {
        meta.set("namespace", cx.base.namespace.as_str());
    }
    let value = crate::map! { "metadata" => meta, "spec" => spec, "status" => Value::map() };
    super::finish(cx, args, Object::new(Kind::JOB, value), failed)
}

fn source(cx: &mut Cx, from: &str) -> Res<Object> {
    let namespace = cx.base.namespace.clone();
    let (kind, name) = match from.split_once('/') {
        Some((kind, name)) => (resource::kind_of(kind)?, name),
        None => (Kind::CRON_JOB, from),
    };
    cx.get(kind, &namespace, name)
}

/// `create cronjob`.
pub fn cron_job(cx: &mut Cx, args: &Args) -> Outcome {
    required(args, &["image", "schedule"])?;
    let name = name(args)?;
    let template = pod_template(container(&name, args.value("image"), &command(args)), args.value("restart"));
    let fields = crate::map! {
        "spec" => crate::map! {
            "jobTemplate" => crate::map! {
                "metadata" => crate::map! { "name" => &name },
                "spec" => crate::map! { "template" => template },
            },
            "schedule" => args.value("schedule"),
        },
        "status" => Value::map(),
    };
    make(cx, args, Kind::CRON_JOB, &name, Value::Null, fields, "failed to create cronjob:")
}
