//! Who may ask, and who may change what is in force.

use crate::machine::Machine;
use crate::readme::console_with;

#[test]
#[ignore = "needs root"]
fn groups_of_the_machine_decide_who_may_ask_and_change() {
    let machine = Machine::with_service();
    machine.start_service();
    let join = console_with("usermod --append --groups exitguard,exitguard-operator alice");
    machine.done(&format!(
        "useradd alice; useradd bob; useradd carol; {join}usermod --append --groups exitguard bob"
    ));
    let may = |user: &str| {
        [
            "exitguard status",
            "exitguard block 203.0.113.66 && exitguard undo",
        ]
        .map(|command| machine.run_as(user, command).code == Some(0))
    };
    assert_eq!(
        ["root", "alice", "bob", "carol"].map(may),
        [[true, true], [true, true], [true, false], [false, false]]
    );
    let refused = machine.run_as("bob", "exitguard block 203.0.113.66").stderr;
    assert!(refused.contains("\"exitguard-operator\""), "{refused}");
    // It was made by the first look, when there was no group yet.
    let audit = "tail -n 1 /var/log/exitguard/audit.jsonl";
    assert!(
        machine
            .run_as("bob", audit)
            .stdout
            .contains("\"by\":\"alice\"")
    );
    assert_eq!(machine.run_as("carol", audit).stdout, "");
}
