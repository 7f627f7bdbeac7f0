//! What `exitguard doctor` finds on an exit node, as it is and spoilt.

use std::fs;
use std::path::Path;

use aya::Ebpf;
use aya::programs::tc::{NlOptions, TcAttachOptions, TcAttachType};
use aya::programs::{LinkOrder, SchedClassifier};
use exitguard::datapath::OBJECT;
use exitguard::host::Inspector;
use exitguard::lab::TUN;
use exitguard_common::abi::programs;
use rtnetlink::packet_route::rule::RuleAction;
use serde_json::Value;

use crate::exit_node::{ExitNode, POLICY};
use crate::kernel::has_tcx;

/// What it finds, and how it exits. Nobody answers as tailscaled.
fn examine(node: &ExitNode) -> (i32, Vec<Value>) {
    let mut command = node.command();
    command
        .args(["doctor", "--json", "--tailscaled"])
        .arg(node.config().with_file_name("tailscaled.sock"))
        .arg("--config")
        .arg(node.config());
    let output = node.output(command);
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let findings = report["findings"].as_array().unwrap().clone();
    (output.status.code().unwrap(), findings)
}

/// What was found of this name: its state and what it says.
fn of<'a>(findings: &'a [Value], name: &str) -> Option<(&'a str, &'a str)> {
    let finding = findings.iter().find(|finding| finding["name"] == name)?;
    Some((finding["state"].as_str()?, finding["found"].as_str()?))
}

fn names_of_problems(findings: &[Value]) -> Vec<&str> {
    let problems = findings
        .iter()
        .filter(|finding| finding["state"] == "problem");
    problems
        .map(|finding| finding["name"].as_str().unwrap())
        .collect()
}

#[test]
#[ignore = "needs root"]
fn a_guarded_exit_node_has_no_problem_and_one_without_a_daemon_has_one() {
    let node = ExitNode::new(POLICY);
    let (code, before) = examine(&node);
    assert_eq!(
        (code, names_of_problems(&before)),
        (1, vec!["daemon"]),
        "{before:#?}"
    );
    let daemon = of(&before, "daemon").unwrap().1;
    assert!(daemon.ends_with("everything passes"), "{daemon}");
    let _daemon = node.guard();
    let (code, after) = examine(&node);
    assert_eq!((code, names_of_problems(&after)), (0, vec![]), "{after:#?}");
    assert_eq!(
        of(&after, "daemon"),
        Some(("ok", "tailscale0 is enforcing"))
    );
    assert_eq!(of(&after, "interface"), Some(("ok", "tailscale0 is a TUN")));
    assert_eq!(of(&after, "tailscale").unwrap().0, "unknown");
    assert_eq!(of(&after, "other programs"), None);
}

#[test]
#[ignore = "needs root"]
fn forwarding_that_is_off_is_a_problem() {
    let node = ExitNode::new(POLICY);
    let _daemon = node.guard();
    let switch = |value: &str| {
        let path = Path::new("/proc/sys/net/ipv4/ip_forward");
        node.lab
            .exit()
            .enter(|| fs::write(path, value).unwrap())
            .unwrap();
    };
    switch("0");
    let (code, findings) = examine(&node);
    assert_eq!(
        (code, names_of_problems(&findings)),
        (1, vec!["forwarding"])
    );
    switch("1");
    assert_eq!(examine(&node).0, 0);
}

#[test]
#[ignore = "needs root"]
fn a_program_of_somebody_else_is_named_with_its_place() {
    let node = ExitNode::new(POLICY);
    let _daemon = node.guard();
    let mut object = Ebpf::load(OBJECT).unwrap();
    let program = object.program_mut(programs::TC_NOTHING).unwrap();
    let program: &mut SchedClassifier = program.try_into().unwrap();
    program.load().unwrap();
    let has_tcx = node.lab.exit().enter(has_tcx).unwrap();
    let hooks = if has_tcx { "tcx" } else { "clsact" };
    // Filters of one priority run in the order opposite to that in which they came.
    let mut attach = |order, priority, direction| {
        let options = if has_tcx {
            TcAttachOptions::TcxOrder(order)
        } else {
            TcAttachOptions::Netlink(NlOptions {
                priority,
                ..NlOptions::default()
            })
        };
        let attach = || {
            program
                .attach_with_options(TUN, direction, options)
                .unwrap()
        };
        node.lab.exit().enter(attach).unwrap();
    };
    attach(LinkOrder::first(), 1, TcAttachType::Ingress);
    let (code, findings) = examine(&node);
    let (state, found) = of(&findings, "other programs").unwrap();
    assert_eq!((code, state), (0, "advice"));
    assert!(
        found.starts_with(&format!("eg_nothing at {hooks} ingress comes before ours")),
        "{found}"
    );
    attach(LinkOrder::last(), 100, TcAttachType::Egress);
    let (_, findings) = examine(&node);
    let last = findings
        .iter()
        .rfind(|finding| finding["name"] == "other programs");
    let found = last.unwrap()["found"].as_str().unwrap();
    assert!(
        found.starts_with(&format!("eg_nothing at {hooks} egress comes after ours")),
        "{found}"
    );
}

#[test]
#[ignore = "needs root"]
fn a_gate_that_went_while_the_daemon_was_stopped_is_missed() {
    let node = ExitNode::new(&format!("fail = \"closed\"\n{POLICY}"));
    let daemon = node.guard();
    let (code, findings) = examine(&node);
    assert_eq!(
        (code, of(&findings, "gate").unwrap().0),
        (0, "ok"),
        "{findings:#?}"
    );
    daemon.stop();
    let open = || {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async { Inspector::new().unwrap().open_gate(TUN).await.unwrap() })
    };
    assert!(node.lab.exit().enter(open).unwrap());
    let (code, findings) = examine(&node);
    assert_eq!(
        (code, names_of_problems(&findings)),
        (1, vec!["daemon", "gate"])
    );
    let daemon = of(&findings, "daemon").unwrap().1;
    assert!(daemon.contains("put in force last still is"), "{daemon}");
}

/// As of somebody with several uplinks: what the rule finds a route for is forwarded, marked or not.
#[test]
#[ignore = "needs root"]
fn a_routing_rule_before_the_gate_is_named_unless_it_is_about_other_interfaces() {
    let node = ExitNode::new(&format!("fail = \"closed\"\n{POLICY}"));
    let _daemon = node.guard();
    let add = |priority, interface: Option<&str>| {
        let add = || {
            let runtime = tokio::runtime::Runtime::new().unwrap();
            runtime.block_on(async {
                let (connection, handle, _) = rtnetlink::new_connection().unwrap();
                tokio::spawn(connection);
                let rule = handle.rule().add().v4().table_id(254).priority(priority);
                let rule = match interface {
                    Some(name) => rule.input_interface(name.to_owned()),
                    None => rule,
                };
                rule.action(RuleAction::ToTable).execute().await.unwrap();
            });
        };
        node.lab.exit().enter(add).unwrap();
    };
    add(100, Some("lan0"));
    add(6_000, None);
    assert_eq!(of(&examine(&node).1, "gate").unwrap().0, "ok");
    add(101, Some(TUN));
    add(102, None);
    let (code, findings) = examine(&node);
    let (state, found) = of(&findings, "gate").unwrap();
    assert_eq!((code, state), (0, "advice"));
    assert!(found.contains("come before it (101, 102)"), "{found}");
}
