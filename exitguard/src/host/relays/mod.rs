//! Tailscale's relays (DERP), as the tailscaled of this host knows them.

use super::local_api;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::io;
use std::net::IpAddr;
use std::path::Path;

/// Anything in it may be `null`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Map {
    regions: Option<BTreeMap<String, Option<Region>>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Region {
    nodes: Option<Vec<Option<Node>>>,
}

/// Its addresses are texts, because `none` is one of them.
#[derive(Deserialize)]
struct Node {
    #[serde(rename = "IPv4")]
    v4: Option<String>,
    #[serde(rename = "IPv6")]
    v6: Option<String>,
}

/// The addresses of all relays, sorted.
///
/// # Errors
/// When tailscaled is not there, does not answer in time, or answers something else.
pub fn relays(socket: &Path) -> io::Result<Vec<IpAddr>> {
    Ok(sorted(&local_api::get(socket, "derpmap")?))
}

/// The same of an answer, from its first byte to its last.
///
/// # Errors
/// When it is something else than the map of relays.
pub fn relays_in(answer: &[u8]) -> io::Result<Vec<IpAddr>> {
    Ok(sorted(&local_api::read(answer)?))
}

fn sorted(map: &Map) -> Vec<IpAddr> {
    let regions = map.regions.iter().flat_map(BTreeMap::values).flatten();
    let nodes = regions.flat_map(|region| &region.nodes).flatten().flatten();
    let texts = nodes.flat_map(|node| [&node.v4, &node.v6]).flatten();
    let mut addresses: Vec<IpAddr> = texts.filter_map(|text| text.parse().ok()).collect();
    addresses.sort_unstable();
    addresses.dedup();
    addresses
}

#[cfg(test)]
pub(super) mod tests;
