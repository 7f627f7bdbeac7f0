//! What holds for every packet, sound, damaged or none at all.

mod peer;
mod recipe;

use super::build::{ethernet, ethertype};
use super::read_frame;
use crate::abi::LinkLayer::{self, Ethernet, RawIp};
use crate::packet::{Fragment, Frame, Header, Packet, PacketSource, ParseError, Transport, parse};
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use recipe::recipe;
use std::cell::Cell;

/// A frame that watches how it is read.
struct Watched<'a> {
    frame: &'a [u8],
    reads: Cell<u32>,
}

impl PacketSource for Watched<'_> {
    fn frame_bytes(&self) -> u32 {
        self.frame.frame_bytes()
    }

    fn read<const N: usize>(&self, offset: u32) -> Option<Header<N>> {
        self.reads.set(self.reads.get() + 1);
        self.frame.read(offset)
    }
}

/// Three ethertypes, the fixed header, IPv4's options at two reads each or IPv6's header and chain, and the
/// transport header.
const MOST_READS: u32 = 3 + 1 + 2 * 40 + 1;

/// Parses any bytes, and checks what holds whatever they are.
fn check(bytes: &[u8], link: LinkLayer) -> Result<(), TestCaseError> {
    let watched = Watched {
        frame: bytes,
        reads: Cell::new(0),
    };
    let mut packet = Packet::EMPTY;
    let answer = parse(&watched, link, &mut packet);
    prop_assert!(
        watched.reads.get() <= MOST_READS,
        "{} reads",
        watched.reads.get()
    );
    if answer != Ok(Frame::Ip) {
        return Ok(());
    }
    prop_assert_eq!(
        read_frame(bytes, link),
        Ok(Some(packet)),
        "depends on what was there before"
    );
    prop_assert!(packet.ip_header_bytes + packet.transport_header_bytes <= packet.ip_bytes);
    let end = (packet.ip_offset + packet.ip_bytes) as usize;
    prop_assert!(end <= bytes.len());
    // Not a byte beyond the IP packet has a say in it.
    prop_assert_eq!(read_frame(&bytes[..end], link), Ok(Some(packet)));
    let inverted: Vec<u8> = bytes[end..].iter().map(|byte| !byte).collect();
    let padded_otherwise = [&bytes[..end], &inverted].concat();
    prop_assert_eq!(read_frame(&padded_otherwise, link), Ok(Some(packet)));
    Ok(())
}

/// Up to four overwritten bytes, most of them in the headers.
fn damage() -> impl Strategy<Value = Vec<(Index, u8)>> {
    prop::collection::vec((any::<Index>(), any::<u8>()), 0..=4)
}

fn damaged(mut frame: Vec<u8>, damage: Vec<(Index, u8)>) -> Vec<u8> {
    let headers = frame.len().min(120);
    for (place, byte) in damage {
        frame[place.index(headers)] = byte;
    }
    frame
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn any_bytes_are_a_packet_or_an_error(
        bytes in prop::collection::vec(any::<u8>(), 0..2000),
        first in prop::sample::select(vec![0x45u8, 0x46, 0x4f, 0x60, 0xff]),
    ) {
        check(&bytes, RawIp)?;
        check(&bytes, Ethernet)?;
        // Few random bytes look like an IP header of a sound length; these do more often.
        let mut likely = bytes;
        let whole = u16::try_from(likely.len()).unwrap();
        if let [start, _, high, low, v6_high, v6_low, ..] = &mut likely[..] {
            *start = first;
            [*high, *low] = whole.to_be_bytes();
            [*v6_high, *v6_low] = whole.saturating_sub(40).to_be_bytes();
        }
        check(&likely, RawIp)?;
        check(&ethernet(ethertype(&likely), &[0x8100], &likely), Ethernet)?;
    }

    #[test]
    fn a_damaged_packet_is_another_packet_or_an_error(
        recipe in recipe(),
        damage in damage(),
        padding in prop::collection::vec(any::<u8>(), 0..30),
    ) {
        let frame = [damaged(recipe.frame(), damage), padding].concat();
        check(&frame, recipe.link())?;
        peer::compare(&frame, recipe.link())?;
    }

    #[test]
    fn reads_back_whatever_etherparse_builds(recipe in recipe()) {
        let answer = read_frame(&recipe.frame(), recipe.link());
        prop_assert_eq!(answer, recipe.expected().map(Some));
    }

    #[test]
    fn sees_in_sound_packets_what_etherparse_sees(recipe in recipe()) {
        let frame = recipe.frame();
        let agreed = peer::compare(&frame, recipe.link())?;
        // Sound packets are never out of the comparison's reach: it compares what it says it does.
        prop_assert_eq!(agreed, recipe.expected().is_ok());
    }
}

proptest! {
    // Every length of every packet: fewer packets will do.
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn a_packet_cut_anywhere_is_refused(recipe in recipe()) {
        let frame = recipe.frame();
        for bytes in 0..frame.len() {
            let answer = read_frame(&frame[..bytes], recipe.link());
            prop_assert!(answer.is_err(), "cut at {}: {:?}", bytes, answer);
        }
    }
}

#[test]
fn packets_of_every_kind_are_tried() {
    // What is never generated is never found wrong.
    let mut runner = TestRunner::deterministic();
    let packets: Vec<_> = (0..2000)
        .map(|_| recipe().new_tree(&mut runner).unwrap().current())
        .map(|recipe| recipe.expected())
        .collect();
    let count =
        |is_so: &dyn Fn(&Packet) -> bool| packets.iter().flatten().filter(|p| is_so(p)).count();
    for transport in [
        Transport::LaterFragment,
        Transport::Tcp,
        Transport::Udp,
        Transport::Echo,
        Transport::Other,
    ] {
        let tried = count(&|packet| packet.transport() == transport);
        assert!(tried > 50, "{transport:?}: {tried}");
    }
    assert!(count(&|packet| packet.fragment() == Fragment::First) > 50);
    assert!(count(&|packet| packet.source.as_v4().is_none()) > 500);
    assert!(count(&|packet| packet.ip_offset == 22) > 100);
    assert!(packets.contains(&Err(ParseError::TinyFragment)));
}
