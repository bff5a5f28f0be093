//! The lessons: every solution reaches every goal, doing nothing reaches none, every text is complete; and
//! what a teacher does with them: located errors, receipts, seeds.

use podlab::api::Value;
use podlab::scenario::Player;
use podlab::scenario::lesson::{self, Lesson, Marks, Receipt, trial};
use std::path::{Path, PathBuf};

fn files() -> Vec<(PathBuf, String)> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("www/lessons");
    let entries = std::fs::read_dir(dir).expect("the lessons").map(|e| e.expect("an entry").path());
    let mut paths: Vec<PathBuf> = entries.filter(|p| p.extension().is_some_and(|e| e == "yaml")).collect();
    paths.sort();
    let text = |p: &PathBuf| std::fs::read_to_string(p).expect("UTF-8");
    paths.into_iter().map(|p| (p.clone(), text(&p))).collect()
}

fn all() -> Vec<Lesson> {
    let read = |(path, text): (PathBuf, String)| {
        lesson::read(&text).unwrap_or_else(|e| panic!("{}: {}", path.display(), e[0]))
    };
    files().into_iter().map(read).collect()
}

fn named(id: &str) -> Lesson {
    all().into_iter().find(|l| l.id == id).expect("a lesson of this name")
}

/// Plays a lesson's solution and returns the run with its marks.
fn solve(lesson: &Lesson, student: &str) -> (Player, Marks) {
    let solved = trial::solve(lesson, student).expect("valid");
    assert!(solved.stuck.is_empty(), "{}: {:?}", lesson.id, solved.stuck);
    (solved.player, solved.marks)
}

#[test]
fn every_solution_reaches_every_goal_and_answers_every_question() {
    let lessons = all();
    assert!(lessons.len() >= 40, "{}", lessons.len());
    for lesson in lessons {
        let (_, marks) = solve(&lesson, "");
        for (goal, at) in lesson.goals().zip(marks.goals()) {
            assert!(at.is_some(), "{}: not reached: {}", lesson.id, goal.label);
        }
        for (i, answer) in marks.answers().iter().enumerate() {
            assert!(answer.is_some(), "{}: question {} stays open", lesson.id, i + 1);
        }
    }
}

#[test]
fn doing_nothing_reaches_no_goal_and_answers_no_question() {
    for lesson in all() {
        let marks = trial::idle(&lesson).expect("valid");
        for (goal, at) in lesson.goals().zip(marks.goals()) {
            assert!(at.is_none(), "{}: reached by doing nothing: {}", lesson.id, goal.label);
        }
        assert!(marks.answers().iter().all(Option::is_none), "{}: a question answers itself", lesson.id);
    }
}

/// Every text of a lesson: maps with `en` and `zh`.
fn texts<'a>(value: &'a Value, found: &mut Vec<&'a Value>) {
    if value["en"].is_some() || value["zh"].is_some() {
        found.push(value);
    }
    value.items().iter().for_each(|v| texts(v, found));
    value.entries().for_each(|(_, v)| texts(v, found));
}

#[test]
fn every_text_is_there_in_both_languages_and_every_step_has_hints() {
    for (path, text) in files() {
        let lesson = lesson::read(&text).expect("valid");
        let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
        assert_eq!(lesson.id, name, "the file is named as the lesson");
        let mut found = Vec::new();
        texts(&lesson.document, &mut found);
        assert!(found.len() > 4, "{name}");
        for text in found {
            let (en, zh) = (text["en"].str(), text["zh"].str());
            let foreign = en.chars().any(|c| ('\u{4e00}'..'\u{9fff}').contains(&c));
            // What stands in backticks is code and the same everywhere.
            let words: String = zh.split('`').step_by(2).collect();
            let code = en == zh || !words.chars().any(char::is_alphabetic);
            let chinese = zh.chars().any(|c| ('\u{4e00}'..'\u{9fff}').contains(&c));
            assert!(!en.is_empty() && !zh.is_empty() && !foreign && (chinese || code), "{name}: {en} | {zh}");
        }
        for (i, step) in lesson.document["steps"].items().iter().enumerate() {
            let needs = !step["goals"].items().is_empty();
            assert!(!needs || !step["hints"].items().is_empty(), "{name}: step {} has no hint", i + 1);
        }
        assert!(lesson.document["debrief"].is_some(), "{name}: no debrief");
    }
}

#[test]
fn every_lesson_has_its_place_in_the_order() {
    let order = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("www/lessons/order.txt"));
    let mut order: Vec<String> = order.expect("UTF-8").split_whitespace().map(str::to_string).collect();
    order.sort();
    assert_eq!(order, all().into_iter().map(|l| l.id).collect::<Vec<_>>());
}

#[test]
fn mistakes_in_a_lesson_are_named_with_their_line() {
    let wrong = |text: &str| {
        lesson::read(text).expect_err("wrong").iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let head = "lesson: 1\nid: x\ntitle: T\nabout: A\nsteps:\n- title: S\n  text: T\n";
    assert_eq!(
        wrong(&format!("{head}  goals:\n  - {{en: a, zh: b, when: pod/web redy}}\n")),
        ["line 9: steps[0].goals[0].when: column 9: \"redy\" is not a test of objects"]
    );
    assert_eq!(
        wrong(&format!("{head}  goals:\n  - {{en: a, when: pod/web ready}}\n")),
        ["line 9: steps[0].goals[0]: the text in `zh` is missing"]
    );
    assert_eq!(
        wrong(&format!("{head}  goal: []\n")),
        [
            "line 5: steps: a lesson has at least one goal",
            "line 8: steps[0].goal: unknown field; known here: title, text, commands, ask, goals, hints, solution, notes"
        ]
    );
    assert_eq!(
        wrong(&format!("{head}  commands: [wait long]\n  goals: [{{en: a, zh: b, when: pod exists}}]\n")),
        ["line 8: steps[0].commands[0]: \"long\" is no duration such as 20s"]
    );
    assert_eq!(
        wrong(&format!(
            "{head}  goals: [{{en: a, zh: b, when: pod exists}}]\ncluster: {{registry: {{preset: mars}}}}\n"
        )),
        ["line 9: cluster: cluster.registry.preset: \"mars\" is neither internet nor lab"]
    );
    assert_eq!(wrong("lesson: 1\n  id: x\n").len(), 1);
    assert_eq!(wrong(""), ["line 1: the file is empty"]);
}

#[test]
fn a_receipt_runs_again_to_the_same_result_and_an_altered_one_is_reported() {
    let lesson = named("pods");
    let (player, marks) = solve(&lesson, "Ada");
    let (right, at) = marks.answers()[0].expect("answered");
    let receipt = Receipt::of(&lesson, &player, "Ada", vec![(0, right, at.0)], 1);
    assert_eq!(receipt.points, lesson.points());
    let read = Receipt::read(&receipt.print()).expect("a receipt");
    assert_eq!(read, receipt);
    let verdict = read.replay(&lesson).expect("it runs");
    assert_eq!((verdict.points, verdict.doubts.as_slice()), (lesson.points(), &[][..]));
    assert!(verdict.commands >= 8, "{}", verdict.commands);

    let doubts = |change: &dyn Fn(&mut Receipt)| {
        let mut altered = receipt.clone();
        change(&mut altered);
        altered.replay(&lesson).expect("it runs").doubts.join("; ")
    };
    assert_eq!(doubts(&|r| r.student = "Bob".into()), "altered: its checksum does not fit");
    assert_eq!(doubts(&|r| r.points += 1), "altered: its checksum does not fit; it claims 7 points");
    assert!(doubts(&|r| drop(r.log.pop())).contains("another event-log hash"));
    assert!(doubts(&|r| r.log[1].at += 1).contains("altered"));
    let late = Receipt { answers: vec![(0, right, at.0 + 1)], ..receipt.clone() };
    assert_eq!(
        late.replay(&lesson).expect("it runs").asks,
        [0],
        "a prediction after the fact counts nothing"
    );
}

#[test]
fn students_have_seeds_of_their_own_where_the_lesson_says_so() {
    let mut lesson = named("pods");
    assert_eq!(lesson.scenario_for("Ada").cluster.seed, lesson.scenario.cluster.seed);
    lesson.personal = true;
    let seed = |name: &str| lesson.scenario_for(name).cluster.seed;
    assert_ne!(seed("Ada"), seed("Bob"));
    assert_eq!(seed("Ada"), seed(" ada "));
    assert!(seed("张三") < 1 << 53);
}

#[test]
fn a_trial_tells_what_the_solution_leaves_open_and_what_comes_by_itself() {
    let lesson = "lesson: 1\nid: odd\nlanguages: [en]\ntitle: t\nabout: a\nsetup:\n- kubectl run ready --image=nginx:1.14.2\n\
                  steps:\n- title: t\n  text: t\n  commands:\n  - kubectl run mine --image=nginx:1.14.2\n  \
                  - until pod/mine is Gone\n  goals:\n  - {en: by itself, when: pod/ready ready}\n  \
                  - {en: mine, when: pod/mine exists}\n  - {en: never, when: pod/other exists}\n";
    let tried = podlab::api::json::parse(&podlab::view::trial(lesson)).expect("JSON");
    assert_eq!(tried["idle"].items().iter().filter_map(Value::as_int).collect::<Vec<_>>(), [0]);
    let reached: Vec<bool> = tried["goals"].items().iter().map(Value::is_some).collect();
    assert_eq!(reached, [true, true, false]);
    assert_eq!(tried["stuck"][0]["text"].str(), "it never came to hold: pod/mine is Gone");
    let wrong = podlab::view::trial("lesson: 2\n");
    assert!(wrong.starts_with("{\"problems\":["), "{wrong}");
}
