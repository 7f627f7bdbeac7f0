//! A packet's way: parse → flow → decide → count → emit → outcome.
//!
//! [`judge`] is all that happens to a packet of a flow that is known and allowed. Everything else that can
//! happen is in functions of their own: the kernel gives a chain of calls 512 bytes of stack in all, and what
//! one of them needs is free again when the next one runs.

use exitguard_common::abi::{
    Addr, Cached, Counters, Decision, Direction, EventKind, FlowKey, FlowState, Origin, Reason,
    RuleId, V6Bits, Verdict,
};
use exitguard_common::flow;
use exitguard_common::packet::{self, Fragment, Frame, Packet, PacketSource, Transport, tcp_flags};
use exitguard_common::policy::{self, Facts};

use crate::emit::{self, Occasion};
use crate::flows::{self, Entry};
use crate::maps::FRAGMENTS;
use crate::opaque::{hide, opaque};
use crate::outcome::Outcome;
use crate::{clock, hits, reject, runtime, settings, stats, tables};

/// A packet on its way, with what every step needs to know of it. The direction is a constant: each
/// program has a copy of this code, in which it costs nothing.
struct Passage<'a, const INBOUND: bool> {
    packet: &'a Packet,
    key: &'a FlowKey,
    transport: Transport,
    wire: Counters,
}

/// Judges a frame.
#[inline(never)]
pub(crate) fn judge<const INBOUND: bool, S: PacketSource + Copy>(
    frame: S,
    gso_size: u32,
) -> Outcome {
    let mut packet = blank();
    match packet::parse(&frame, settings::link_layer(), &mut packet) {
        Ok(Frame::Ip) => {}
        Ok(Frame::Arp) => return Outcome::PASS,
        Err(error) => return malformed::<INBOUND>(error as u32, frame.frame_bytes()),
    }
    let mut key = flow::key(&packet, direction::<INBOUND>());
    // The ports of what has none are constants: see `PacketSource::forget`.
    key.client_port = opaque(u64::from(key.client_port)) as u16;
    key.remote_port = opaque(u64::from(key.remote_port)) as u16;
    let exempt = policy::is_exempt(&key, packet.transport(), direction::<INBOUND>());
    if !exempt
        && packet.fragment() == Fragment::Whole
        && let Some(entry) = flows::find(&key)
        && entry.allows(runtime::generation())
    {
        let wire = packet.wire(gso_size);
        entry.count(direction::<INBOUND>(), wire);
        stats::count_allowed(direction::<INBOUND>(), wire);
        if packet.transport() == Transport::Tcp
            && entry.note_tcp_flags(direction::<INBOUND>(), packet.tcp_flags)
        {
            closed::<INBOUND>(&packet, &key, &entry);
        }
        return Outcome::PASS;
    }
    let transport = match packet.fragment() {
        Fragment::Whole => packet.transport(),
        Fragment::First | Fragment::Later => join_fragments(&packet, &mut key),
    };
    consider::<INBOUND>(&packet, &key, gso_size, Known { transport, exempt })
}

/// A packet of which nothing was read. Written field by field: of a constant, the optimiser makes a call to a
/// function that clears byte by byte.
#[inline(always)]
fn blank() -> Packet {
    let zero = hide(0) as u64;
    Packet {
        source: Addr::from_bits(V6Bits {
            high: zero,
            low: zero,
        }),
        destination: Addr::from_bits(V6Bits {
            high: zero,
            low: zero,
        }),
        ip_offset: zero as u32,
        ip_bytes: zero as u32,
        ip_header_bytes: zero as u32,
        transport_header_bytes: zero as u32,
        fragment_id: zero as u32,
        source_port: zero as u16,
        destination_port: zero as u16,
        echo_id: zero as u16,
        fragment_field: zero as u16,
        protocol: zero as u8,
        tcp_flags: zero as u8,
        icmp_type: zero as u8,
        icmp_code: zero as u8,
        transport_number: zero as u8,
    }
}

/// TCP has ended with this packet.
#[inline(never)]
fn closed<const INBOUND: bool>(packet: &Packet, key: &FlowKey, entry: &Entry) -> u32 {
    emit_about::<INBOUND>(
        clock::now_ns(),
        packet,
        key,
        EventKind::Close,
        entry.state(),
    )
}

/// What was found out about a packet that its headers alone do not tell.
struct Known {
    /// Of a later fragment, that of its first.
    transport: Transport,
    exempt: bool,
}

/// Judges a packet that is not of a known and allowed flow.
#[inline(never)]
fn consider<const INBOUND: bool>(
    packet: &Packet,
    key: &FlowKey,
    gso_size: u32,
    Known { transport, exempt }: Known,
) -> Outcome {
    let passage = Passage::<'_, INBOUND> {
        packet,
        key,
        transport,
        wire: packet.wire(gso_size),
    };
    if exempt || passage.transport == Transport::LaterFragment {
        return passage.judge_alone(exempt);
    }
    match flows::find(passage.key) {
        Some(entry) if !entry.is_reopened_by(packet) => passage.judge_known(&entry),
        _ => passage.judge_new(),
    }
}

/// Judges what could not be parsed.
#[inline(never)]
fn malformed<const INBOUND: bool>(error: u32, frame_bytes: u32) -> Outcome {
    let direction = direction::<INBOUND>();
    stats::count_malformed(error);
    let verdict = if settings::observe() {
        Verdict::WouldDeny
    } else {
        Verdict::Deny
    };
    let decision = Decision {
        verdict,
        ..Decision::drop(Reason::Malformed, RuleId::EGRESS)
    };
    stats::count(
        decision,
        direction,
        Counters {
            pkts: 1,
            bytes: frame_bytes as u64,
        },
    );
    let cached = Cached::new(runtime::generation(), decision);
    let state = flow::first_seen(cached, Origin::Client, 0);
    let occasion = Occasion::new(
        EventKind::DenyPacket,
        direction,
        frame_bytes,
        0,
        error as u8,
    );
    emit::send(clock::now_ns(), &FlowKey::NONE, &state, occasion);
    Outcome::pass_if(decision.passes())
}

/// Fragments after the first carry no ports: they take them from the first, and with them its verdict.
/// Returns what the fragment counts as.
#[inline(never)]
fn join_fragments(packet: &Packet, key: &mut FlowKey) -> Transport {
    let Some(fragment) = flow::fragment_key(packet) else {
        return packet.transport();
    };
    if packet.fragment() == Fragment::First {
        // When this fails, the later fragments are judged as fragments of nothing known.
        let _ = FRAGMENTS.insert(&fragment, flow::fragment_ports(key), 0);
        return packet.transport();
    }
    let Some(ports) = FRAGMENTS.get_ptr(&fragment) else {
        return packet.transport();
    };
    // SAFETY: map values stay valid until the program ends; eight bytes that are written once.
    let ports = unsafe { *ports };
    *key = flow::with_ports(key, &ports);
    flow::fragment_transport(&ports)
}

const fn direction<const INBOUND: bool>() -> Direction {
    if INBOUND {
        Direction::Inbound
    } else {
        Direction::Outbound
    }
}

impl<const INBOUND: bool> Passage<'_, INBOUND> {
    const DIRECTION: Direction = direction::<INBOUND>();

    /// A packet that belongs to no flow: exempt, or a fragment of nothing known.
    #[inline(always)]
    fn judge_alone(&self, exempt: bool) -> Outcome {
        let mut cached = tables::decide(self.key, &Facts::new(self.key, self.transport, exempt));
        let mut decision = cached.decision();
        if !decision.passes() && INBOUND {
            // Without its first fragment, which was judged, nothing comes of it.
            decision = Decision::allow(Reason::Fragment, decision.rule);
            cached = Cached::new(runtime::generation(), decision);
        }
        stats::count(decision, Self::DIRECTION, self.wire);
        if decision.verdict != Verdict::Allow {
            hits::count(cached, self.key.remote);
            let state = flow::first_seen(cached, Origin::Client, 0);
            self.emit(EventKind::DenyPacket, &state);
        }
        Outcome::pass_if(decision.passes())
    }

    #[inline(always)]
    fn judge_known(&self, entry: &Entry) -> Outcome {
        let before = entry.cached();
        let mut cached = before;
        if !before.is_fresh(runtime::generation()) {
            cached = self.decide(entry.origin(), before.passes());
            entry.set_cached(cached);
            if before.decision().reason != Reason::Blocklist {
                hits::count(cached, self.key.remote);
            }
        }
        if !cached.passes() {
            // A reset from the far side only ends what is denied already; and our own replies to denied
            // packets come by here on their way out.
            if INBOUND && self.packet.tcp_flags & tcp_flags::RST != 0 {
                stats::count(
                    Decision::allow(Reason::Reply, RuleId::EGRESS),
                    Self::DIRECTION,
                    self.wire,
                );
                return Outcome::PASS;
            }
            entry.count_denied(self.wire.pkts);
            stats::count(cached.decision(), Self::DIRECTION, self.wire);
            if before.passes() {
                self.emit(EventKind::Deny, entry.state());
            }
            return self.refuse(cached.decision());
        }
        entry.count(Self::DIRECTION, self.wire);
        stats::count(cached.decision(), Self::DIRECTION, self.wire);
        let ended = self.packet.transport() == Transport::Tcp
            && entry.note_tcp_flags(Self::DIRECTION, self.packet.tcp_flags);
        if !before.passes() {
            self.emit(EventKind::Start, entry.state());
        }
        if ended {
            self.emit(EventKind::Close, entry.state());
        }
        Outcome::PASS
    }

    #[inline(always)]
    fn judge_new(&self) -> Outcome {
        let origin = match Self::DIRECTION {
            Direction::Outbound => Origin::Client,
            Direction::Inbound => tables::class_of(&self.key.remote)
                .map_or(Origin::Client, |remote| {
                    flow::origin(self.packet, Self::DIRECTION, remote)
                }),
        };
        let cached = self.decide(origin, false);
        let now_ns = clock::now_ns();
        let mut state = flow::first_seen(cached, origin, now_ns);
        if cached.passes() {
            flow::count_first(
                &mut state,
                Self::DIRECTION,
                self.wire,
                self.packet.tcp_flags,
            );
        } else {
            state.denied_pkts = self.wire.pkts;
        }
        flows::enter(self.key, &state);
        hits::count(cached, self.key.remote);
        stats::count(cached.decision(), Self::DIRECTION, self.wire);
        if cached.passes() {
            self.emit_at(now_ns, EventKind::Start, &state);
            Outcome::PASS
        } else {
            self.emit_at(now_ns, EventKind::Deny, &state);
            self.refuse(cached.decision())
        }
    }

    /// The sender is told only about what it sent itself.
    #[inline(always)]
    fn refuse(&self, decision: Decision) -> Outcome {
        if decision.reject && !INBOUND {
            reject::consider(self.packet)
        } else {
            Outcome::DROP
        }
    }

    #[inline(always)]
    fn decide(&self, origin: Origin, established: bool) -> Cached {
        let facts = Facts {
            origin,
            established,
            ..Facts::new(self.key, self.transport, false)
        };
        tables::decide(self.key, &facts)
    }

    #[inline(always)]
    fn emit(&self, kind: EventKind, state: &FlowState) {
        self.emit_at(clock::now_ns(), kind, state);
    }

    #[inline(always)]
    fn emit_at(&self, now_ns: u64, kind: EventKind, state: &FlowState) {
        emit_about::<INBOUND>(now_ns, self.packet, self.key, kind, state);
    }
}

/// Returns a number only because the verifier refuses a function that leaves a stack address in R0, as one
/// that returns nothing may.
#[inline(always)]
fn emit_about<const INBOUND: bool>(
    now_ns: u64,
    packet: &Packet,
    key: &FlowKey,
    kind: EventKind,
    state: &FlowState,
) -> u32 {
    let occasion = Occasion::new(
        kind,
        direction::<INBOUND>(),
        packet.ip_bytes,
        packet.tcp_flags,
        0,
    );
    emit::send(now_ns, key, state, occasion);
    0
}
