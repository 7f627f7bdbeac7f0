//! Whether the programs see what comes in: they may be where they should be and another one before them.

use crate::host::{Device, DeviceKind};
use exitguard_common::abi::Stats;

/// What is said when they do not.
pub(super) const BLIND: &str = "packets come in that our programs do not see: another program takes them before; \
     `bpftool net` shows which";

/// Fewer packets between two looks prove nothing: their counters are read one after the other.
const ENOUGH: u64 = 10;

/// The counters at the last look, and what followed from them.
#[derive(Debug, Default)]
pub(super) struct Sight {
    before: Option<Counters>,
    is_blind: bool,
}

#[derive(Clone, Copy, Debug)]
struct Counters {
    device: u32,
    received: u64,
    judged: u64,
}

impl Sight {
    /// Compares the counters of the device with those of the programs.
    pub(super) fn look(&mut self, device: &Device, stats: &Stats) {
        // What is no IP packet is not counted, and on a TUN there is nothing else.
        if device.kind != DeviceKind::Tun {
            return;
        }
        let now = Counters {
            device: device.index,
            received: device.received,
            judged: stats.outbound.passed.pkts + stats.outbound.denied.pkts,
        };
        let before = self.before.replace(now);
        let Some(before) = before.filter(|before| before.device == now.device) else {
            self.is_blind = false;
            return;
        };
        if now.judged != before.judged {
            self.is_blind = false;
        } else if now.received.saturating_sub(before.received) >= ENOUGH {
            self.is_blind = true;
        }
    }

    pub(super) const fn is_blind(&self) -> bool {
        self.is_blind
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tun(index: u32, received: u64) -> Device {
        Device {
            name: "tailscale0".into(),
            index,
            kind: DeviceKind::Tun,
            received,
        }
    }

    fn judged(passed: u64, denied: u64) -> Stats {
        let mut stats = Stats::default();
        stats.outbound.passed.pkts = passed;
        stats.outbound.denied.pkts = denied;
        stats
    }

    #[test]
    fn blind_is_who_counts_nothing_while_the_device_counts_a_lot() {
        let mut sight = Sight::default();
        let mut look = |device, stats| {
            sight.look(&device, &stats);
            sight.is_blind()
        };
        // Nothing to compare with yet.
        assert!(!look(tun(4, 1_000), judged(0, 0)));
        assert!(!look(tun(4, 1_009), judged(0, 0)));
        assert!(look(tun(4, 1_019), judged(0, 0)));
        // It stays so while nothing comes in, until something is seen.
        assert!(look(tun(4, 1_019), judged(0, 0)));
        assert!(!look(tun(4, 1_020), judged(0, 1)));
        assert!(look(tun(4, 2_000), judged(0, 1)));
        assert!(!look(tun(4, 3_000), judged(1, 1)));
    }

    #[test]
    fn a_new_device_begins_anew() {
        let mut sight = Sight::default();
        sight.look(&tun(4, 0), &judged(0, 0));
        sight.look(&tun(5, 1_000), &judged(0, 0));
        assert!(!sight.is_blind());
        sight.look(&tun(5, 2_000), &judged(0, 0));
        assert!(sight.is_blind());
    }

    #[test]
    fn of_devices_with_other_packets_nothing_is_concluded() {
        let mut sight = Sight::default();
        for received in [0, 1_000, 2_000] {
            let kind = DeviceKind::Ethernet;
            let device = Device {
                kind,
                ..tun(4, received)
            };
            sight.look(&device, &judged(0, 0));
        }
        assert!(!sight.is_blind());
    }
}
