//! The scenario that the README shows runs as it stands there.

use podlab::scenario::condition::{Condition, Evidence, Tracker};
use podlab::scenario::format::{Input, Scenario};
use podlab::scenario::player::Player;
use podlab::time::{Span, Time};

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

#[test]
fn the_traffic_of_the_readme_flows_and_can_be_waited_for() {
    let readme = include_str!("../README.md");
    let from = readme.find("### Faults and traffic").expect("the chapter");
    let (_, rest) = readme[from..].split_once("```yaml\n").expect("a block of YAML");
    let (text, _) = rest.split_once("\n```").expect("its end");
    let mut player = Player::new(Scenario::from_yaml(text).expect("a scenario")).expect("it starts");
    let begin = player.now();
    player.seek(begin + Span::secs(30));
    player.apply(Input::Fault("node worker02 down".into())).expect("a fault");
    player.seek(begin + Span::secs(40));
    let (_, condition) = readme[from..].split_once("'traffic/").expect("a condition");
    let (condition, _) = condition.split_once('\'').expect("its end");
    let condition = Condition::parse(&format!("traffic/{condition}")).expect("valid");
    let mut tracker = Tracker::new(condition, begin);
    assert!(tracker.advance(Evidence { cluster: player.cluster(), output: &player.output() }));
}
