//! An exit node with a filter, or without.

use super::nftables::Nftables;
use super::traffic::Batch;
use crate::loading;
use crate::packets::{answer, frame};
use crate::policies::{Policies, Policy};
use anyhow::{Context, Result, ensure};
use exitguard::config::Attach;
use exitguard::datapath::{EventSource, Guard};
use exitguard::lab::{
    CLIENT_V4, EchoServer, FRAME_HEADER_BYTES, Lab, LabOptions, Links, MAX_FRAME_BYTES, SERVER_V4,
    Tun, Via, WAN_LINK, tcp_transfer,
};
use nix::time::{ClockId, clock_gettime};
use serde::Serialize;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::{Duration, Instant};

const SOON: Duration = Duration::from_secs(5);
const TRANSFER_WITHIN: Duration = Duration::from_secs(60);

/// What stands between the TUN and the Internet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "filter")]
pub(crate) enum Filter {
    None,
    Tc { prefixes: usize },
    Xdp { prefixes: usize },
    Nftables { prefixes: usize },
}

impl Filter {
    pub(crate) fn all(policies: &Policies) -> Vec<Self> {
        let mut all = vec![Self::None];
        for policy in policies.both() {
            let prefixes = policy.listed;
            all.extend([
                Self::Tc { prefixes },
                Self::Xdp { prefixes },
                Self::Nftables { prefixes },
            ]);
        }
        all
    }

    /// For people.
    pub(crate) fn name(self) -> String {
        let (name, prefixes) = match self {
            Self::None => return "no filter".to_owned(),
            Self::Tc { prefixes } => ("exitguard TC", prefixes),
            Self::Xdp { prefixes } => ("exitguard XDP", prefixes),
            Self::Nftables { prefixes } => ("nftables", prefixes),
        };
        format!("{name}, {}", crate::report::prefixes(prefixes))
    }
}

/// A lab in which packets are put into the exit node's TUN by hand.
pub(crate) struct Site {
    filter: Filter,
    lab: Lab,
    guard: Option<(Guard, EventSource)>,
    sent: u64,
    forwarded_before: u64,
}

impl Site {
    /// Builds one; or says why there can be none.
    pub(crate) fn build(
        filter: Filter,
        options: &LabOptions,
        policies: &Policies,
        nft: &Result<Nftables, String>,
    ) -> Result<Result<Self, String>> {
        let lab = Lab::build(options)?;
        let policy = |prefixes| {
            if prefixes == 0 {
                &policies.without
            } else {
                &policies.with
            }
        };
        let guard = match filter {
            Filter::None => None,
            Filter::Tc { prefixes } => Some(guard(&lab, Attach::Tc, policy(prefixes))?),
            Filter::Xdp { prefixes } => Some(guard(&lab, Attach::Xdp, policy(prefixes))?),
            Filter::Nftables { prefixes } => {
                let nft = match nft {
                    Ok(nft) => nft,
                    Err(why) => return Ok(Err(why.clone())),
                };
                let listed = policies.prefixes.get(..prefixes).unwrap_or_default();
                if let Err(why) = nft.load(lab.exit(), listed)? {
                    return Ok(Err(why));
                }
                None
            }
        };
        Ok(Ok(Self {
            filter,
            lab,
            guard,
            sent: 0,
            forwarded_before: 0,
        }))
    }

    pub(crate) const fn filter(&self) -> &Filter {
        &self.filter
    }

    /// Has each flow seen in both directions, as connection tracking wants it; then plugs the Internet's
    /// ears.
    pub(crate) fn establish(
        &mut self,
        packets: impl Iterator<Item = Result<Vec<u8>>>,
    ) -> Result<()> {
        const FAR: &str = "far0";
        // A packet of the middle of a connection that was never opened is one nevertheless.
        self.lab
            .exit()
            .sysctls(&[("net.netfilter.nf_conntrack_tcp_be_liberal", "1")])?;
        let far = Tun::open(self.lab.internet(), FAR, false)?;
        let links = Links::of(self.lab.internet())?;
        links.set_up(FAR)?;
        for everywhere in [
            IpAddr::from(Ipv4Addr::UNSPECIFIED),
            Ipv6Addr::UNSPECIFIED.into(),
        ] {
            links.add_route(FAR, ipnet::IpNet::new(everywhere, 0)?, Via::Link)?;
        }
        let near = self.lab.exit_tun()?;
        for packet in packets {
            let packet = packet?;
            near.send(&frame(&packet))?;
            let arrived = payload_of(&packet, &far, 0).context("a flow did not get through")?;
            far.send(&answer(&arrived).context("no IP packet")?)?;
            payload_of(&packet, near, FRAME_HEADER_BYTES).context("no answer came back")?;
            if let Some((_, events)) = &mut self.guard {
                while events.next_event().is_some() {}
            }
        }
        // Not a router any more, the Internet drops without a word; for IPv6, if it knows a way on.
        drop(far);
        links.add_route(
            "wan1",
            ipnet::IpNet::new(Ipv6Addr::UNSPECIFIED.into(), 0)?,
            Via::Link,
        )?;
        self.lab.internet().sysctls(&[
            ("net.ipv4.ip_forward", "0"),
            ("net.ipv6.conf.all.forwarding", "0"),
        ])?;
        self.forwarded_before = self.forwarded()?;
        Ok(())
    }

    /// Nanoseconds a packet of a batch.
    pub(crate) fn forward(&mut self, batch: &Batch) -> Result<f64> {
        let tun = self.lab.exit_tun()?;
        for frame in &batch.warm_up {
            tun.send(frame)?;
        }
        let start = cpu_time()?;
        for frame in &batch.frames {
            tun.send(frame)?;
        }
        let taken = cpu_time()? - start;
        self.sent += (batch.warm_up.len() + batch.frames.len()) as u64;
        if let Some((_, events)) = &mut self.guard {
            while events.next_event().is_some() {}
        }
        Ok(taken.as_nanos() as f64 / batch.frames.len() as f64)
    }

    /// Gigabits a second, each way, of a transfer through the relay.
    pub(crate) fn transfer(&mut self, bytes: u64) -> Result<f64> {
        let server = EchoServer::tcp(self.lab.internet(), SocketAddr::new(SERVER_V4, 443))?;
        let transfer = tcp_transfer(
            self.lab.client(),
            CLIENT_V4,
            server.address(),
            bytes,
            TRANSFER_WITHIN,
        )?;
        if let Some((_, events)) = &mut self.guard {
            while events.next_event().is_some() {}
        }
        Ok(transfer.bytes_each_way as f64 * 8.0 / transfer.elapsed.as_secs_f64() / 1e9)
    }

    /// A time is one only of packets that got through: with the last write, all of them have.
    pub(crate) fn check(&mut self) -> Result<()> {
        let forwarded = self.forwarded()? - self.forwarded_before;
        let name = self.filter.name();
        ensure!(
            forwarded >= self.sent,
            "{name}: of {} packets {forwarded} were forwarded",
            self.sent
        );
        if let Some((guard, _)) = &mut self.guard {
            let lost = guard.loaded().stats()?.events_lost;
            ensure!(lost == 0, "{name}: {lost} events were lost");
        }
        Ok(())
    }

    /// Packets that left for the Internet.
    fn forwarded(&self) -> Result<u64> {
        const TX_PACKETS: usize = 9;
        self.lab.exit().enter(|| -> Result<u64> {
            let table = std::fs::read_to_string("/proc/thread-self/net/dev")?;
            let line = table
                .lines()
                .find_map(|line| line.trim().strip_prefix(WAN_LINK)?.strip_prefix(':'));
            let field = line.and_then(|line| line.split_whitespace().nth(TX_PACKETS));
            Ok(field.context("wan0 has no counters")?.parse()?)
        })?
    }
}

fn guard(lab: &Lab, attach: Attach, policy: &Policy) -> Result<(Guard, EventSource)> {
    let setup = loading::setup(lab, attach, policy.config.flow_table)?;
    Ok(lab
        .exit()
        .enter(|| Guard::start(setup, &policy.compiled))??)
}

/// What this thread has taken of a CPU, the kernel's work for it included; others that run in between do
/// not count.
fn cpu_time() -> Result<Duration> {
    Ok(clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID)?.into())
}

/// The packet that carries the payload of `sent`; the kernel says things of its own in between.
fn payload_of(sent: &[u8], tun: &Tun, header: usize) -> Result<Vec<u8>> {
    let mut buffer = vec![0; MAX_FRAME_BYTES];
    let deadline = Instant::now() + SOON;
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let length = tun.recv_within(&mut buffer, left)?;
        let packet = buffer.get(header..length).unwrap_or_default();
        if packet.len() == sent.len() && packet.first() == sent.first() {
            return Ok(packet.to_vec());
        }
    }
}
