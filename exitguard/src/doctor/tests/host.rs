//! A host where all is well, for tests to spoil.

use crate::config;
use crate::control::{Protection, Status, Traffic};
use crate::datapath::{BpfSupport, Machine};
use crate::diagnostic::SourceFile;
use crate::doctor::{
    Daemon, Facts, Guarded, ListFacts, ListState, NetworkFacts, Node, Policy, Prefs, Program,
    Tailscale, TailscaleStatus,
};
use crate::host::{BeforeGate, DeviceKind};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;

pub(super) const POLICY: &str = "mode = \"enforce\"\nfail = \"closed\"\n[egress]\ntcp = [443]\nudp = []\n\
                                 [host]\ntcp = [22]\nudp = []\n";

pub(super) fn config(text: &str) -> config::Config {
    let file = SourceFile::new("/etc/exitguard/exitguard.toml", text);
    config::parse(&file).unwrap().config
}

pub(super) fn good() -> Facts {
    Facts {
        machine: machine(),
        policy: Policy {
            path: "/etc/exitguard/exitguard.toml".into(),
            config: Some(config(POLICY)),
            error: None,
            is_hidden: false,
            warnings: 0,
        },
        lists: vec![list(ListState::Fine)],
        cache: ("/var/lib/exitguard/lists".into(), None),
        network: Ok(network()),
        daemon: Daemon::Running(Box::new(status())),
        tailscale: Ok(tailscale()),
    }
}

fn machine() -> Machine {
    Machine {
        release: "6.12.117-amd64".to_owned(),
        version: Some((6, 12)),
        bpf: BpfSupport::Tcx,
        has_jit: Some(true),
        is_root: true,
        missing: Vec::new(),
        may_mount: true,
        has_bpffs: true,
        memlock: None,
        is_clock_kept: Some(true),
    }
}

pub(super) fn list(state: ListState) -> ListFacts {
    ListFacts {
        name: "feodo".to_owned(),
        state,
        is_in_force: true,
        age: Some(SignedDuration::from_hours(1)),
    }
}

fn network() -> NetworkFacts {
    NetworkFacts {
        guarded: Ok(Guarded {
            name: "tailscale0".to_owned(),
            kind: DeviceKind::Tun,
            addresses: vec!["100.64.0.1".parse().unwrap()],
            programs: Ok([
                vec![program("tcx ingress", "eg_outbound", true)],
                vec![program("tcx egress", "eg_inbound", true)],
            ]),
            is_gate_closed: true,
            before_gate: BeforeGate {
                is_host_safe: true,
                rules: Vec::new(),
            },
        }),
        public: vec!["198.51.100.4".parse().unwrap()],
        forwards_v4: Some(true),
        forwards_v6: Some(true),
        rp_filter: Some(2),
        other_gates: Vec::new(),
    }
}

pub(super) fn program(place: &'static str, name: &str, is_ours: bool) -> Program {
    Program {
        place,
        name: name.to_owned(),
        is_ours,
    }
}

fn status() -> Status {
    let time: Timestamp = "2026-01-02T09:00:00Z".parse().unwrap();
    Status {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        pid: 812,
        started: time,
        interface: "tailscale0".to_owned(),
        device: Some(4),
        attached_by: Some("tcx".to_owned()),
        protection: Protection::Enforcing,
        reason: None,
        mode: "enforce".to_owned(),
        fail: "closed".to_owned(),
        gate_closed: true,
        generation: 7,
        policy_since: Some(time),
        reload_error: None,
        trial_until: None,
        unprotected_seconds: 0.0,
        clients: 0,
        changes: 0,
        lists: Vec::new(),
        flows: 0,
        flow_table: 131_072,
        outbound: Traffic::default(),
        inbound: Traffic::default(),
        denied_pkts: BTreeMap::new(),
        would_deny_pkts: BTreeMap::new(),
        lost_kernel: 0,
        lost_output: 0,
        lost_file: 0,
    }
}

pub(super) fn tailscale() -> Tailscale {
    let routes = ["0.0.0.0/0", "::/0"].map(str::to_owned).to_vec();
    Tailscale {
        status: TailscaleStatus {
            backend_state: Some("Running".to_owned()),
            tun: Some(true),
            addresses: Some(vec!["100.64.0.1".parse().unwrap()]),
            node: Some(Node {
                allowed: Some(routes.clone()),
                exit_node_option: Some(true),
            }),
        },
        prefs: Some(Prefs {
            advertise_routes: Some(routes),
            netfilter_mode: Some(2),
            no_snat: Some(false),
            run_ssh: Some(false),
            shields_up: Some(false),
        }),
        forwarding: Some(String::new()),
        udp_gro: Some(String::new()),
    }
}

/// What a test spoils.
impl Facts {
    pub(super) fn guarded(&mut self) -> &mut Guarded {
        self.network().guarded.as_mut().unwrap()
    }

    pub(super) fn network(&mut self) -> &mut NetworkFacts {
        self.network.as_mut().unwrap()
    }

    pub(super) fn status(&mut self) -> &mut Status {
        match &mut self.daemon {
            Daemon::Running(status) => status,
            other => panic!("{other:?}"),
        }
    }

    pub(super) fn tailscale(&mut self) -> &mut Tailscale {
        self.tailscale.as_mut().unwrap()
    }

    pub(super) fn prefs(&mut self) -> &mut Prefs {
        self.tailscale().prefs.as_mut().unwrap()
    }
}
