//! In which order.

use clap::ValueEnum;
use exitguard::control::Flow;
use jiff::Timestamp;
use std::cmp::Reverse;

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum SortArg {
    /// Bytes both ways, most first.
    Bytes,
    /// Bytes from the client, most first.
    Sent,
    /// Bytes for the client, most first.
    Received,
    /// Packets both ways, most first.
    Packets,
    /// Oldest first.
    Age,
    /// Those that carried something last first.
    Last,
    /// Denied packets, most first.
    Denied,
    /// By address of the client.
    Client,
    /// By the other side's address and port.
    Dst,
}

/// Sorts; those that are equal, so that the order is always the same, by their ends.
pub(super) fn sort(flows: &mut [Flow], by: SortArg, now: Timestamp) {
    let millis = |at: Timestamp| u64::try_from(now.duration_since(at).as_millis()).unwrap_or(0);
    let rank = |flow: &Flow| match by {
        SortArg::Bytes => flow.sent.bytes + flow.received.bytes,
        SortArg::Sent => flow.sent.bytes,
        SortArg::Received => flow.received.bytes,
        SortArg::Packets => flow.sent.pkts + flow.received.pkts,
        SortArg::Age => millis(flow.start),
        SortArg::Last => u64::MAX - millis(flow.last),
        SortArg::Denied => flow.denied_pkts,
        SortArg::Client | SortArg::Dst => 0,
    };
    flows.sort_by_cached_key(|flow| {
        let client = (flow.client, flow.client_port);
        let remote = (flow.remote, flow.remote_port);
        let ends = match by {
            SortArg::Dst => (remote, client),
            _ => (client, remote),
        };
        (Reverse(rank(flow)), ends, flow.protocol, flow.id)
    });
}
