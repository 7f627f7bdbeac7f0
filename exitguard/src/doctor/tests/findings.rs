//! What is made of facts.

use super::host::{POLICY, config, good, list, program};
use crate::control::Protection;
use crate::datapath::{BpfSupport, Capability};
use crate::doctor::{Daemon, Facts, Finding, ListState, State, count, examine, text};
use jiff::SignedDuration;

/// What is found, besides what is fine, when a good host is spoilt.
fn spoilt(spoil: impl FnOnce(&mut Facts)) -> Vec<Finding> {
    let mut facts = good();
    spoil(&mut facts);
    let mut findings = examine(&facts);
    findings.retain(|finding| finding.state != State::Ok);
    findings
}

#[test]
fn a_good_host_needs_nothing() {
    let findings = examine(&good());
    assert_eq!(count(&findings, State::Ok), findings.len());
    insta::assert_snapshot!("good", text(&findings));
}

#[test]
fn what_is_wrong_is_said_with_what_to_do() {
    let findings = spoilt(|facts| {
        let machine = &mut facts.machine;
        machine.missing = vec![Capability::Bpf, Capability::Perfmon];
        machine.may_mount = false;
        machine.has_bpffs = false;
        machine.memlock = Some(64 << 10);
        facts.tailscale().status.tun = Some(false);
        facts.tailscale().status.node.as_mut().unwrap().allowed = None;
        facts
            .tailscale()
            .status
            .node
            .as_mut()
            .unwrap()
            .exit_node_option = Some(false);
        facts.tailscale().status.addresses = Some(vec!["100.64.0.2".parse().unwrap()]);
        facts.network().forwards_v4 = Some(false);
        facts.policy.error = Some("exitguard.toml is not a valid configuration".to_owned());
        facts.lists = vec![
            list(ListState::Held("it shrank".to_owned())),
            list(ListState::Never),
        ];
        facts.lists.push(list(ListState::Failed("404".to_owned())));
        facts.lists[2].is_in_force = false;
        facts.cache.1 = Some("Read-only file system".to_owned());
        facts.status().protection = Protection::Unprotected;
        facts.status().reason = Some("somebody took it off".to_owned());
        facts.status().reload_error = Some("mode: unknown".to_owned());
        facts.guarded().is_gate_closed = false;
    });
    assert_eq!(count(&findings, State::Problem), findings.len());
    for finding in &findings {
        assert!(finding.remedy.is_some(), "{finding:?}");
    }
    insta::assert_snapshot!("problems", text(&findings));
}

#[test]
fn what_could_be_better_is_no_problem() {
    let findings = spoilt(|facts| {
        let machine = &mut facts.machine;
        machine.has_jit = Some(false);
        machine.has_bpffs = false;
        machine.is_clock_kept = Some(false);
        let prefs = facts.prefs();
        prefs.netfilter_mode = Some(0);
        prefs.run_ssh = Some(true);
        prefs.shields_up = Some(true);
        prefs
            .advertise_routes
            .as_mut()
            .unwrap()
            .push("192.168.77.0/24".to_owned());
        facts.tailscale().udp_gro =
            Some("UDP GRO forwarding is suboptimally configured".to_owned());
        facts.network().forwards_v6 = Some(false);
        facts.network().rp_filter = Some(1);
        facts.network().other_gates = vec!["tailscale1".to_owned()];
        facts.policy.warnings = 2;
        facts.policy.config = Some(config(
            "mode = \"observe\"\nfail = \"closed\"\n[egress]\ntcp = []\nudp = []\n",
        ));
        facts.lists = vec![
            list(ListState::Failed("404".to_owned())),
            list(ListState::Fine),
        ];
        facts.lists[1].age = Some(SignedDuration::from_hours(73));
        let status = facts.status();
        status.version = "0.0.9".to_owned();
        status.unprotected_seconds = 0.25;
        status.lost_kernel = 3;
        status.lost_file = 2;
        let [outbound, inbound] = facts.guarded().programs.as_mut().unwrap();
        outbound.insert(0, program("XDP", "cil_xdp", false));
        inbound.push(program("clsact egress", "u32", false));
        facts.guarded().before_gate.rules = vec![100];
    });
    assert_eq!(count(&findings, State::Advice), findings.len());
    insta::assert_snapshot!("advice", text(&findings));
}

/// A user without privileges, on a host without tailscaled.
#[test]
fn what_cannot_be_known_is_no_problem() {
    let findings = spoilt(|facts| {
        let machine = &mut facts.machine;
        machine.bpf = BpfSupport::NotPermitted;
        machine.is_root = false;
        machine.missing = vec![Capability::Bpf, Capability::NetAdmin, Capability::Perfmon];
        machine.may_mount = false;
        machine.has_bpffs = false;
        machine.is_clock_kept = None;
        facts.tailscale = Err("no answer at tailscaled.sock: No such file or directory".to_owned());
        facts.policy.error = Some("cannot read exitguard.toml: Permission denied".to_owned());
        facts.policy.is_hidden = true;
        facts.lists = vec![list(ListState::Hidden)];
        facts.cache.1 = Some("Permission denied".to_owned());
        facts.daemon = Daemon::NotPermitted("/run/exitguard/exitguard.sock".into());
        facts.guarded().programs = Err("not permitted to ask".to_owned());
        facts.network().forwards_v4 = None;
    });
    assert_eq!(count(&findings, State::Unknown), findings.len());
    insta::assert_snapshot!("unknown", text(&findings));
}

#[test]
fn kernels_are_told_apart_by_what_they_can() {
    let kernel = |release: &str, version, bpf| {
        let mut facts = good();
        facts.machine.release = release.to_owned();
        facts.machine.version = Some(version);
        facts.machine.bpf = bpf;
        let finding = examine(&facts).remove(0);
        format!("{} {}\n", finding.state.name(), finding.found)
    };
    let said = kernel("4.19.0", (4, 19), BpfSupport::Clsact)
        + &kernel("5.10.0", (5, 10), BpfSupport::Clsact)
        + &kernel("6.2.0", (6, 2), BpfSupport::NotPermitted)
        + &kernel("6.6.0", (6, 6), BpfSupport::NotPermitted)
        + &kernel("6.12.0", (6, 12), BpfSupport::Absent);
    insta::assert_snapshot!(said.trim_end());
}

#[test]
fn without_a_daemon_what_matters_is_what_is_in_force() {
    let said = |spoil: fn(&mut Facts)| {
        let findings = spoilt(|facts| {
            facts.daemon = Daemon::Absent("/run/exitguard/exitguard.sock".into());
            spoil(facts);
        });
        let daemon = findings
            .iter()
            .find(|finding| finding.name == "daemon")
            .unwrap();
        assert_eq!(daemon.state, State::Problem);
        daemon.found.clone()
    };
    assert!(
        said(|_| {})
            .ends_with("the policy that was put in force last still is, and nothing is reported")
    );
    let unguarded = |facts: &mut Facts| {
        facts.guarded().programs.as_mut().unwrap()[0].clear();
    };
    assert!(said(unguarded).ends_with("everything passes"));
    assert!(
        said(|facts| facts.network = Err("no socket".to_owned())).contains("only root can see")
    );
}

#[test]
fn a_gate_that_nobody_wants_or_that_would_cut_the_host_off_is_a_problem() {
    let found = spoilt(|facts| {
        let open = POLICY.replace("closed", "open");
        facts.policy.config = Some(config(&open));
    });
    assert_eq!((found.len(), found[0].state), (1, State::Problem));
    assert!(
        found[0].found.contains("though fail = \"open\""),
        "{found:?}"
    );
    let found = spoilt(|facts| facts.guarded().before_gate.is_host_safe = false);
    assert_eq!((found.len(), found[0].state), (1, State::Problem));
    assert!(
        found[0]
            .remedy
            .as_ref()
            .unwrap()
            .contains("ip rule add pref 0")
    );
}

#[test]
fn a_node_that_offers_half_an_exit_node_or_none_is_told() {
    let routes = |routes: &[&str]| {
        let routes = routes.iter().map(|route| (*route).to_owned()).collect();
        let found = spoilt(|facts| facts.prefs().advertise_routes = Some(routes));
        assert_eq!((found.len(), found[0].name), (1, "exit node"), "{found:?}");
        found[0].state
    };
    assert_eq!(routes(&[]), State::Advice);
    assert_eq!(routes(&["0.0.0.0/0"]), State::Problem);
    let stopped = spoilt(|facts| {
        facts.tailscale().status.backend_state = Some("NeedsLogin".to_owned());
        facts.tailscale().status.addresses = None;
    });
    assert_eq!(stopped.len(), 1, "{stopped:?}");
    assert_eq!(
        (stopped[0].name, stopped[0].state),
        ("tailscale", State::Problem)
    );
}

#[test]
fn what_comes_from_elsewhere_cannot_move_the_cursor() {
    let findings = spoilt(|facts| {
        let evil = "\u{1b}[2J\n\u{202e}".to_owned();
        facts.tailscale().udp_gro = Some(evil.clone());
        facts.tailscale().status.backend_state = Some(evil.clone());
        facts.lists[0].state = ListState::Failed(evil.clone());
        facts.guarded().programs.as_mut().unwrap()[0][0].is_ours = false;
        facts.guarded().programs.as_mut().unwrap()[0][0].name = evil;
    });
    assert!(findings.len() >= 4, "{findings:?}");
    let text = text(&findings).replace('\n', "");
    assert!(
        text.chars().all(|c| !c.is_control() && c != '\u{202e}'),
        "{text:?}"
    );
}
