//! What a process asks of those outside its machine: the cluster, the page's editor, another machine.

use super::kernel::Kernel;
use super::world::{EditRequest, ProcessId, Question};
use super::{Answer, Edit, FdMap, Pid, STDIN, Spawn, Sys, Sysr};
use crate::api::Text;

impl Kernel<'_> {
    pub(super) fn put_question(&mut self, words: &[Text]) -> Option<Answer> {
        let id = self.id;
        if let Some(answer) = self.world.st.answers.get_mut(&id) {
            let answer = answer.take()?;
            self.world.st.answers.remove(&id);
            return Some(answer);
        }
        let machine = self.cell()?.machine;
        self.world.st.answers.insert(id, None);
        self.world.st.questions.push(Question { process: ProcessId(id), machine, words: words.to_vec() });
        None
    }

    pub(super) fn open_editor(&mut self, path: &str) -> Edit {
        let id = self.id;
        match self.world.st.edits.get(&id).cloned() {
            Some(Edit::Open) => return Edit::Open,
            Some(answer) => {
                self.world.st.edits.remove(&id);
                return answer;
            }
            None => {}
        }
        if !self.is_tty(STDIN) {
            return Edit::Nobody;
        }
        let text = self.read_file(path).unwrap_or_default();
        let cwd = self.cwd();
        let path = if path.starts_with('/') {
            path.to_owned()
        } else {
            format!("{}/{path}", cwd.trim_end_matches('/'))
        };
        self.world.st.edits.insert(id, Edit::Open);
        self.world.st.edit_requests.push(EditRequest {
            process: ProcessId(id),
            path: Text::from(path),
            text,
        });
        Edit::Open
    }

    pub(super) fn log_in(&mut self, host: &str, argv: Vec<Text>, fds: FdMap) -> Sysr<Pid> {
        let argv = if argv.is_empty() { vec![Text::lit("-bash")] } else { argv };
        let file = Text::from(argv[0].trim_start_matches('-'));
        let env = [
            ("SHELL", "/bin/bash"),
            ("PWD", "/root"),
            ("LOGNAME", "root"),
            ("HOME", "/root"),
            ("USER", "root"),
            ("PATH", super::load::DEFAULT_PATH),
            ("TERM", "xterm"),
        ];
        let spawn = Spawn {
            file,
            argv,
            env: env.map(|(k, v)| (Text::lit(k), Text::lit(v))).to_vec(),
            cwd: Text::lit("/root"),
            fds,
            ignored: Vec::new(),
            new_group: false,
        };
        self.world.remote_child(self.id, host, spawn)
    }
}
