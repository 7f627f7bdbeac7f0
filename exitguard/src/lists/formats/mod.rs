//! The parsers: one file for each family of formats.

mod adblock;
mod columns;
mod ipset;
mod json;
mod names;
mod nft;
mod plain;
mod ranges;
mod resolver;
mod rpz;
mod select;

pub(super) use names::is_null;
pub(super) use plain::header_entries;
pub(super) use ranges::{dat_range, p2p_range};

use super::format::{Format, Named};
use super::text::check_line_lengths;
use super::{Collector, Refusal};

/// Reads a file of a known format.
pub(super) fn read<'b>(
    format: &Format,
    bytes: &'b [u8],
    found: &mut Collector<'b>,
) -> Result<(), Refusal> {
    if format.has_lines() {
        check_line_lengths(bytes)?;
    }
    let json = || {
        str::from_utf8(bytes).map_err(|error| Refusal::DamagedJson(format!("no UTF-8: {error}")))
    };
    let named = match format {
        Format::Columns(columns) => return columns::read(bytes, columns, found),
        Format::Json(selection) => return json::pointer(json()?, selection, found),
        Format::Named(named) => *named,
    };
    match named {
        Named::Plain => plain::read(bytes, found),
        Named::Firehol => plain::firehol(bytes, found)?,
        Named::SpamhausDrop => plain::spamhaus(bytes, found)?,
        Named::SpamhausJson => json::spamhaus(json()?, found)?,
        Named::Dshield => columns::read(bytes, &columns::dshield(), found)?,
        Named::FeodoCsv | Named::Sslbl => {
            columns::read(bytes, &columns::second_column(), found)?;
        }
        Named::FeodoJson => json::feodo(json()?, found)?,
        Named::Threatfox => columns::threatfox_rows(bytes, found)?,
        Named::P2p => ranges::p2p(bytes, found),
        Named::Dat => ranges::dat(bytes, found),
        Named::Ipset => ipset::read(bytes, found),
        Named::Nft => nft::read(bytes, found)?,
        Named::NftJson => json::nft(json()?, found)?,
        Named::Crowdsec => json::crowdsec(json()?, found)?,
        Named::CrowdsecCsv => columns::crowdsec(bytes, found)?,
        Named::Ipverse => json::ipverse(json()?, found)?,
        Named::TorGeoip => columns::read(bytes, &columns::tor_geoip(), found)?,
        Named::Hosts => names::hosts(bytes, found),
        Named::Domains => names::domains(bytes, false, found),
        Named::Wildcard => names::domains(bytes, true, found),
        Named::Adblock => adblock::read(bytes, found),
        Named::Dnsmasq => resolver::dnsmasq(bytes, found)?,
        Named::Unbound => resolver::unbound(bytes, found)?,
        Named::Rpz => rpz::read(bytes, found)?,
    }
    Ok(())
}
