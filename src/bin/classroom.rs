//! The classroom's commands: checking lessons, playing their solutions, marking receipts.

use podlab::scenario::Player;
use podlab::scenario::lesson::{self, Lesson, Marks, Receipt, Verdict};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// `podlab lesson check FILE…`: says what is wrong with each file, with its place.
///
/// # Errors
/// Says how many problems there are.
pub fn check(paths: &[&str]) -> Result<(), String> {
    let mut wrong = 0;
    for path in paths {
        match lesson::read(&read(path)?) {
            Ok(lesson) => println!(
                "{path}: ok: {} version {}, {} steps, {} goals, {} questions, {} points",
                lesson.id,
                lesson.version,
                lesson.steps.len(),
                lesson.goals().count(),
                lesson.asks().count(),
                lesson.points()
            ),
            Err(problems) => {
                wrong += problems.len();
                problems.iter().for_each(|p| {
                    println!(
                        "{path}:{}: {}{}{}",
                        p.line,
                        p.path,
                        if p.path.is_empty() { "" } else { ": " },
                        p.text
                    )
                });
            }
        }
    }
    if wrong > 0 { Err(format!("{wrong} problems")) } else { Ok(()) }
}

/// `podlab lesson play FILE`: plays the solution and shows what it reaches.
///
/// # Errors
/// Says which goal it does not reach.
pub fn play(path: &str, show: bool) -> Result<(), String> {
    let lesson = load(path)?;
    let mut player = Player::new(lesson.scenario.clone()).map_err(|e| e.0)?;
    let mut marks = Marks::new(&lesson, player.now());
    for (i, step) in lesson.steps.iter().enumerate() {
        for act in &step.solution {
            if let Err(why) = act.perform(&mut player) {
                println!("step {}: {act:?}: {why}", i + 1);
            }
            marks.update(&player);
        }
    }
    if show {
        player.output().iter().for_each(|c| print!("{}", c.text.replace("\r\n", "\n")));
        println!();
    }
    let reached = marks.goals();
    for (goal, at) in lesson.goals().zip(&reached) {
        let at = at.map_or("  not yet".into(), |t| format!("{:8.1}s", t.secs()));
        println!("{at}  {}", goal.label);
    }
    for (i, answer) in marks.answers().iter().enumerate() {
        match answer {
            Some((option, at)) => println!("{:8.1}s  question {}: answer {}", at.secs(), i + 1, option + 1),
            None => println!("  not yet  question {}", i + 1),
        }
    }
    let open = reached.iter().filter(|at| at.is_none()).count()
        + marks.answers().iter().filter(|a| a.is_none()).count();
    if open > 0 { Err(format!("the solution leaves {open} open")) } else { Ok(()) }
}

/// `podlab grade DIR`: marks every receipt of a folder, as CSV.
///
/// # Errors
/// Says which folder or lesson cannot be read.
pub fn grade(dir: &str, lessons: Option<&str>) -> Result<(), String> {
    let began = Instant::now();
    let mut known = BTreeMap::new();
    for folder in [lessons.unwrap_or("www/lessons"), dir] {
        for path in files(Path::new(folder), &["yaml", "yml"]).unwrap_or_default() {
            if let Ok(lesson) = lesson::read(&read(&path.to_string_lossy())?) {
                known.insert(lesson.id.clone(), lesson);
            }
        }
    }
    let paths = files(Path::new(dir), &["json"])?;
    let mut rows = Vec::new();
    for path in &paths {
        let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        rows.push(row(&name, &read(&path.to_string_lossy())?, &known));
    }
    print!("{}", csv(&rows));
    eprintln!("{} receipts in {:.2} s", rows.len(), began.elapsed().as_secs_f64());
    Ok(())
}

/// What is told of a receipt.
struct Row {
    file: String,
    student: String,
    lesson: String,
    verdict: Verdict,
    most: i64,
    note: String,
}

fn row(file: &str, text: &str, known: &BTreeMap<String, Lesson>) -> Row {
    let mut row = Row {
        file: file.into(),
        student: String::new(),
        lesson: String::new(),
        verdict: Verdict::default(),
        most: 0,
        note: String::new(),
    };
    let receipt = match Receipt::read(text) {
        Ok(receipt) => receipt,
        Err(why) => {
            row.note = format!("not a receipt: {why}");
            return row;
        }
    };
    row.student.clone_from(&receipt.student);
    row.lesson.clone_from(&receipt.lesson);
    let Some(lesson) = known.get(&receipt.lesson) else {
        row.note = "the lesson is unknown: put its file into the folder".into();
        return row;
    };
    row.most = lesson.points();
    match receipt.replay(lesson) {
        Ok(verdict) => {
            row.note = verdict.doubts.join("; ");
            row.verdict = verdict;
        }
        Err(why) => row.note = why,
    }
    row
}

fn csv(rows: &[Row]) -> String {
    let cell = |text: &str| {
        // A leading sign would make a spreadsheet take a name for a formula.
        let safe = if text.starts_with(['=', '+', '-', '@']) { format!("'{text}") } else { text.to_string() };
        format!("\"{}\"", safe.replace('"', "\"\""))
    };
    let mut out = String::from("file,student,lesson,points,of,seconds,commands,goals,questions,note\n");
    for row in rows {
        let v = &row.verdict;
        let list = |points: &[i64]| points.iter().map(i64::to_string).collect::<Vec<_>>().join(" ");
        let _ = writeln!(
            out,
            "{},{},{},{},{},{:.1},{},{},{},{}",
            cell(&row.file),
            cell(&row.student),
            cell(&row.lesson),
            v.points,
            row.most,
            v.time.as_secs_f64(),
            v.commands,
            cell(&list(&v.goals)),
            cell(&list(&v.asks)),
            cell(&row.note)
        );
    }
    out
}

fn load(path: &str) -> Result<Lesson, String> {
    lesson::read(&read(path)?).map_err(|problems| {
        let lines: Vec<String> = problems.iter().map(|p| format!("{path}: {p}")).collect();
        lines.join("\n")
    })
}

fn files(dir: &Path, endings: &[&str]) -> Result<Vec<PathBuf>, String> {
    let entries = std::fs::read_dir(dir).map_err(|e| format!("{}: {e}", dir.display()))?;
    let mut paths: Vec<PathBuf> = entries.filter_map(|e| e.ok().map(|e| e.path())).collect();
    paths.retain(|p| p.extension().is_some_and(|e| endings.iter().any(|end| e == *end)));
    paths.sort();
    Ok(paths)
}

fn read(path: &str) -> Result<String, String> {
    std::fs::read_to_string(path).map_err(|e| format!("{path}: {e}"))
}
