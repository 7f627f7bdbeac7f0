//! Why a frame could not be parsed.

/// What is wrong with a frame. Every one of these is denied and counted under its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum ParseError {
    /// Not a byte where the IP header should start.
    Empty = 1,
    /// The Ethernet header, or a VLAN tag, is cut short or nested too deep.
    Link = 2,
    /// Ethernet, but neither IP nor ARP.
    NotIp = 3,
    /// Neither IPv4 nor IPv6, or not what the Ethernet header promised.
    Version = 4,
    /// The IP header is cut short, or IPv4's header length is below 5 words.
    IpHeader = 5,
    /// The total length is shorter than the header or longer than the frame.
    TotalLength = 6,
    /// An IPv4 option is cut short.
    Options = 7,
    /// The sender wants to choose the route (IPv4 LSRR/SSRR, IPv6 routing header with segments left): the
    /// destination in the header is not where the packet ends up. Linux refuses these by default too.
    SourceRoute = 8,
    /// An IPv6 extension header is cut short, repeated where it must not be, or the chain is too long.
    ExtensionHeaders = 9,
    /// IPv6 jumbogram (RFC 2675).
    Jumbogram = 10,
    /// The transport header is cut short. A first fragment must carry all of it (RFC 7112, RFC 1858).
    TransportHeader = 11,
    /// TCP's data offset is below 5 words or beyond the packet.
    DataOffset = 12,
    /// A later fragment that would overwrite the transport header (RFC 1858, RFC 3128).
    TinyFragment = 13,
    /// An IPv4-mapped address on the wire, which RFC 4942 §2.2 says to drop.
    MappedAddress = 14,
}

impl ParseError {
    /// Size of per-error counters.
    pub const SLOTS: usize = 16;

    /// Every error, by number.
    pub const ALL: [Self; 14] = [
        Self::Empty,
        Self::Link,
        Self::NotIp,
        Self::Version,
        Self::IpHeader,
        Self::TotalLength,
        Self::Options,
        Self::SourceRoute,
        Self::ExtensionHeaders,
        Self::Jumbogram,
        Self::TransportHeader,
        Self::DataOffset,
        Self::TinyFragment,
        Self::MappedAddress,
    ];

    /// The name in events and statistics.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::Link => "link_header",
            Self::NotIp => "not_ip",
            Self::Version => "ip_version",
            Self::IpHeader => "ip_header",
            Self::TotalLength => "total_length",
            Self::Options => "ip_options",
            Self::SourceRoute => "source_route",
            Self::ExtensionHeaders => "extension_headers",
            Self::Jumbogram => "jumbogram",
            Self::TransportHeader => "transport_header",
            Self::DataOffset => "tcp_data_offset",
            Self::TinyFragment => "tiny_fragment",
            Self::MappedAddress => "mapped_address",
        }
    }

    /// The error with this number.
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|error| *error as u8 == number)
    }
}
