//! The gate of `fail = "closed"`, from outside.

use exitguard::host::{Gate, Inspector};
use exitguard::lab::TUN;
use rtnetlink::packet_route::rule::{RuleAction, RuleAttribute};

use crate::exit_node::{Daemon, ExitNode, POLICY};
use crate::is_state;

fn on_exit<T: Send>(node: &ExitNode, work: impl AsyncFnOnce() -> T + Send) -> T {
    let run = || {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(work())
    };
    node.lab.exit().enter(run).unwrap()
}

fn gate(node: &ExitNode) -> Gate {
    on_exit(node, async || {
        Inspector::new().unwrap().gate(TUN).await.unwrap()
    })
}

fn closed() -> String {
    format!("fail = \"closed\"\n{POLICY}")
}

#[test]
#[ignore = "needs root"]
fn off_opens_the_gate_with_a_daemon_and_without_one() {
    let node = ExitNode::new(&closed());
    for is_running in [true, false] {
        let daemon = node.guard();
        node.assert_guarded();
        assert_eq!(gate(&node), Gate::Closed);
        if !is_running {
            daemon.kill();
            assert_eq!(gate(&node), Gate::Closed);
        }
        assert!(node.off().contains("the guard is off"));
        assert_eq!(gate(&node), Gate::Open);
        node.assert_open();
    }
}

/// As where somebody uses l3mdev: what is for the host would meet the gate first.
#[test]
#[ignore = "needs root"]
fn a_gate_that_would_cut_the_host_off_is_refused_and_the_guard_is_not() {
    let node = ExitNode::new(&closed());
    on_exit(&node, async || {
        let (connection, handle, _) = rtnetlink::new_connection().unwrap();
        tokio::spawn(connection);
        let rules = handle.rule();
        let mut late = rules
            .add()
            .v4()
            .table_id(255)
            .priority(32_765)
            .action(RuleAction::ToTable);
        late.message_mut().attributes.push(RuleAttribute::FwMask(0));
        late.execute().await.unwrap();
        use futures_util::TryStreamExt;
        let all = rules.get(rtnetlink::IpVersion::V4).execute();
        let all: Vec<_> = all.try_collect().await.unwrap();
        let is_first =
            |attribute: &RuleAttribute| matches!(attribute, RuleAttribute::Priority(1..));
        let first = all
            .into_iter()
            .find(|rule| !rule.attributes.iter().any(is_first))
            .unwrap();
        rules.del(first).execute().await.unwrap();
    });
    let daemon = Daemon::new(node.spawn(node.run()));
    let told = daemon.wait_for("the refusal", |event| is_state(event, "no_gate"));
    let message = told["exitguard"]["message"].as_str().unwrap();
    assert!(message.contains("ip rule add pref 0"), "{message}");
    daemon.wait_for("the start", |event| is_state(event, "started"));
    assert_eq!(gate(&node), Gate::Open);
    node.assert_guarded();
}
