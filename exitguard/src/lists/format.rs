//! The formats that lists come in.

/// How a list is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Format {
    /// One that has a name and nothing to set.
    Named(Named),
    /// Columns, as described.
    Columns(Columns),
    /// A part of a JSON document, as described.
    Json(Selection),
}

macro_rules! named {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)*) => {
        /// A format that needs nothing but its name.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Named {
            $($(#[$doc])* $variant,)*
        }

        impl Named {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// As it is written in the configuration.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }
        }
    };
}

named! {
    /// An address, prefix or range a line.
    Plain = "plain",
    /// The same with the header of FireHOL's update-ipsets.
    Firehol = "firehol",
    /// Spamhaus DROP, as text.
    SpamhausDrop = "spamhaus-drop",
    /// Spamhaus DROP, a JSON object a line.
    SpamhausJson = "spamhaus-json",
    /// DShield's block list.
    Dshield = "dshield",
    /// Feodo Tracker, comma-separated.
    FeodoCsv = "feodo-csv",
    /// Feodo Tracker, JSON.
    FeodoJson = "feodo-json",
    /// SSL blacklist, comma-separated.
    Sslbl = "sslbl",
    /// ThreatFox, comma-separated.
    Threatfox = "threatfox",
    /// PeerGuardian: `name:start-end`.
    P2p = "p2p",
    /// eMule's ipfilter.dat: `start - end , level , name`.
    Dat = "dat",
    /// What `ipset save` prints.
    Ipset = "ipset",
    /// nftables sets as text.
    Nft = "nft",
    /// nftables sets as `nft -j` prints them.
    NftJson = "nft-json",
    /// CrowdSec decisions, JSON.
    Crowdsec = "crowdsec",
    /// CrowdSec decisions, comma-separated.
    CrowdsecCsv = "crowdsec-csv",
    /// ipverse: prefixes of a country or network.
    Ipverse = "ipverse",
    /// Tor's geoip files: `start,end,country`.
    TorGeoip = "tor-geoip",
    /// A hosts file.
    Hosts = "hosts",
    /// A domain name a line.
    Domains = "domains",
    /// A domain name a line, `*.name` for all below it.
    Wildcard = "wildcard",
    /// The part of an ad blocker's language that is about whole names: `||name^`.
    Adblock = "adblock",
    /// dnsmasq's `address=/name/` and `local=/name/`.
    Dnsmasq = "dnsmasq",
    /// unbound's `local-zone`.
    Unbound = "unbound",
    /// A response policy zone.
    Rpz = "rpz",
}

/// A table with an address in each row. Columns count from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Columns {
    /// What separates columns.
    pub separator: u8,
    /// Whether values may stand in double quotes, with separators inside.
    pub quotes: bool,
    /// Whether the first row may be the names of the columns.
    pub header: bool,
    /// The column with the address, prefix or range, or where a range starts.
    pub address: usize,
    /// The column with the last address of a range.
    pub end: Option<usize>,
    /// The column with the length of the prefix.
    pub prefix: Option<usize>,
    /// Whether a port follows the address, after a colon. The whole address is blocked.
    pub port: bool,
    /// Whether IPv4 addresses are written as one number.
    pub integers: bool,
    /// Rows count only if this column holds this text.
    pub only: Option<(usize, String)>,
}

impl Default for Columns {
    fn default() -> Self {
        Self {
            separator: b',',
            quotes: true,
            header: false,
            address: 1,
            end: None,
            prefix: None,
            port: false,
            integers: false,
            only: None,
        }
    }
}

/// A part of a JSON document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// A JSON pointer (RFC 6901) to the array; `*` is every member.
    pub pointer: String,
    /// The member of each element that holds the address, if the elements are objects.
    pub field: Option<String>,
}

impl Format {
    /// As it is called in the configuration.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Named(named) => named.name(),
            Self::Columns(_) => "columns",
            Self::Json(_) => "json",
        }
    }

    /// Whether each entry has a line: of the others, a whole document may stand on one.
    pub(super) const fn has_lines(&self) -> bool {
        !matches!(
            self,
            Self::Json(_)
                | Self::Named(
                    Named::FeodoJson
                        | Named::Nft
                        | Named::NftJson
                        | Named::Crowdsec
                        | Named::Ipverse
                )
        )
    }
}

impl From<Named> for Format {
    fn from(named: Named) -> Self {
        Self::Named(named)
    }
}
