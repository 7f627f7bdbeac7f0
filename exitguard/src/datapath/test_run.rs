//! A packet through a loaded program without a device (`BPF_PROG_TEST_RUN`).

use super::attach::Hook;
use super::error::DatapathError;
use super::object::Loaded;
use aya::TestRun;
use aya::programs::{ProgramError, TestRunOptions};
use exitguard_common::abi::programs;
use std::time::Duration;

/// A frame to judge.
#[derive(Clone, Copy, Debug)]
pub struct TestFrame<'a> {
    /// From its link-layer header on. The kernel takes no fewer than 14 bytes.
    pub bytes: &'a [u8],
    /// As on a GSO super-packet; 0 for an ordinary one. TC only.
    pub gso_size: u32,
    /// How often to run.
    pub repeat: u32,
}

/// What a program did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Its return code.
    pub code: i32,
    /// The packet afterwards.
    pub bytes: Vec<u8>,
    /// Average time of a run.
    pub duration: Duration,
}

/// Room for any frame the kernel takes here.
const MAX_OUT: usize = 1 << 11;
/// `struct __sk_buff` (linux/bpf.h) and where `gso_size` is in it.
const SK_BUFF_BYTES: usize = 192;
const GSO_SIZE_AT: usize = 176;

impl Loaded {
    /// Runs a frame through the program of a hook.
    ///
    /// # Errors
    /// When the kernel does not take the frame.
    pub fn test_run(
        &mut self,
        hook: Hook,
        frame: &TestFrame<'_>,
    ) -> Result<Outcome, DatapathError> {
        let mut out = vec![0; MAX_OUT];
        let mut context = vec![0; SK_BUFF_BYTES];
        if let Some(field) = context.get_mut(GSO_SIZE_AT..GSO_SIZE_AT + 4) {
            field.copy_from_slice(&frame.gso_size.to_ne_bytes());
        }
        let mut context_out = context.clone();
        let mut options = TestRunOptions::new();
        options.data_in = Some(frame.bytes);
        options.data_out = Some(&mut out);
        options.repeat = frame.repeat;
        let (name, result) = match hook {
            Hook::XdpOutbound => (programs::XDP_OUTBOUND, self.xdp()?.test_run(options)),
            Hook::TcOutbound | Hook::TcInbound => {
                if frame.gso_size != 0 {
                    options.ctx_in = Some(&context);
                    options.ctx_out = Some(&mut context_out);
                }
                let name = hook.program();
                (name, self.classifier(name)?.test_run(options))
            }
        };
        let result = result.map_err(|error: ProgramError| DatapathError::Program {
            program: name,
            error: Box::new(error),
        })?;
        out.truncate(result.data_size_out as usize);
        Ok(Outcome {
            code: result.return_value as i32,
            bytes: out,
            duration: result.duration,
        })
    }
}
