//! Images of containers: pull policy, presence, pulls one after another, back-off, the exact words.
//!
//! Mirrors pkg/kubelet/images/image_manager.go.

use super::pod::Pod;
use super::{Cx, Node, causes, rules};
use crate::api::{Text, Value};
use crate::cri::{Pull, Runtime};
use crate::time::{Span, Time};

/// What `ensure` came to.
#[derive(Clone, Debug, PartialEq)]
pub enum Image {
    /// It is there.
    Present,
    /// It is being pulled.
    Pulling {
        /// When the pull has its turn.
        began: Time,
        /// When it is done.
        at: Time,
        /// What it comes to.
        pull: Pull,
    },
    /// The container cannot have it for now.
    Failed {
        /// The waiting reason, which is also behind `Error: ` in the event.
        reason: &'static str,
        /// The waiting message.
        message: String,
    },
}

/// An image that is wanted on the node.
#[derive(Clone, Debug, PartialEq)]
pub struct Wanted {
    /// The container that is to run it, as events name it; empty for an image that is mounted.
    container: Text,
    /// The image's reference.
    image: Text,
    /// When to pull it.
    policy: Text,
}

impl Wanted {
    /// That of a container.
    pub fn by_container(spec: &Value) -> Wanted {
        let policy = Text::from(pull_policy(&spec["imagePullPolicy"], &spec["image"]));
        Wanted { container: spec["name"].text(), image: spec["image"].text(), policy }
    }

    /// Its reference.
    pub fn image(&self) -> &str {
        &self.image
    }

    /// That of a volume.
    pub fn by_volume(source: &Value) -> Wanted {
        let policy = Text::from(pull_policy(&source["pullPolicy"], &source["reference"]));
        Wanted { container: Text::default(), image: source["reference"].text(), policy }
    }
}

/// A pull policy: what is asked for, or by the image's tag.
fn pull_policy<'a>(asked: &'a Value, image: &Value) -> &'a str {
    match asked.str() {
        "" => {
            let image = image.str();
            let name = image.rsplit('/').next().unwrap_or(image);
            if name.contains('@') {
                return "IfNotPresent";
            }
            match name.split_once(':') {
                None | Some((_, "latest")) => "Always",
                Some(_) => "IfNotPresent",
            }
        }
        policy => policy,
    }
}

/// Sees to it that an image is on the node.
pub fn ensure(node: &mut Node, pod: &mut Pod, cx: &mut Cx<'_>, wanted: &Wanted) -> Image {
    let (name, image, policy) = (wanted.container.clone(), wanted.image.clone(), wanted.policy.as_str());
    if let Err(text) = Runtime::parse_image(&image) {
        let message = format!(
            "Failed to apply default image tag \"{image}\": couldn't parse image name \"{image}\": {text}"
        );
        causes::not_startable(pod, cx, &name, "InvalidImageName", &message);
        node.event(pod, cx, &name, "Warning", "InspectFailed", &message);
        return Image::Failed { reason: "InvalidImageName", message };
    }
    let present = cx.cri.image_status(node.cri, &image).is_some();
    if present && policy != "Always" {
        let message =
            format!("Container image \"{image}\" already present on machine and can be accessed by the pod");
        node.event(pod, cx, &name, "Normal", "Pulled", &message);
        return Image::Present;
    }
    if policy == "Never" {
        let message = format!("Container image \"{image}\" is not present with pull policy of Never");
        causes::not_startable(pod, cx, &name, "ErrImageNeverPull", &message);
        node.event(pod, cx, &name, "Warning", "ErrImageNeverPull", &message);
        return Image::Failed { reason: "ErrImageNeverPull", message };
    }
    let key = back_off_key(&image);
    if let Some(until) = pod.backoffs.waiting_since_update(&key, cx.api.now) {
        let wait = super::backoff::go_duration(pod.backoffs.wait(&key));
        let values = vec![
            ("container", name.clone()),
            ("image", image.clone()),
            ("wait", Text::from(wait)),
            ("until", Text::from(until.0.to_string())),
        ];
        cx.api.rule(rules::IMAGE_BACK_OFF, &pod.path(&name), values);
        let message = format!("Back-off pulling image \"{image}\"");
        node.event(pod, cx, &name, "Normal", "BackOff", &message);
        let before = node.pull_errors.get(&(pod.uid.clone(), image.clone()));
        let message = before.map_or(message.clone(), |e| format!("{message}: ErrImagePull: {e}"));
        return Image::Failed { reason: "ImagePullBackOff", message };
    }
    node.event(pod, cx, &name, "Normal", "Pulling", &format!("Pulling image \"{image}\""));
    // kubelet configuration `serializeImagePulls: true`: one pull at a time on a node.
    let began = node.pulls_free_at.max(cx.api.now);
    let timed = cx.cri.pull_image(began, node.cri, &image);
    node.pulls_free_at = timed.at;
    Image::Pulling { began, at: timed.at, pull: timed.result }
}

/// Tells at each sync of imagePullSecrets that do not exist (pulls are attempted without them).
pub fn secrets_missing(node: &Node, pod: &Pod, cx: &mut Cx<'_>) {
    let names = pod.object.at("spec.imagePullSecrets").items().iter().map(|s| s["name"].text());
    let missing: Vec<Text> =
        names.filter(|n| cx.api.get(crate::api::Kind::SECRET, &pod.key.namespace, n).is_none()).collect();
    if !missing.is_empty() {
        let list: Vec<&str> = missing.iter().map(Text::as_str).collect();
        let message = format!(
            "Unable to retrieve some image pull secrets ({}); attempting to pull the image may not succeed.",
            list.join(", ")
        );
        node.event(pod, cx, "", "Warning", "FailedToRetrieveImagePullSecret", &message);
    }
}

/// A pull is done: says so. `Err`: the waiting message.
pub fn pulled(
    node: &mut Node,
    pod: &mut Pod,
    cx: &mut Cx<'_>,
    wanted: &Wanted,
    asked: Time,
    began: Time,
    pull: Pull,
) -> Result<(), String> {
    let (name, image) = (wanted.container.clone(), wanted.image.clone());
    let key = back_off_key(&image);
    let error_key = (pod.uid.clone(), image.clone());
    match pull.result {
        Ok(size) => {
            let took = go_millis(cx.api.now.since(began));
            let waited = go_millis(cx.api.now.since(asked));
            let message = format!(
                "Successfully pulled image \"{image}\" in {took} ({waited} including waiting). Image size: {size} bytes."
            );
            node.event(pod, cx, &name, "Normal", "Pulled", &message);
            pod.backoffs.forget(&key);
            node.pull_errors.remove(&error_key);
            Ok(())
        }
        Err(text) => {
            let message = format!("Failed to pull image \"{image}\": {text}");
            causes::not_startable(pod, cx, &name, "ErrImagePull", &text);
            node.event(pod, cx, &name, "Warning", "Failed", &message);
            let now = cx.api.now;
            pod.backoffs.next(&key, now, now);
            node.pull_errors.insert(error_key, text.clone());
            Err(text.to_string())
        }
    }
}

/// Learns under which name the runtime lists an image: the first of all names that it has on the node.
pub fn learn_name(node: &mut Node, cx: &Cx<'_>, image: &Text) {
    let Ok(full) = Runtime::parse_image(image) else { return };
    let images = cx.cri.images(node.cri);
    let Some((names, _)) = images.iter().find(|(names, _)| names.contains(&full)) else { return };
    if let Some(first) = names.iter().find(|n| !n.contains('@')) {
        node.image_names.insert(image.clone(), first.clone());
    }
}

fn back_off_key(image: &str) -> String {
    format!("image {image}")
}

/// A duration in whole milliseconds as Go prints it: `28ms`, `1.31s`, `1m2.5s`.
fn go_millis(span: Span) -> String {
    let millis = span.0 / 1000;
    if millis < 1000 {
        return if millis == 0 { "0s".to_string() } else { format!("{millis}ms") };
    }
    let (minutes, rest) = (millis / 60_000, millis % 60_000);
    let mut secs = format!("{}.{:03}", rest / 1000, rest % 1000);
    secs.truncate(secs.trim_end_matches('0').trim_end_matches('.').len());
    if minutes == 0 { format!("{secs}s") } else { format!("{minutes}m{secs}s") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::map;

    #[test]
    fn the_default_policy_follows_the_tag() {
        let policy = |image: &str| Wanted::by_container(&map! { "image" => image }).policy.to_string();
        for (image, expected) in [
            ("nginx", "Always"),
            ("nginx:latest", "Always"),
            ("nginx:1.9.0", "IfNotPresent"),
            ("registry:5000/nginx", "Always"),
            ("nginx@sha256:00", "IfNotPresent"),
        ] {
            assert_eq!(policy(image), expected, "{image}");
        }
    }

    #[test]
    fn pull_times_read_as_in_go() {
        let text = |ms| go_millis(Span::millis(ms));
        assert_eq!([text(28), text(1310), text(2000), text(62_500)], ["28ms", "1.31s", "2s", "1m2.5s"]);
    }
}
