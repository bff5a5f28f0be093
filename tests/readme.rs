//! The scenario that the README shows runs as it stands there.

use podlab::scenario::format::Scenario;
use podlab::scenario::player::Player;
use podlab::time::Time;

#[test]
fn the_scenario_of_the_readme_runs_as_it_is_printed() {
    let readme = include_str!("../README.md");
    let from = readme.find("<!-- scenario:").expect("the mark");
    let (_, rest) = readme[from..].split_once("```yaml\n").expect("a block of YAML");
    let (text, _) = rest.split_once("\n```").expect("its end");
    let scenario = Scenario::from_yaml(text).expect("a scenario");
    let goal = Time(scenario.position);
    let mut player = Player::new(scenario).expect("it starts");
    player.seek(goal);
    let shown: String = player.take_output(0).chunks.iter().map(|c| c.text.to_string()).collect();
    assert!(shown.replace('\r', "").contains("logs api\nworkers=2\nhello from api\n"), "{shown}");
}
