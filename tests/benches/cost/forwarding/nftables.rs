//! The same job as nftables does it: `nft` is called here, and nowhere else.

use crate::policies::{TCP_PORTS, UDP_PORTS};
use anyhow::{Context, Result};
use exitguard::lab::{Namespace, TUN};
use ipnet::IpNet;
use std::fmt::Write as _;
use std::io::Write as _;
use std::process::{Command, Stdio};

/// What `nft` needs to load a prefix, with room to spare.
const KIB_PER_PREFIX: u64 = 2;

/// The `nft` of this machine.
pub(crate) struct Nftables {
    version: String,
}

impl Nftables {
    /// Looks for it; or says what is missing.
    pub(crate) fn find() -> Result<Self, String> {
        match Command::new("nft").arg("--version").output() {
            Ok(output) => Ok(Self {
                version: String::from_utf8_lossy(&output.stdout).trim().to_owned(),
            }),
            Err(error) => Err(format!("cannot run nft: {error}")),
        }
    }

    pub(crate) fn version(&self) -> &str {
        &self.version
    }

    /// Puts the ruleset in force in a namespace; or says why it cannot be.
    pub(crate) fn load(
        &self,
        namespace: &Namespace,
        listed: &[IpNet],
    ) -> Result<Result<(), String>> {
        let needed = KIB_PER_PREFIX * listed.len() as u64;
        if let Some(available) = available_kib()
            && available < needed
        {
            return Ok(Err(format!(
                "nft would need about {} MiB of memory, and {} MiB are there",
                needed >> 10,
                available >> 10
            )));
        }
        let rules = ruleset(listed);
        let output = namespace.enter(|| -> Result<_> {
            let mut nft = Command::new("nft")
                .args(["-f", "-"])
                .stdin(Stdio::piped())
                .stdout(Stdio::null())
                .stderr(Stdio::piped())
                .spawn()?;
            let mut stdin = nft.stdin.take().context("no way to write to nft")?;
            stdin.write_all(rules.as_bytes())?;
            drop(stdin);
            Ok(nft.wait_with_output()?)
        })??;
        if output.status.success() {
            return Ok(Ok(()));
        }
        let message = String::from_utf8_lossy(&output.stderr);
        let first = message.lines().next().unwrap_or("nft failed");
        Ok(Err(first.escape_debug().to_string()))
    }
}

fn available_kib() -> Option<u64> {
    let memory = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = memory
        .lines()
        .find_map(|line| line.strip_prefix("MemAvailable:"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// Established connections first, then the list, the LAN guard and the ports: what exitguard does with the
/// policies of this bench, less its memory of flows.
fn ruleset(listed: &[IpNet]) -> String {
    let elements = |is_v4: bool| {
        let mut elements = String::new();
        for prefix in listed
            .iter()
            .filter(|prefix| prefix.addr().is_ipv4() == is_v4)
        {
            let separator = if elements.is_empty() { "" } else { "," };
            // Writing to a string cannot fail.
            let _ = write!(elements, "{separator}{prefix}");
        }
        if elements.is_empty() {
            elements
        } else {
            format!("elements = {{ {elements} }}")
        }
    };
    let ports = |ports: [u16; 3]| ports.map(|port| port.to_string()).join(", ");
    format!(
        "table inet bench {{
  counter established {{ }}
  counter allowed {{ }}
  counter listed {{ }}
  counter lan {{ }}
  counter refused {{ }}
  set listed4 {{ type ipv4_addr; flags interval; auto-merge; {v4} }}
  set listed6 {{ type ipv6_addr; flags interval; auto-merge; {v6} }}
  set lan4 {{ type ipv4_addr; flags interval; elements = {{ 0.0.0.0/8, 10.0.0.0/8, 127.0.0.0/8,
    169.254.0.0/16, 172.16.0.0/12, 192.168.0.0/16 }} }}
  set lan6 {{ type ipv6_addr; flags interval; elements = {{ ::1, fc00::/7, fe80::/10 }} }}
  set tcp_ports {{ type inet_service; elements = {{ {tcp} }} }}
  set udp_ports {{ type inet_service; elements = {{ {udp} }} }}
  chain forward {{
    type filter hook forward priority filter; policy drop;
    ct state established,related counter name established accept
    iifname \"{TUN}\" jump outbound
    counter name refused
  }}
  chain outbound {{
    ip daddr @listed4 counter name listed drop
    ip6 daddr @listed6 counter name listed drop
    ip daddr @lan4 counter name lan drop
    ip6 daddr @lan6 counter name lan drop
    tcp dport @tcp_ports counter name allowed accept
    udp dport @udp_ports counter name allowed accept
    meta l4proto {{ icmp, ipv6-icmp }} counter name allowed accept
  }}
}}
",
        v4 = elements(true),
        v6 = elements(false),
        tcp = ports(TCP_PORTS),
        udp = ports(UDP_PORTS),
    )
}
