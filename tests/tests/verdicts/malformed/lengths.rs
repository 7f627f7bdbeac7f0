//! Frames of every length.

use exitguard_common::abi::LinkLayer;
use exitguard_common::packet::ParseError;
use exitguard_tests::frame::Frame;
use exitguard_tests::judge::MIN_FRAME;

use super::check_malformed;
use crate::places::Places;
use crate::world::{Setting, each_judge, in_namespace};

const ETHERNET: usize = 14;
const TAG: usize = 4;

/// Ethernet frames have a tag: of an untagged one, the kernel wants to see the whole IP header before it takes it here.
#[test]
#[ignore = "needs root"]
fn a_frame_cut_anywhere_is_malformed() {
    each_judge(Setting::all(), |judge, setting| {
        let link_bytes = match setting.link {
            LinkLayer::RawIp => 0,
            LinkLayer::Ethernet => ETHERNET + TAG,
        };
        for Places { client, world, .. } in Places::families() {
            let header_bytes = if client.is_ipv4() { 20 } else { 40 };
            let frame = Frame::tcp(client, world, (40_000, 80))
                .payload(8)
                .tags(&[7]);
            let whole = frame.bytes(setting.link).unwrap();
            for length in MIN_FRAME..whole.len() {
                let error = match length.checked_sub(link_bytes) {
                    None => ParseError::Link,
                    Some(0) => ParseError::Empty,
                    Some(cut) if cut < header_bytes => ParseError::IpHeader,
                    Some(_) => ParseError::TotalLength,
                };
                check_malformed(judge, setting, &whole[..length], error, "cut");
            }
        }
    });
}

#[test]
#[ignore = "needs root"]
fn frames_of_one_byte_over_and_over_are_malformed() {
    each_judge(Setting::all(), |judge, setting| {
        for byte in [0, 0x60, 0xff] {
            for length in [MIN_FRAME, 20, 60, 1_514, 2_000] {
                let error = match (setting.link, byte, length) {
                    (LinkLayer::Ethernet, ..) => ParseError::NotIp,
                    (_, _, ..20) => ParseError::IpHeader,
                    (_, 0x60, ..40) => ParseError::IpHeader,
                    (_, 0x60, _) => ParseError::TotalLength,
                    _ => ParseError::Version,
                };
                let frame = vec![byte; length];
                check_malformed(judge, setting, &frame, error, "monotonous");
            }
        }
    });
}

/// Why there are no shorter frames above.
#[test]
#[ignore = "needs root"]
fn the_kernel_takes_no_shorter_frames_here() {
    in_namespace(|| {
        let mut judge = Setting::TUN.judge();
        for length in 0..MIN_FRAME {
            let result = judge.see(Setting::TUN.outbound, &vec![0; length], 0);
            assert!(result.is_err(), "{length} bytes");
        }
    });
}
