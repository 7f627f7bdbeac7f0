//! What the process says when it ends.

use std::process::ExitCode;

/// Exit codes, the same for every command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Done, or a positive answer.
    Ok,
    /// A negative answer: `explain` says deny, `learn` saw nothing, `doctor` found a problem, `demo` missed an expectation, a list is not taken or differs.
    Negative,
    /// The command line, the configuration or a list is wrong.
    Usage,
    /// Not permitted, or this machine cannot do it.
    Unsupported,
    /// A fault of exitguard itself.
    Internal,
    /// A signal ended it before there was an answer: 128 and the number of SIGINT, as shells have it.
    Interrupted,
}

impl Exit {
    /// Its number.
    pub const fn code(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Negative => 1,
            Self::Usage => 2,
            Self::Unsupported => 3,
            Self::Internal => 4,
            Self::Interrupted => 130,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_are_those_that_are_documented() {
        let all = [
            Exit::Ok,
            Exit::Negative,
            Exit::Usage,
            Exit::Unsupported,
            Exit::Internal,
            Exit::Interrupted,
        ];
        assert_eq!(all.map(Exit::code), [0, 1, 2, 3, 4, 130]);
    }
}
