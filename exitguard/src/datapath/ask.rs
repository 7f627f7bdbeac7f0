//! The tables in force, asked what they decide. That shows what no look at the programs does: that what they judge by
//! is still what was written there.

use super::error::DatapathError;
use super::object::Loaded;
use crate::config::protocol_name;
use aya::TestRun;
use aya::programs::TestRunOptions;
use exitguard_common::abi::{
    Addr, Decision, FlowKey, Question, Reason, RuleId, Verdict, encode, programs,
};
use exitguard_common::packet::{Transport, protocol};
use std::fmt::{self, Display, Formatter};
use std::net::IpAddr;
use std::sync::Arc;

/// The kernel decides otherwise than the policy that it was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Disagreement {
    flow: FlowKey,
    wanted: Wanted,
    answer: Answer,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wanted {
    Decision(Decision),
    /// By an operator, unless a step before that one answers.
    Blocked,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    Decision(Decision),
    OtherGeneration,
    NotAsked,
}

impl Loaded {
    /// Asks about flows of every kind that the policy knows; the first that is decided otherwise than on the host.
    /// Counts nothing and leaves no trace in the flow table.
    ///
    /// # Errors
    /// When the kernel does not run the program.
    pub fn disagreement(&mut self) -> Result<Option<Disagreement>, DatapathError> {
        let (sample, overlay) = (Arc::clone(&self.sample), self.overlay.clone());
        let sampled = sample.iter().map(|one| {
            let said = overlay.flags(one.flow.client.into(), one.flow.remote.into());
            let wanted = Wanted::Decision(one.decision(said));
            (one.flow, one.transport, wanted)
        });
        let blocks = overlay.blocks();
        let blocked = blocks.map(|(client, remote)| {
            let flow = opened(client, remote);
            (flow, Transport::Tcp, Wanted::Blocked)
        });
        for (flow, transport, wanted) in sampled.chain(blocked) {
            let answer = self.ask(flow, transport)?;
            if !wanted.is_met_by(answer) {
                return Ok(Some(Disagreement {
                    flow,
                    wanted,
                    answer,
                }));
            }
        }
        Ok(None)
    }

    fn ask(&mut self, flow: FlowKey, transport: Transport) -> Result<Answer, DatapathError> {
        let question = Question {
            flow,
            generation: self.generation(),
            transport: transport as u32,
        };
        let mut bytes = vec![0; Question::OFFSET as usize];
        bytes.extend_from_slice(encode(&question));
        let mut options = TestRunOptions::new();
        options.data_in = Some(&bytes);
        options.repeat = 1;
        let result = self.classifier(programs::ASK)?.test_run(options);
        let result = result.map_err(|error| DatapathError::Program {
            program: programs::ASK,
            error: Box::new(error),
        })?;
        Ok(match result.return_value {
            Question::OTHER_GENERATION => Answer::OtherGeneration,
            Question::NOT_ASKED => Answer::NotAsked,
            bits => Answer::Decision(Decision::from_bits(bits)),
        })
    }
}

/// A connection to a web server.
fn opened(client: IpAddr, remote: IpAddr) -> FlowKey {
    FlowKey {
        client: Addr::from(client),
        remote: Addr::from(remote),
        client_port: 0,
        remote_port: 443,
        protocol: u32::from(protocol::TCP),
    }
}

impl Wanted {
    fn is_met_by(self, answer: Answer) -> bool {
        match (self, answer) {
            (Self::Decision(wanted), Answer::Decision(got)) => wanted == got,
            (Self::Blocked, Answer::Decision(got)) => {
                let before = [Reason::Runtime, Reason::Lockdown, Reason::Exempt];
                got.rule == RuleId::HOST || before.contains(&got.reason)
            }
            (_, Answer::OtherGeneration | Answer::NotAsked) => false,
        }
    }
}

impl Display for Disagreement {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let flow = &self.flow;
        let (client, remote) = (IpAddr::from(flow.client), IpAddr::from(flow.remote));
        match protocol_name(flow.protocol()) {
            Some(name) => write!(f, "of {name}")?,
            None => write!(f, "of protocol {}", flow.protocol())?,
        }
        write!(f, " {client} -> {remote}")?;
        if flow.remote_port != 0 {
            write!(f, " port {}", flow.remote_port)?;
        }
        write!(f, " the policy says ")?;
        match self.wanted {
            Wanted::Decision(decision) => decided(f, decision)?,
            Wanted::Blocked => write!(f, "deny (runtime)")?,
        }
        write!(f, " and the kernel ")?;
        match self.answer {
            Answer::Decision(decision) => decided(f, decision),
            Answer::OtherGeneration => write!(f, "judges by another policy"),
            Answer::NotAsked => write!(f, "does not answer"),
        }
    }
}

fn decided(f: &mut Formatter<'_>, decision: Decision) -> fmt::Result {
    let verdict = match decision.verdict {
        Verdict::Allow => "allow",
        Verdict::Deny => "deny",
        Verdict::WouldDeny => "would deny",
    };
    write!(f, "{verdict} ({})", decision.reason.name())
}
