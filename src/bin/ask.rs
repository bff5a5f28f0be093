//! Questions about scenarios and recordings: why an object is as it is, what comes of a change, where runs
//! part, when a condition holds.

use podlab::api::duration;
use podlab::cluster::{Cluster, why as program};
use podlab::scenario::compare::{self, Run};
use podlab::scenario::{Player, Scenario, recording};
use podlab::time::{Span, Time};
use podlab::why::{self, Language, Sources, chain, text};

/// The cluster at the end of a scenario or a recording.
fn cluster_of(text: &str) -> Result<Cluster, String> {
    if text.trim_start().starts_with('{') && !text.contains("\"podlab\"") {
        return recording::cluster_after(text);
    }
    let scenario = Scenario::from_yaml(text).map_err(|e| e.0)?;
    let goal = scenario.log.last().map_or(0, |e| e.at).max(scenario.position);
    let mut player = Player::new(scenario).map_err(|e| e.0)?;
    player.seek(Time(goal));
    Ok(player.cluster().clone())
}

/// `podlab why FILE KIND/NAME [-n NAMESPACE] [--zh]`
pub fn why(text: &str, words: &[&str]) -> Result<(), String> {
    let (mut name, mut namespace, mut language) = (None, None, Language::English);
    let mut rest = words.iter();
    while let Some(word) = rest.next() {
        match *word {
            "-n" => namespace = rest.next().copied(),
            "--zh" => language = Language::Chinese,
            word => name = Some(word),
        }
    }
    let name = name.ok_or("which object? e.g. pod/web")?;
    let cluster = cluster_of(text)?;
    let home = &cluster.spec().namespace;
    let namespace = namespace.unwrap_or(if home.is_empty() { "default" } else { home });
    let key = program::key_of(name, namespace)
        .ok_or_else(|| format!("there is no kind like that of \"{name}\""))?;
    let sources = Sources { api: &cluster.api, scheduler: &cluster.scheduler };
    let answers = why::questions(sources, &key);
    if answers.is_empty() {
        return Err(format!("{} never existed", key.path()));
    }
    let mut read =
        |path: &str| cluster.read_file(path).ok().map(|b| String::from_utf8_lossy(&b).into_owned());
    print!("{}", text::text(&text::lines(&answers, language), &mut read));
    Ok(())
}

/// Takes `--for SPAN` out of words.
fn span_of<'a>(words: &[&'a str]) -> Result<(Vec<&'a str>, Option<Time>), String> {
    let mut rest = Vec::new();
    let mut horizon = None;
    let mut words = words.iter();
    while let Some(word) = words.next() {
        if *word != "--for" {
            rest.push(*word);
            continue;
        }
        let span = words.next().ok_or("--for needs a span like 5m")?;
        let nanos = duration::parse(span)?;
        horizon = Some(Time::ZERO + Span::micros(nanos.unsigned_abs() / 1_000));
    }
    Ok((rest, horizon))
}

/// `podlab vary SCENARIO PATH VALUE… [--for SPAN]`
pub fn vary(text: &str, path: &str, words: &[&str]) -> Result<(), String> {
    let scenario = Scenario::from_yaml(text).map_err(|e| e.0)?;
    let (values, horizon) = span_of(words)?;
    let values: Vec<String> = values.iter().flat_map(|v| v.split(',')).map(str::to_string).collect();
    if values.is_empty() {
        return Err("which values? e.g. 1 2 3 5".into());
    }
    let horizon = horizon.unwrap_or_else(|| compare::usual_horizon(&scenario));
    println!("{path} until {:.1}s", horizon.secs());
    print_runs(&compare::vary(&scenario, path, &values, horizon).map_err(|e| e.0)?);
    Ok(())
}

/// `podlab compare SCENARIO… [--for SPAN]`
pub fn compare(words: &[&str], read: &dyn Fn(&str) -> Result<String, String>) -> Result<(), String> {
    let (paths, horizon) = span_of(words)?;
    let mut scenarios = Vec::new();
    for path in paths {
        let scenario = Scenario::from_yaml(&read(path)?).map_err(|e| format!("{path}: {}", e.0))?;
        scenarios.push((path.to_string(), scenario));
    }
    let usual = scenarios.iter().map(|(_, s)| compare::usual_horizon(s)).max().unwrap_or_default();
    print_runs(&compare::run(scenarios, horizon.unwrap_or(usual)).map_err(|e| e.0)?);
    Ok(())
}

fn print_runs(runs: &[Run]) {
    println!(
        "{:20} {:>10} {:>10} {:>6} {:>9} {:>5} {:>9} {:>15}  HASH",
        "RUN", "READY AT", "NOT READY", "ALIVE", "RESTARTS", "OOM", "WARNINGS", "REQUESTS FAILED"
    );
    for run in runs {
        let o = &run.outcome;
        let ready = o.ready_at.map_or("never".to_string(), |t| format!("{:.2}s", t.secs()));
        let alive = format!("{}/{}", o.alive, o.pods);
        let failed = format!("{}/{}", o.failed(), o.asked());
        let not_ready = format!("{:.1}s", o.not_ready.as_secs_f64());
        println!(
            "{:20} {ready:>10} {not_ready:>10} {alive:>6} {:>9} {:>5} {:>9} {failed:>15}  {}",
            run.label, o.restarts, o.oom_kills, o.warnings, o.hash
        );
    }
    let [a, b, ..] = runs else { return };
    let Some(parting) = compare::parting(a, b) else {
        println!("\n{} and {} are the same", a.label, b.label);
        return;
    };
    println!("\n{} and {} part at {:.3}s", a.label, b.label, parting.at.secs());
    for (run, moment) in [(a, parting.left), (b, parting.right)] {
        let Some(moment) = moment.and_then(|i| run.moments.get(i)) else {
            println!("  {}: nothing more happens", run.label);
            continue;
        };
        println!("  {}: {:.3}s {} {}", run.label, moment.at.secs(), moment.object, moment.what);
        for link in chain::chain(&run.player.cluster().api, moment.cause) {
            let at = link.at.map(|t| format!("{:.3}s", t.secs())).unwrap_or_default();
            println!("      because {at} {}", link.sentence(Language::English));
        }
    }
}

/// `podlab until SCENARIO CONDITION`
pub fn until(text: &str, condition: &str) -> Result<(), String> {
    let scenario = Scenario::from_yaml(text).map_err(|e| e.0)?;
    let limit = compare::usual_horizon(&scenario) + Span::secs(3_600);
    let mut player = Player::new(scenario).map_err(|e| e.0)?;
    player.set_goal(condition).map_err(|e| e.to_string())?;
    while !player.goal_met() {
        match player.next_due() {
            Some(next) if next <= limit => player.run_until(next, 1),
            _ => return Err(format!("the condition does not hold by {:.0}s", limit.secs())),
        };
    }
    println!("{:.6}s", player.now().secs());
    Ok(())
}

/// `podlab hash SCENARIO [N]`
pub fn hash(text: &str, seeds: &str) -> Result<(), String> {
    let scenario = Scenario::from_yaml(text).map_err(|e| e.0)?;
    let goal = Time(scenario.log.last().map_or(0, |e| e.at).max(scenario.position));
    let seeds: u64 = seeds.parse().map_err(|_| format!("{seeds} is not a number"))?;
    for seed in 1..=seeds {
        let mut scenario = scenario.clone();
        scenario.cluster.seed = seed;
        let mut player = Player::new(scenario).map_err(|e| e.0)?;
        player.seek(goal);
        println!("{seed} {}", player.hash());
    }
    Ok(())
}
