//! What a filter is asked about.

use crate::control::{Decided, Flow, FlowState};
use crate::output::FlowReport;
use std::net::IpAddr;

/// A flow, or a packet that was denied, as far as filters look at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subject<'a> {
    /// The client; nothing if the packet could not be read.
    pub client: Option<IpAddr>,
    /// What the client is called, if it has a name.
    pub client_name: Option<&'a str>,
    /// The other side.
    pub remote: Option<IpAddr>,
    /// Where the protocol has ports.
    pub remote_port: Option<u16>,
    /// IP protocol number.
    pub protocol: Option<u8>,
    /// Why it was decided so.
    pub reason: &'a str,
    /// The rule that decided.
    pub rule: &'a str,
    /// The list that holds the destination, if that is the reason.
    pub list: Option<&'a str>,
    /// What was decided.
    pub decision: Decided,
    /// How far it is.
    pub state: FlowState,
}

impl<'a> From<&'a Flow> for Subject<'a> {
    fn from(flow: &'a Flow) -> Self {
        Self {
            client: Some(flow.client),
            client_name: flow.client_name.as_deref(),
            remote: Some(flow.remote),
            remote_port: flow.remote_port,
            protocol: Some(flow.protocol),
            reason: &flow.reason,
            rule: &flow.rule,
            list: flow.list.as_deref(),
            decision: flow.decision,
            state: flow.state,
        }
    }
}

impl<'a> From<&'a FlowReport> for Subject<'a> {
    fn from(report: &'a FlowReport) -> Self {
        let is_readable = report.source.is_some();
        let (remote, remote_port) = report.remote();
        Self {
            client: Some(report.client).filter(|_| is_readable),
            client_name: report.client_name.as_deref(),
            remote,
            remote_port,
            protocol: Some(report.protocol).filter(|_| is_readable),
            reason: report.decision.reason.name(),
            rule: &report.rule,
            list: report.list.as_deref(),
            decision: report.decision.verdict.into(),
            state: report.state(),
        }
    }
}
