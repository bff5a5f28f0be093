//! The binding to JavaScript: the only file that names `wasm_bindgen`.
//!
//! One exported struct, [`Podlab`], around a player. It converts arguments and answers and has no logic of
//! its own. Instants are microseconds as JavaScript numbers; scenarios come in as text (YAML or JSON) and
//! go out as plain objects; errors become JavaScript `Error`s with the core's own words.

use crate::scenario::lesson::{self, Lesson, Marks, Receipt};
use crate::scenario::{Input, Player, Scenario, import};
use crate::time::Time;
use crate::view;
use serde::Serialize;
use wasm_bindgen::prelude::*;

/// A scenario that is being played.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Podlab {
    player: Player,
    lesson: Option<(Lesson, Marks)>,
}

fn to_js(value: &impl Serialize) -> JsValue {
    value.serialize(&serde_wasm_bindgen::Serializer::json_compatible()).unwrap_or(JsValue::NULL)
}

/// A number of JavaScript as an instant; negative and non-finite ones are the start.
fn instant(micros: f64) -> Time {
    Time(micros as u64)
}

fn read(text: &str) -> Result<Scenario, JsError> {
    Scenario::from_yaml(text).map_err(|e| JsError::new(&e.0))
}

#[wasm_bindgen]
impl Podlab {
    /// Opens a scenario (the default one if the text is empty) at its beginning.
    #[wasm_bindgen(constructor)]
    pub fn new(scenario: &str) -> Result<Podlab, JsError> {
        console_error_panic_hook::set_once();
        let scenario = if scenario.is_empty() { Scenario::default() } else { read(scenario)? };
        Ok(Podlab { player: Player::new(scenario).map_err(|e| JsError::new(&e.0))?, lesson: None })
    }

    /// Reads a scenario file without opening it.
    pub fn parse(text: &str) -> Result<JsValue, JsError> {
        Ok(to_js(&read(text)?))
    }

    /// Reads what `kubectl get … -o yaml` printed of a real cluster, as a scenario; nothing if it is a
    /// manifest of one's own.
    pub fn import(text: &str) -> Result<JsValue, JsError> {
        if !import::looks_real(text) {
            return Ok(JsValue::NULL);
        }
        import::import(text).map(|s| to_js(&s)).map_err(|e| JsError::new(&e.0))
    }

    /// What is most likely wrong in a manifest, as JSON.
    pub fn lint(&self, text: &str) -> String {
        view::lint_json(self.player.cluster(), text)
    }

    /// The present instant.
    pub fn now(&self) -> f64 {
        self.player.now().0 as f64
    }

    /// The latest instant that was reached or that the log names.
    pub fn end(&self) -> f64 {
        self.player.end().0 as f64
    }

    /// When something is due next.
    pub fn next_due(&self) -> Option<f64> {
        self.player.next_due().map(|t| t.0 as f64)
    }

    /// Lets time pass in at most `budget` steps; tells whether the goal was reached.
    pub fn run_until(&mut self, goal: f64, budget: u32) -> bool {
        self.player.run_until(instant(goal), budget)
    }

    /// Goes to an instant.
    pub fn seek(&mut self, at: f64) {
        self.player.seek(instant(at));
    }

    /// Whether the log holds inputs that come later than now.
    pub fn in_past(&self) -> bool {
        self.player.in_past()
    }

    /// The terminals that are open.
    pub fn terminals(&self) -> Vec<u32> {
        self.player.terminals()
    }

    fn apply(&mut self, input: Input) -> Result<(), JsError> {
        self.player.apply(input).map_err(|e| JsError::new(&e))
    }

    /// Opens another terminal and gives its number.
    pub fn open_terminal(&mut self) -> Result<u32, JsError> {
        let id = self.player.terminals().last().map_or(0, |n| n + 1);
        self.apply(Input::Open(id))?;
        Ok(id)
    }

    /// Types a line, with Enter.
    pub fn line(&mut self, terminal: u32, text: String) -> Result<(), JsError> {
        self.apply(Input::Line(terminal, text))
    }

    /// Types keys.
    pub fn keys(&mut self, terminal: u32, text: String) -> Result<(), JsError> {
        self.apply(Input::Keys(terminal, text))
    }

    /// Ctrl-C.
    pub fn interrupt(&mut self, terminal: u32) -> Result<(), JsError> {
        self.apply(Input::Interrupt(terminal))
    }

    /// Ctrl-D.
    pub fn eof(&mut self, terminal: u32) -> Result<(), JsError> {
        self.apply(Input::Eof(terminal))
    }

    /// Injects a fault.
    pub fn fault(&mut self, text: String) -> Result<(), JsError> {
        self.apply(Input::Fault(text))
    }

    /// Begins or ends traffic to a Service.
    pub fn traffic(&mut self, text: String) -> Result<(), JsError> {
        self.apply(Input::Traffic(text))
    }

    /// Writes a file of the workstation.
    pub fn write_file(&mut self, path: String, text: String) -> Result<(), JsError> {
        self.apply(Input::File(path, text))
    }

    /// Removes a file of the workstation.
    pub fn delete_file(&mut self, path: String) -> Result<(), JsError> {
        self.apply(Input::Remove(path))
    }

    /// The text of a file of the workstation.
    pub fn read_file(&self, path: &str) -> Option<String> {
        view::read_file(self.player.cluster(), path)
    }

    /// Answers a program that asked for an edit.
    pub fn edited(&mut self, terminal: u32, text: Option<String>) -> Result<(), JsError> {
        self.apply(Input::Edited(terminal, text))
    }

    /// The file that a program in a terminal asks the person to edit: `[path, text]`.
    pub fn edit_request(&self, terminal: u32) -> JsValue {
        let request = self.player.cluster().edit_request(terminal);
        request.map_or(JsValue::NULL, |(path, text)| to_js(&(path.as_str(), text)))
    }

    /// What a terminal has shown since the last call: `{ reset, chunks: [{ at, text }] }`.
    pub fn take_output(&mut self, terminal: u32) -> JsValue {
        to_js(&view::output(self.player.take_output(terminal)))
    }

    /// Candidates for the last of the words.
    pub fn complete(&self, words: Vec<String>) -> Vec<String> {
        view::complete(self.player.cluster(), &words)
    }

    /// What a command line prints on a copy of the cluster.
    pub fn query(&self, line: &str) -> String {
        view::query(self.player.cluster(), line)
    }

    /// What kubectl would say against a manifest.
    pub fn check(&self, path: &str, text: &str) -> String {
        view::check(self.player.cluster(), path, text)
    }

    /// A number that changes with every write to the store.
    pub fn revision(&self) -> f64 {
        self.player.cluster().api.store.revision() as f64
    }

    /// The `resourceVersion` of the object of a path; 0 if there is none.
    pub fn version_of(&self, path: &str) -> f64 {
        view::version_of(&self.player.cluster().api, path) as f64
    }

    /// A number that changes with the log of inputs.
    pub fn log_length(&self) -> usize {
        self.player.log_version()
    }

    /// Counts of what there is.
    pub fn totals(&self) -> JsValue {
        to_js(&view::totals(&self.player.cluster().api))
    }

    /// A view by name as JSON, of an object or a kind where it needs one.
    pub fn view(&self, name: &str, argument: &str) -> String {
        view::show(self.player.cluster(), name, argument)
    }

    /// Sets a condition to be followed; an error says where its text is wrong.
    pub fn set_goal(&mut self, text: &str) -> Result<(), JsError> {
        self.player.set_goal(text).map_err(|e| JsError::new(&e.to_string()))
    }

    /// Whether the condition holds.
    pub fn goal_met(&mut self) -> bool {
        self.player.goal_met()
    }

    /// Forgets the inputs that come later than now.
    pub fn overwrite(&mut self) {
        self.player.overwrite();
    }

    /// Runs a scenario with several values of one thing; the answer is JSON.
    pub fn vary(
        scenario: &str,
        path: &str,
        values: Vec<String>,
        span: f64,
        language: &str,
    ) -> Result<String, JsError> {
        view::vary(&read(scenario)?, path, &values, span, language).map_err(|e| JsError::new(&e.0))
    }

    /// Runs scenarios side by side, each behind its label; the answer is JSON.
    pub fn compare(
        labels: Vec<String>,
        scenarios: Vec<String>,
        span: f64,
        language: &str,
    ) -> Result<String, JsError> {
        let read = |(label, text): (String, String)| Ok((label, read(&text)?));
        let all: Result<Vec<_>, JsError> = labels.into_iter().zip(scenarios).map(read).collect();
        view::compare(all?, span, language).map_err(|e| JsError::new(&e.0))
    }

    /// The scenario up to the present instant.
    pub fn fork(&self) -> JsValue {
        to_js(&self.player.fork())
    }

    /// The scenario with everything that was done.
    pub fn scenario(&self) -> JsValue {
        to_js(&self.player.scenario())
    }

    /// The same as a file.
    pub fn scenario_yaml(&self) -> String {
        self.player.scenario().to_yaml()
    }

    /// The hash of everything that has happened.
    pub fn hash(&self) -> String {
        self.player.hash()
    }

    /// Reads a lesson for a student: `{ document, scenario, points, problems }` as JSON.
    pub fn read_lesson(text: &str, student: &str) -> String {
        view::lesson(text, student)
    }

    /// Tries a lesson in runs of its own: what its solution reaches, and what comes by itself; as JSON.
    pub fn try_lesson(text: &str) -> String {
        view::trial(text)
    }

    /// Goals that an author may point at: what holds now, with its conditions.
    pub fn goals(&self) -> JsValue {
        to_js(&view::goals(&self.player))
    }

    /// Follows a lesson in this run, from its present instant on.
    pub fn follow(&mut self, text: &str) -> Result<(), JsError> {
        let lesson = lesson::read(text).map_err(|problems| JsError::new(&problems[0].to_string()))?;
        let marks = Marks::new(&lesson, self.player.begin());
        self.lesson = Some((lesson, marks));
        Ok(())
    }

    /// What the lesson's run has reached: `{ goals, answers }`; null where no lesson is followed.
    pub fn marks(&mut self) -> JsValue {
        let Some((_, marks)) = &mut self.lesson else { return JsValue::NULL };
        marks.update(&self.player);
        to_js(&view::marks(marks))
    }

    /// The receipt of the lesson's run; answers are `[question, option, instant]`.
    pub fn receipt(&self, student: &str, answers: Vec<f64>, hints: u32) -> String {
        let Some((lesson, _)) = &self.lesson else { return String::new() };
        let answers = answers.chunks_exact(3).map(|a| (a[0] as usize, a[1] as usize, a[2] as u64)).collect();
        Receipt::of(lesson, &self.player, student, answers, hints).print()
    }
}
