//! The 10 bytes in front of every packet on a TUN with offloads: `struct virtio_net_hdr`
//! (linux/virtio_net.h), in the machine's byte order as tun(4) has it.

/// The length of a [`FrameHeader`] on the device, in bytes.
pub const FRAME_HEADER_BYTES: usize = 10;

/// The longest frame a TUN gives or takes, in bytes: a header and an IP packet of the largest length.
pub const MAX_FRAME_BYTES: usize = FRAME_HEADER_BYTES + 65_535;

/// What a frame needs before it can go onto a wire.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FrameHeader {
    /// `VIRTIO_NET_HDR_F_*`.
    pub flags: u8,
    /// `VIRTIO_NET_HDR_GSO_*`; not `GSO_NONE`: the frame is a super-packet of many segments.
    pub gso_type: u8,
    /// Length of all headers of the packet, in bytes.
    pub hdr_len: u16,
    /// Payload of each segment but the last, in bytes.
    pub gso_size: u16,
    /// Where the checksum begins to cover, in bytes from the start of the packet.
    pub csum_start: u16,
    /// Where the checksum lies, in bytes from `csum_start`.
    pub csum_offset: u16,
}

impl FrameHeader {
    /// `VIRTIO_NET_HDR_F_NEEDS_CSUM`: the checksum field holds only the sum of the pseudo header.
    pub const NEEDS_CSUM: u8 = 1;
    /// `VIRTIO_NET_HDR_GSO_NONE`: one packet.
    pub const GSO_NONE: u8 = 0;
    /// `VIRTIO_NET_HDR_GSO_TCPV4`.
    pub const GSO_TCPV4: u8 = 1;
    /// `VIRTIO_NET_HDR_GSO_TCPV6`.
    pub const GSO_TCPV6: u8 = 4;
    /// `VIRTIO_NET_HDR_GSO_UDP_L4`.
    pub const GSO_UDP_L4: u8 = 5;

    /// Splits a frame into its header and its packet; `None` if it is too short for a header.
    #[must_use]
    pub fn split(frame: &[u8]) -> Option<(Self, &[u8])> {
        let (header, packet) = frame.split_first_chunk::<FRAME_HEADER_BYTES>()?;
        let [flags, gso_type, rest @ ..] = *header;
        let [a, b, c, d, e, f, g, h] = rest;
        let header = Self {
            flags,
            gso_type,
            hdr_len: u16::from_ne_bytes([a, b]),
            gso_size: u16::from_ne_bytes([c, d]),
            csum_start: u16::from_ne_bytes([e, f]),
            csum_offset: u16::from_ne_bytes([g, h]),
        };
        Some((header, packet))
    }

    /// The header as the device wants it.
    #[must_use]
    pub fn to_bytes(self) -> [u8; FRAME_HEADER_BYTES] {
        let [a, b] = self.hdr_len.to_ne_bytes();
        let [c, d] = self.gso_size.to_ne_bytes();
        let [e, f] = self.csum_start.to_ne_bytes();
        let [g, h] = self.csum_offset.to_ne_bytes();
        [self.flags, self.gso_type, a, b, c, d, e, f, g, h]
    }

    /// True for a super-packet.
    #[must_use]
    pub fn is_super(self) -> bool {
        self.gso_type != Self::GSO_NONE
    }

    /// How many packets a packet with this header is on a wire.
    #[must_use]
    pub fn packets(self, packet: &[u8]) -> u64 {
        /// Of TCP: the length of its header, in the upper half of the byte, in words.
        const DATA_OFFSET: usize = 12;
        const UDP_HEADER: usize = 8;
        if !self.is_super() || self.gso_size == 0 {
            return 1;
        }
        // `hdr_len` is a hint, and may be longer.
        let transport = usize::from(self.csum_start);
        let header = match self.gso_type {
            Self::GSO_UDP_L4 => UDP_HEADER,
            _ => {
                let byte = packet.get(transport + DATA_OFFSET).copied();
                usize::from(byte.unwrap_or_default() >> 4) * 4
            }
        };
        let payload = packet.len().saturating_sub(transport + header) as u64;
        payload.div_ceil(self.gso_size.into()).max(1)
    }
}

/// Computes the checksum that the kernel left to the device, unless the frame is a super-packet.
///
/// So does tailscaled with all it does not coalesce: such packets reach the far kernel with an empty header
/// and a whole checksum. Frames that ask for a sum outside of themselves are left as they are.
pub(super) fn finish_checksum(frame: &mut [u8]) {
    let Some((header, _)) = FrameHeader::split(frame) else {
        return;
    };
    if header.is_super() || header.flags & FrameHeader::NEEDS_CSUM == 0 {
        return;
    }
    let start = FRAME_HEADER_BYTES + usize::from(header.csum_start);
    let at = start + usize::from(header.csum_offset);
    let Some(covered) = frame.get(start..) else {
        return;
    };
    // RFC 768: a sum of zero goes as all ones; for TCP and ICMP that value means the same.
    let sum = match !internet_sum(covered) {
        0 => 0xffff,
        sum => sum,
    };
    let Some(field) = frame.get_mut(at..at + 2) else {
        return;
    };
    field.copy_from_slice(&sum.to_be_bytes());
    if let Some(header) = frame.first_chunk_mut() {
        *header = FrameHeader::default().to_bytes();
    }
}

/// The ones' complement sum of RFC 1071.
fn internet_sum(bytes: &[u8]) -> u16 {
    let (words, odd) = bytes.as_chunks::<2>();
    let whole: u64 = words
        .iter()
        .map(|&word| u64::from(u16::from_be_bytes(word)))
        .sum();
    let last = odd.first().map_or(0, |&byte| u64::from(byte) << 8);
    let mut sum = whole + last;
    while let carry @ 1.. = sum >> 16 {
        sum = (sum & 0xffff) + carry;
    }
    u16::try_from(sum).unwrap_or(u16::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_survives_the_way_to_the_device_and_back() {
        let header = FrameHeader {
            flags: FrameHeader::NEEDS_CSUM,
            gso_type: FrameHeader::GSO_TCPV6,
            hdr_len: 72,
            gso_size: 1208,
            csum_start: 40,
            csum_offset: 16,
        };
        let frame = [&header.to_bytes()[..], b"packet"].concat();
        assert_eq!(FrameHeader::split(&frame), Some((header, &b"packet"[..])));
        assert!(header.is_super());
        assert_eq!(FrameHeader::split(&frame[..9]), None);
    }

    #[test]
    fn a_super_packet_is_as_many_packets_as_its_payload_fills() {
        let mut tcp = vec![0; 20 + 32 + 2_500];
        // Eight words.
        tcp[20 + 12] = 0x80;
        let header = |gso_type, gso_size| FrameHeader {
            gso_type,
            gso_size,
            csum_start: 20,
            // The kernel's is longer when payload lies beside the headers.
            hdr_len: 200,
            ..Default::default()
        };
        let of_tcp = |gso_size| header(FrameHeader::GSO_TCPV4, gso_size).packets(&tcp);
        assert_eq!([500, 1_249, 1_250, 2_500, 0].map(of_tcp), [5, 3, 2, 1, 1]);
        let udp = header(FrameHeader::GSO_UDP_L4, 100).packets(&[0; 20 + 8 + 201]);
        assert_eq!(udp, 3);
        assert_eq!(header(FrameHeader::GSO_NONE, 100).packets(&tcp), 1);
        assert_eq!(header(FrameHeader::GSO_TCPV4, 100).packets(&[]), 1);
    }

    #[test]
    fn the_sum_of_rfc_1071_section_3() {
        let example = [0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7];
        assert_eq!(internet_sum(&example), 0xddf2);
        assert_eq!(internet_sum(&[0xff]), 0xff00);
    }

    #[test]
    fn a_checksum_is_finished_once_and_the_header_emptied() {
        let header = FrameHeader {
            flags: FrameHeader::NEEDS_CSUM,
            csum_start: 2,
            csum_offset: 1,
            ..Default::default()
        };
        let mut frame = [&header.to_bytes()[..], &[9, 9, 0x10, 0, 0x20, 0x30]].concat();
        finish_checksum(&mut frame);
        let sum = !(0x1000_u16 + 0x2030);
        let [high, low] = sum.to_be_bytes();
        assert_eq!(frame[10..], [9, 9, 0x10, high, low, 0x30]);
        assert_eq!(frame[..10], [0; 10]);
    }

    #[test]
    fn super_packets_and_sums_beyond_the_end_stay_as_they_are() {
        for (gso_type, csum_start) in [(FrameHeader::GSO_TCPV4, 0), (0, 4), (0, 3), (0, 60_000)] {
            let flags = FrameHeader::NEEDS_CSUM;
            let header = FrameHeader {
                flags,
                gso_type,
                csum_start,
                ..Default::default()
            };
            let mut frame = [&header.to_bytes()[..], &[1, 2, 3, 4]].concat();
            let before = frame.clone();
            finish_checksum(&mut frame);
            assert_eq!(frame, before);
        }
    }
}
