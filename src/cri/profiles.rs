//! Profiles of one's own that confine a container: AppArmor's and seccomp's, which lie on the node.
//!
//! No AppArmor profile is loaded on the nodes beside the runtime's own. A seccomp profile is read from the
//! kubelet's directory; one that only allows and logs confines nothing here, and what others deny is not
//! simulated, so that containers with such a profile are not made.

use super::Runtime;
use super::types::{NodeId, Security};
use crate::api::{Text, Value, json};
use crate::os::World;

/// The longest seccomp profile that is read, in bytes.
const PROFILE_BYTES: usize = 1 << 20;

/// What a profile may do that denies nothing.
const ALLOWED: [&str; 2] = ["SCMP_ACT_ALLOW", "SCMP_ACT_LOG"];

impl Runtime {
    /// Why a container cannot be confined as it is asked for, in containerd's words.
    pub(super) fn no_profile(&self, world: &World, node: NodeId, security: &Security) -> Option<Text> {
        if security.privileged {
            return None;
        }
        if !security.apparmor.is_empty() {
            return Some(Text::from(format!(
                "failed to get container spec opts: failed to generate apparmor spec opts: apparmor profile not \
                 found {}",
                security.apparmor
            )));
        }
        if security.seccomp.is_empty() {
            return None;
        }
        let path = &security.seccomp;
        let file = world.forest.get(self.node_root(node)).and_then(|t| t.file(path));
        let why = match file {
            None => {
                format!("cannot load seccomp profile {path:?}: open {path}: no such file or directory")
            }
            Some(data) => {
                let bytes = data.read(0, PROFILE_BYTES);
                match json::parse(&String::from_utf8_lossy(&bytes)) {
                    Err(why) => format!("decoding seccomp profile failed {path:?}: {why}"),
                    Ok(profile) if denies(&profile) => {
                        return Some(Text::from(format!(
                            "not simulated: system calls that the seccomp profile {path:?} denies"
                        )));
                    }
                    Ok(_) => return None,
                }
            }
        };
        Some(Text::from(format!("failed to create containerd container: {why}")))
    }
}

/// Whether a profile denies any system call.
fn denies(profile: &Value) -> bool {
    let allows = |action: &Value| ALLOWED.contains(&action.str());
    let rules = profile["syscalls"].items();
    !allows(&profile["defaultAction"]) || rules.iter().any(|r| !allows(&r["action"]))
}
