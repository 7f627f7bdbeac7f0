//! Who opened a flow.

use super::{ENDS, back, echo, packet, tcp, with_ports};
use crate::abi::{AddressClass, ClassFlags, Direction, Origin};
use crate::flow::origin;
use crate::packet::{Transport, protocol, tcp_flags};

fn remote(flags: ClassFlags) -> AddressClass {
    AddressClass {
        flags,
        ..AddressClass::PLAIN
    }
}

const FAR: [ClassFlags; 2] = [ClassFlags(0), ClassFlags::ALLOW];
const NEAR: [ClassFlags; 4] = [
    ClassFlags::HOST,
    ClassFlags::TAILNET,
    ClassFlags::LAN,
    ClassFlags::LAN.with(ClassFlags::ALLOW),
];

#[test]
fn what_the_client_sends_is_a_flow_of_the_client() {
    for ends in ENDS {
        for flags in FAR.into_iter().chain(NEAR) {
            for packet in [
                tcp(ends, tcp_flags::SYN),
                tcp(ends, tcp_flags::SYN | tcp_flags::ACK),
                with_ports(ends, Transport::Udp, protocol::UDP),
                echo(ends, true, 7),
                echo(ends, false, 7),
                packet(ends, Transport::LaterFragment, protocol::UDP),
            ] {
                let opener = origin(&packet, Direction::Outbound, &remote(flags));
                assert_eq!(opener, Origin::Client, "{packet:?}");
            }
        }
    }
}

#[test]
fn the_far_side_opens_tcp_with_a_syn_and_with_nothing_else() {
    const SYN: u8 = tcp_flags::SYN;
    const ACK: u8 = tcp_flags::ACK;
    for ends in ENDS {
        // How near it is makes no difference: TCP shows who opened it.
        for flags in FAR.into_iter().chain(NEAR) {
            for (tcp_flags, expected) in [
                (SYN, Origin::Remote),
                (SYN | 0xc0, Origin::Remote),
                (SYN | tcp_flags::FIN, Origin::Remote),
                (SYN | ACK, Origin::Client),
                (SYN | ACK | 0x40, Origin::Client),
                (ACK, Origin::Client),
                (ACK | tcp_flags::PSH, Origin::Client),
                (ACK | tcp_flags::FIN, Origin::Client),
                (tcp_flags::RST, Origin::Client),
                (0, Origin::Client),
            ] {
                let inbound = back(&tcp(ends, tcp_flags));
                let opener = origin(&inbound, Direction::Inbound, &remote(flags));
                assert_eq!(opener, expected, "{tcp_flags:02x}");
            }
        }
    }
}

#[test]
fn without_tcp_only_the_near_side_is_believed_to_have_opened_a_flow() {
    for ends in ENDS {
        for (transport, number) in [
            (Transport::Udp, protocol::UDP),
            (Transport::Sctp, protocol::SCTP),
            (Transport::IcmpOther, protocol::ICMP),
            (Transport::Other, 47),
            (Transport::LaterFragment, protocol::UDP),
        ] {
            let inbound = back(&with_ports(ends, transport, number));
            for flags in FAR {
                let opener = origin(&inbound, Direction::Inbound, &remote(flags));
                assert_eq!(opener, Origin::Client, "{transport:?} from {flags:?}");
            }
            for flags in NEAR {
                let opener = origin(&inbound, Direction::Inbound, &remote(flags));
                assert_eq!(opener, Origin::Remote, "{transport:?} from {flags:?}");
            }
        }
    }
}

#[test]
fn an_echo_request_from_the_near_side_opens_and_a_reply_never_does() {
    for ends in ENDS {
        let request = back(&echo(ends, true, 7));
        let reply = back(&echo(ends, false, 7));
        let opener = |packet, flags| origin(packet, Direction::Inbound, &remote(flags));
        for flags in NEAR {
            assert_eq!(opener(&request, flags), Origin::Remote, "{flags:?}");
            assert_eq!(opener(&reply, flags), Origin::Client, "{flags:?}");
        }
        for flags in FAR {
            assert_eq!(opener(&request, flags), Origin::Client, "{flags:?}");
            assert_eq!(opener(&reply, flags), Origin::Client, "{flags:?}");
        }
    }
}
