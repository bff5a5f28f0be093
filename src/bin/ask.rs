//! Questions about scenarios and recordings: why an object is as it is.

use podlab::cluster::{Cluster, why as program};
use podlab::scenario::{Player, Scenario, recording};
use podlab::time::Time;
use podlab::why::{self, Language, Sources, text};

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
