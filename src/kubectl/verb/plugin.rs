//! Plugins: programs named `kubectl-…` on the PATH.

use crate::api::Text;
use crate::kubectl::cx::{Cx, OK, Outcome, Poll, Task};
use crate::kubectl::fail::Fail;
use crate::kubectl::flags::Args;
use crate::os::{Ended, Pid, Spawn, Sys, Wait};

fn dirs(env: &[(Text, Text)]) -> Vec<String> {
    let path = env.iter().find(|(k, _)| k == "PATH").map(|(_, v)| v.to_string()).unwrap_or_default();
    path.split(':').filter(|d| !d.is_empty()).map(String::from).collect()
}

/// Starts the plugin that the words name, the longest name first; nothing if there is none.
pub fn run(
    rest: &[String],
    words: &[String],
    env: &[(Text, Text)],
    sys: &mut dyn Sys,
) -> Option<Box<dyn Task>> {
    let plain: Vec<&str> = rest.iter().map(String::as_str).take_while(|w| !w.contains('/')).collect();
    for n in (1..=plain.len().min(4)).rev() {
        let name = format!("kubectl-{}", plain[..n].join("-").replace('_', "-"));
        for dir in dirs(env) {
            let file = format!("{}/{name}", dir.trim_end_matches('/'));
            if !sys.access(&file, 1) {
                continue;
            }
            let argv =
                std::iter::once(file.clone()).chain(words.iter().skip(n).cloned()).map(Text::from).collect();
            let cwd = sys.cwd();
            let spawn = Spawn {
                file: Text::from(file),
                argv,
                env: env.to_vec(),
                cwd,
                fds: vec![(0, 0), (1, 1), (2, 2)],
                ignored: vec![],
                new_group: false,
            };
            return Some(Box::new(Child { pid: sys.spawn(spawn).ok()? }));
        }
    }
    None
}

#[derive(Clone, Debug)]
struct Child {
    pid: Pid,
}

impl Task for Child {
    fn poll(&mut self, cx: &mut Cx) -> Poll {
        match cx.sys.reap(Some(self.pid)) {
            Ok(None) => Poll::Wait(Wait { child: true, ..Wait::default() }),
            Ok(Some((_, end))) => Poll::Done(Ok(Ended::code(end))),
            Err(_) => Poll::Done(Ok(1)),
        }
    }

    fn boxed_clone(&self) -> Box<dyn Task> {
        Box::new(self.clone())
    }
}

/// `kubectl plugin list`.
pub fn list(cx: &mut Cx, _: &Args) -> Outcome {
    let mut found = Vec::new();
    for dir in dirs(&cx.base.env.clone()) {
        for name in cx.sys.read_dir(&dir).unwrap_or_default() {
            if name.starts_with("kubectl-") {
                found.push(format!("{}/{name}", dir.trim_end_matches('/')));
            }
        }
    }
    if found.is_empty() {
        return Err(Fail::Plain("unable to find any kubectl plugins in your PATH".into()));
    }
    cx.print(&format!("The following compatible plugins are available:\n\n{}\n", found.join("\n")));
    OK
}
