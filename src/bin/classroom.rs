//! The classroom's commands: checking lessons, playing their solutions, marking receipts.

use podlab::scenario::lesson::trial::{self, Solved};
use podlab::scenario::lesson::{self, Lesson, Receipt, Verdict};
use std::collections::BTreeMap;
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
    let Solved { player, marks, stuck } = trial::solve(&lesson, "").map_err(|e| e.0)?;
    for (step, why) in stuck {
        println!("step {}: {why}", step + 1);
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
    if open > 0 {
        return Err(format!("the solution leaves {open} open"));
    }
    let idle = trial::idle(&lesson).map_err(|e| e.0)?.goals();
    let early: Vec<&str> = lesson
        .goals()
        .zip(idle)
        .filter(|(_, at)| at.is_some())
        .map(|(goal, _)| goal.label.as_str())
        .collect();
    if early.is_empty() { Ok(()) } else { Err(format!("reached by doing nothing: {}", early.join("; "))) }
}

/// `podlab lesson receipt FILE STUDENT`: plays the solution as a student and prints the receipt of it.
///
/// # Errors
/// Says what is wrong with the lesson.
pub fn receipt(path: &str, student: &str) -> Result<(), String> {
    let lesson = load(path)?;
    let Solved { player, stuck, .. } = trial::solve(&lesson, student).map_err(|e| e.0)?;
    if let Some((step, why)) = stuck.first() {
        return Err(format!("step {}: {why}", step + 1));
    }
    println!("{}", Receipt::of(&lesson, &player, student, Vec::new(), 0).print());
    Ok(())
}

/// `podlab grade DIR`: marks every receipt of a folder, as CSV, on all processors.
///
/// # Errors
/// Says which folder or lesson cannot be read.
pub fn grade(dir: &str, lessons: Option<&str>) -> Result<(), String> {
    let began = Instant::now();
    let mut texts = BTreeMap::new();
    for folder in [lessons.unwrap_or("www/lessons"), dir] {
        for path in files(Path::new(folder), &["yaml", "yml"]).unwrap_or_default() {
            let text = read(&path.to_string_lossy())?;
            if let Ok(lesson) = lesson::read(&text) {
                texts.insert(lesson.id, text);
            }
        }
    }
    let paths = files(Path::new(dir), &["json"])?;
    let workers = std::thread::available_parallelism().map_or(1, usize::from).min(paths.len().max(1));
    let share = paths.len().div_ceil(workers).max(1);
    let texts = &texts;
    let parts: Vec<String> = std::thread::scope(|scope| {
        let part = |chunk: &[PathBuf]| chunk.iter().map(|path| line(path, texts)).collect::<String>();
        let running: Vec<_> = paths.chunks(share).map(|chunk| scope.spawn(move || part(chunk))).collect();
        running.into_iter().map(|r| r.join().expect("grading does not panic")).collect()
    });
    print!("{HEAD}{}", parts.concat());
    eprintln!("{} receipts in {:.2} s", paths.len(), began.elapsed().as_secs_f64());
    Ok(())
}

/// The first line of the table.
const HEAD: &str = "file,student,lesson,points,of,seconds,commands,goals,questions,note\n";

/// A receipt's line of the table.
fn line(path: &Path, texts: &BTreeMap<String, String>) -> String {
    let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    match read(&path.to_string_lossy()) {
        Ok(text) => csv(&row(&name, &text, texts)),
        Err(why) => csv(&Row { note: why, ..Row::of(&name) }),
    }
}

/// What is told of a receipt.
#[derive(Default)]
struct Row {
    file: String,
    student: String,
    lesson: String,
    verdict: Verdict,
    most: i64,
    note: String,
}

impl Row {
    fn of(file: &str) -> Row {
        Row { file: file.into(), ..Row::default() }
    }
}

fn row(file: &str, text: &str, texts: &BTreeMap<String, String>) -> Row {
    let receipt = match Receipt::read(text) {
        Ok(receipt) => receipt,
        Err(why) => return Row { note: format!("not a receipt: {why}"), ..Row::of(file) },
    };
    let mut row = Row {
        student: receipt.student.clone(),
        lesson: receipt.lesson.clone(),
        note: "the lesson is unknown: put its file into the folder".into(),
        ..Row::of(file)
    };
    let Some(lesson) = texts.get(&receipt.lesson).and_then(|text| lesson::read(text).ok()) else {
        return row;
    };
    row.most = lesson.points();
    match receipt.replay(&lesson) {
        Ok(verdict) => {
            row.note = verdict.doubts.join("; ");
            row.verdict = verdict;
        }
        Err(why) => row.note = why,
    }
    row
}

fn csv(row: &Row) -> String {
    let cell = |text: &str| {
        // A leading sign would make a spreadsheet take a name for a formula.
        let safe = if text.starts_with(['=', '+', '-', '@']) { format!("'{text}") } else { text.to_string() };
        format!("\"{}\"", safe.replace('"', "\"\""))
    };
    let v = &row.verdict;
    let list = |points: &[i64]| points.iter().map(i64::to_string).collect::<Vec<_>>().join(" ");
    format!(
        "{},{},{},{},{},{:.1},{},{},{},{}\n",
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
    )
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
