//! Tests of stress.

use super::Lab;
use crate::images::Preset;
use crate::os::Settings;
use crate::time::Span;

const ARGS: &[&str] = &["stress", "--vm", "1", "--vm-bytes", "250M", "--vm-hang", "1"];

#[test]
fn a_killed_worker_is_reported_as_recorded() {
    let mut lab = Lab::with(Settings { cgroup_v1: true, ..Settings::default() });
    let c = lab.container(Preset::Lab, "polinux/stress");
    lab.world.cell_mut(c.cell).expect("there").memory_limit = Some(200 << 20);
    let (_, out) = lab.start(c, ARGS);
    lab.pass(Span::secs(1));
    assert_eq!(
        lab.text(out),
        "stress: info: [1] dispatching hogs: 0 cpu, 0 io, 1 vm, 0 hdd\n\
         stress: FAIL: [1] (425) <-- worker 7 got signal 9\n\
         stress: WARN: [1] (427) now reaping child worker processes\n\
         stress: FAIL: [1] (431) kill error: No such process\n\
         stress: FAIL: [1] (461) failed run completed in 0s\n"
    );
    assert_eq!(lab.codes(), [1]);
}

#[test]
fn memory_is_held_and_a_timeout_ends_the_run() {
    let mut lab = Lab::new();
    let c = lab.container(Preset::Lab, "polinux/stress");
    let (_, out) =
        lab.start(c, &["stress", "--vm", "2", "--vm-bytes", "100M", "--cpu", "1", "--timeout", "10s"]);
    lab.pass(Span::secs(5));
    assert!(lab.world.memory_of(c.cell) > 200 << 20);
    lab.pass(Span::secs(6));
    assert_eq!(
        lab.text(out),
        "stress: info: [1] dispatching hogs: 1 cpu, 0 io, 2 vm, 0 hdd\n\
         stress: info: [1] successful run completed in 10s\n"
    );
    assert_eq!(lab.codes(), [0]);
}
