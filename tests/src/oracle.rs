//! What the host says about a frame: the parser, the tables and the decision that `explain` asks, and the order in
//! which a kernel program asks them.

use exitguard::datapath::Hook;
use exitguard::policy::Compiled;
use exitguard_common::abi::{
    AddressClass, Counters, Decision, Direction, FlowKey, LinkLayer, Origin, Reason, Verdict,
};
use exitguard_common::flow;
use exitguard_common::packet::{self, Frame, Packet, Transport};
use exitguard_common::policy::{self, Facts, Tables};
use exitguard_common::reply;

use crate::expect::{Expected, MALFORMED, Reply, Way, direction};

/// What should become of a frame of a flow, and of a fragmented packet, of which none was seen before.
pub fn ask(policy: &Compiled, link: LinkLayer, hook: Hook, frame: &[u8]) -> Expected {
    let mut packet = Packet::EMPTY;
    match packet::parse(&frame, link, &mut packet) {
        Ok(Frame::Ip) => readable(policy, link, hook, &packet),
        Ok(Frame::Arp) => nothing_read(frame, Way::Ignored, MALFORMED),
        Err(error) => {
            let decision = policy::in_mode(&policy.settings, MALFORMED);
            nothing_read(frame, Way::Malformed(error), decision)
        }
    }
}

fn nothing_read(frame: &[u8], way: Way, decision: Decision) -> Expected {
    let bytes = frame.len() as u64;
    Expected {
        way,
        decision,
        key: FlowKey::NONE,
        wire: Counters { pkts: 1, bytes },
        packet_bytes: bytes as u32,
        tcp_flags: 0,
        reply: Reply::None,
    }
}

fn readable(policy: &Compiled, link: LinkLayer, hook: Hook, packet: &Packet) -> Expected {
    let inbound = direction(hook) == Direction::Inbound;
    let key = flow::key(packet, direction(hook));
    let transport = packet.transport();
    let exempt = policy::is_exempt(&key, transport, direction(hook));
    let alone = exempt || transport == Transport::LaterFragment;
    let origin = match class_of(policy, &key) {
        Some(remote) if !alone => flow::origin(packet, direction(hook), remote),
        _ => Origin::Client,
    };
    let facts = Facts {
        origin,
        runtime: policy.runtime(&key.client, &key.remote),
        ..Facts::new(&key, transport, exempt)
    };
    let classes = (policy.class_of(&key.client), policy.class_of(&key.remote));
    let mut decision = match classes {
        (Some(client), Some(remote)) => policy::decide(policy, client, remote, &facts),
        _ => policy::in_mode(&policy.settings(), policy::INTERNAL),
    };
    if alone && inbound && !decision.passes() {
        // Its first fragment was judged, and nothing comes of it without that one.
        decision = Decision::allow(Reason::Fragment, decision.rule);
    }
    let way = if alone { Way::Alone } else { Way::Flow(origin) };
    Expected {
        way,
        decision,
        key,
        wire: packet.wire(0),
        packet_bytes: packet.ip_bytes,
        tcp_flags: packet.tcp_flags,
        reply: if alone || inbound {
            Reply::None
        } else {
            answer(decision, link, hook, packet)
        },
    }
}

fn answer(decision: Decision, link: LinkLayer, hook: Hook, packet: &Packet) -> Reply {
    if decision.verdict != Verdict::Deny || !decision.reject {
        return Reply::None;
    }
    let possible = reply::kind(packet).is_some() && link == LinkLayer::RawIp;
    match (possible, hook) {
        (false, _) => Reply::Withheld,
        // XDP has no way to answer, and nothing to count: the configuration refuses `reject` there.
        (true, Hook::XdpOutbound) => Reply::None,
        (true, _) => Reply::Sent,
    }
}

fn class_of<'a>(policy: &'a Compiled, key: &FlowKey) -> Option<&'a AddressClass> {
    policy.class(policy.class_of(&key.remote)?)
}
