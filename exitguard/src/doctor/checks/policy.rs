//! Configuration and lists, as files.

use super::AS_ROOT;
use crate::config::Mode;
use crate::doctor::Finding;
use crate::doctor::facts::Policy;

pub(super) fn check(policy: &Policy) -> Vec<Finding> {
    const NAME: &str = "configuration";
    let path = policy.path.display();
    if let Some(why) = policy.error.as_ref().filter(|_| policy.is_hidden) {
        return vec![Finding::unknown(NAME, why, AS_ROOT)];
    }
    if let Some(why) = &policy.error {
        let remedy = "mend what `exitguard check` says; `exitguard config example` shows every key";
        return vec![Finding::problem(NAME, why, remedy)];
    }
    let mut findings = vec![if policy.warnings == 0 {
        Finding::ok(NAME, format!("{path} is valid"))
    } else {
        let found = format!("{path} is valid, with warnings: {}", policy.warnings);
        Finding::advice(NAME, found, "read them: `exitguard check`")
    }];
    let Some(config) = &policy.config else {
        return findings;
    };
    if config.mode == Mode::Observe {
        let found = "observe: everything passes, what would be denied is reported";
        let remedy = "set mode = \"enforce\" and reload, when the reports look right";
        findings.push(Finding::advice("mode", found, remedy));
    }
    if config.egress.lan {
        let found = "lan = true: clients reach the private networks behind this host";
        let remedy = "set lan = false, with `[allow] destinations` or clients of their own, unless that is meant";
        findings.push(Finding::advice("lan", found, remedy));
    }
    findings
}
