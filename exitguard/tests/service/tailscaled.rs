//! A tailscaled that does not start without the guard.

use crate::machine::{CONFIG, Machine};
use crate::until;

/// What of Tailscale's own unit matters here.
const TAILSCALED: &str = "[Service]\nExecStart=/bin/sleep infinity\nRestart=on-failure\n";

#[test]
#[ignore = "needs root"]
fn tailscaled_waits_for_a_configuration_that_is_valid() {
    let machine = Machine::with_service();
    machine.start_service();
    machine.write("/etc/systemd/system/tailscaled.service", TAILSCALED);
    machine.done(
        "install -D -m 644 packaging/systemd/tailscaled-closed.conf /etc/systemd/system/tailscaled.service.d/exitguard.conf
         systemctl daemon-reload
         systemctl stop exitguard",
    );
    let state = |unit: &str| machine.property(unit, "ActiveState");
    // It takes the guard along.
    machine.done("systemctl start tailscaled");
    assert_eq!(["tailscaled", "exitguard"].map(state), ["active", "active"]);

    machine.done("systemctl stop tailscaled exitguard");
    let config = machine.read(CONFIG);
    machine.write(CONFIG, &format!("wrong = 1\n{config}"));
    assert_ne!(machine.run("systemctl start tailscaled").code, Some(0));
    let restarts = || {
        machine
            .property("tailscaled", "NRestarts")
            .parse::<u32>()
            .unwrap()
    };
    until("another try", || restarts() > 0);
    assert_ne!(state("tailscaled"), "active");
    // Nobody has to start anything.
    machine.write(CONFIG, &config);
    until("both", || {
        ["tailscaled", "exitguard"].map(state) == ["active", "active"]
    });
}
