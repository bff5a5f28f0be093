//! Clusters of many nodes, where healthy kubelets write no leases: silence is told from health all the same.

use podlab::scenario::{Input, Player, Scenario};
use podlab::time::{Span, Time};
use podlab::view;

/// More nodes than have their leases written all the time.
const NODES: usize = 230;

fn cluster() -> Player {
    let mut scenario = Scenario::default();
    let worker = scenario.cluster.nodes[1].clone();
    for i in scenario.cluster.nodes.len()..NODES {
        let mut node = worker.clone();
        node.name = format!("n{i:03}");
        node.ip = format!("10.9.0.{i}");
        node.pod_cidr = format!("10.{i}.0.0/24");
        scenario.cluster.nodes.push(node);
    }
    let mut player = Player::new(scenario).expect("valid");
    player.apply(Input::Open(0)).expect("a terminal");
    player
}

fn not_ready(player: &mut Player, seconds: u64) -> String {
    player.seek(Time::ZERO + Span::secs(seconds));
    view::query(player.cluster(), "kubectl get nodes --no-headers | grep NotReady | cut -d' ' -f1")
}

#[test]
fn a_healthy_node_stays_ready_and_a_silent_one_is_told() {
    let mut player = cluster();
    assert_eq!(not_ready(&mut player, 120), "");
    player.apply(Input::Fault("node n229 down".into())).expect("broken");
    assert_eq!(not_ready(&mut player, 130), "");
    assert_eq!(not_ready(&mut player, 190), "n229\n");
    player.apply(Input::Fault("node n229 up".into())).expect("mended");
    assert_eq!(not_ready(&mut player, 240), "");
    assert_eq!(not_ready(&mut player, 600), "");
}

#[test]
fn the_map_of_many_nodes_is_lists_of_cells_and_one_card() {
    let mut player = cluster();
    player
        .apply(Input::Line(0, "kubectl cordon n100; kubectl run one --image=nginx:1.14.2".into()))
        .expect("typed");
    player.apply(Input::Fault("node n229 down".into())).expect("broken");
    player.seek(Time::ZERO + Span::secs(80));
    let map = view::map(&player.cluster().api, "n100");
    let cells = map.cells.expect("more than cards");
    let at = |name: &str| cells.names.iter().position(|n| n == name).expect("a node");
    assert_eq!(cells.names.len(), NODES);
    assert_eq!([cells.states[at("n100")], cells.states[at("n229")], cells.states[at("n050")]], [2, 4, 0]);
    assert_eq!(cells.pods.iter().sum::<f64>(), 1.0);
    assert_eq!(map.nodes.iter().map(|n| n.name.as_str()).collect::<Vec<_>>(), ["n100"]);
    assert_eq!(view::map(&Player::new(Scenario::default()).expect("valid").cluster().api, "").cells, None);
}
