//! What the client sends.

use crate::arguments::Effort;
use crate::packets::{SMALL, Way, frame, super_frame};
use crate::policies::Policies;
use crate::programs::{Family, Remotes};
use anyhow::Result;
use serde::Serialize;

const PORT: u16 = 443;
const CLIENT_PORT: u16 = 40_000;
/// Payload of a UDP packet that fills the TUN's MTU of 1280 bytes, and of a segment of TCP that does.
const FULL: usize = 1_252;
const SEGMENT: u16 = 1_240;
/// Payload of a super-packet: as many whole segments as an IPv4 packet holds.
const SUPER: usize = 52 * SEGMENT as usize;

/// Packets in a batch: less than a millisecond, so that most batches run undisturbed.
const SMALL_BATCH: usize = 128;
const NEW_BATCH: usize = 32;
const SUPER_BATCH: usize = 24;
/// Sent before the clock starts, so that a variant meets its own code and data in the caches, as it would
/// without the other variants beside it.
const WARM_UP: usize = 16;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Kind {
    OneFlowV4,
    OneFlowV6,
    FullSize,
    ManyFlows,
    SuperPackets,
    NewFlows,
}

impl Kind {
    /// In the order of [`Traffic::round`].
    pub(crate) const ALL: [Self; 6] = [
        Self::OneFlowV4,
        Self::OneFlowV6,
        Self::FullSize,
        Self::ManyFlows,
        Self::SuperPackets,
        Self::NewFlows,
    ];

    /// For people.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::OneFlowV4 => "one flow, IPv4 UDP, 128 bytes",
            Self::OneFlowV6 => "one flow, IPv6 UDP, 148 bytes",
            Self::FullSize => "one flow, IPv4 UDP, 1,280 bytes",
            Self::ManyFlows => "many flows in turn, IPv4 UDP, 128 bytes",
            Self::SuperPackets => "one flow, IPv4 TCP, 64 KB super-packets",
            Self::NewFlows => "new flows to any server, IPv4 UDP, 128 bytes",
        }
    }

    pub(crate) const fn is_established(self) -> bool {
        !matches!(self, Self::NewFlows)
    }
}

/// Frames of one kind to be sent in one go, and what is sent before the clock starts.
pub(crate) struct Batch {
    pub(crate) warm_up: Vec<Vec<u8>>,
    pub(crate) frames: Vec<Vec<u8>>,
}

pub(super) struct Traffic<'a> {
    remotes: Remotes<'a>,
    one_v4: Way,
    one_v6: Way,
    full: Way,
    tcp: Way,
    many: Vec<Way>,
}

impl<'a> Traffic<'a> {
    pub(super) fn new(policies: &'a Policies, effort: &Effort) -> Result<Self> {
        let mut remotes = Remotes::new(policies, &policies.with);
        let mut way = |family, client_port| Way {
            client_port,
            remote: remotes.unlisted(family),
            remote_port: PORT,
        };
        let one_v4 = way(Family::V4, CLIENT_PORT);
        let one_v6 = way(Family::V6, CLIENT_PORT);
        let full = way(Family::V4, CLIENT_PORT);
        let tcp = way(Family::V4, CLIENT_PORT);
        let many = (CLIENT_PORT..)
            .take(effort.flows)
            .map(|port| way(Family::V4, port))
            .collect();
        Ok(Self {
            remotes,
            one_v4,
            one_v6,
            full,
            tcp,
            many,
        })
    }

    /// Packets that begin the established flows.
    pub(super) fn established(&self) -> impl Iterator<Item = Result<Vec<u8>>> {
        let udp = [&self.one_v4, &self.one_v6, &self.full]
            .into_iter()
            .chain(&self.many)
            .map(|way| way.udp(SMALL));
        udp.chain([self.tcp.tcp(false, SMALL)])
    }

    /// The batches of a round, in the order of [`Kind::ALL`].
    pub(super) fn round(&mut self, round: usize) -> Result<[Batch; 6]> {
        let many = self.many.iter().cycle();
        let many = many.skip(round * (SMALL_BATCH + WARM_UP) % self.many.len().max(1));
        let many: Vec<_> = many
            .take(SMALL_BATCH + WARM_UP)
            .map(|way| Ok(frame(&way.udp(SMALL)?)))
            .collect::<Result<_>>()?;
        let mut many_warm_up = many;
        let many = many_warm_up.split_off(WARM_UP.min(many_warm_up.len()));

        let mut new = |count| {
            (0..count)
                .map(|_| {
                    let way = Way {
                        client_port: CLIENT_PORT,
                        remote: self.remotes.unlisted(Family::V4),
                        remote_port: PORT,
                    };
                    Ok(frame(&way.udp(SMALL)?))
                })
                .collect::<Result<Vec<_>>>()
        };
        let new_flows = Batch {
            warm_up: new(WARM_UP / 2)?,
            frames: new(NEW_BATCH)?,
        };
        Ok([
            same(frame(&self.one_v4.udp(SMALL)?), SMALL_BATCH),
            same(frame(&self.one_v6.udp(SMALL)?), SMALL_BATCH),
            same(frame(&self.full.udp(FULL)?), SMALL_BATCH),
            Batch {
                warm_up: many_warm_up,
                frames: many,
            },
            same(
                super_frame(&self.tcp.tcp(false, SUPER)?, SEGMENT),
                SUPER_BATCH,
            ),
            new_flows,
        ])
    }
}

fn same(frame: Vec<u8>, count: usize) -> Batch {
    Batch {
        warm_up: vec![frame.clone(); WARM_UP],
        frames: vec![frame; count],
    }
}
