//! What tailscaled says.

use crate::doctor::facts::Tailscale;
use crate::host::local_api::get;
use serde::Deserialize;
use std::path::Path;

/// What it warns of; empty for nothing.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Warning {
    #[serde(default)]
    warning: String,
}

/// Whoever does not answer the first question is not asked the others. Those may be unknown to another version.
pub(in crate::doctor) fn tailscale(socket: &Path) -> Result<Tailscale, String> {
    let status = get(socket, "status?peers=false")
        .map_err(|error| format!("no answer at {}: {error}", socket.display()))?;
    let warning = |question| {
        let warning: Option<Warning> = get(socket, question).ok();
        warning.map(|warning| warning.warning)
    };
    Ok(Tailscale {
        status,
        prefs: get(socket, "prefs").ok(),
        forwarding: warning("check-ip-forwarding"),
        udp_gro: warning("check-udp-gro-forwarding"),
    })
}
