//! A policy in force on a device.

use super::attach::{self, Hook, Target, TcSupport};
use super::error::DatapathError;
use super::events::EventSource;
use super::object::{LoadSettings, Loaded};
use super::pins::{Lock, PinDir};
use super::probe::Environment;
use crate::config::Attach;
use crate::policy::{Compiled, Overlay};
use aya::maps::Array;
use exitguard_common::abi::{LinkLayer, maps, programs};
use nix::net::if_::if_nametoindex;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::thread;
use std::time::{Duration, Instant};

/// What to guard, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setup {
    /// Name of the device.
    pub interface: String,
    /// Its index, which changes when it is re-created.
    pub index: u32,
    /// What stands in front of its IP headers.
    pub link_layer: LinkLayer,
    /// The hook for outbound packets.
    pub attach: Attach,
    /// Size of the flow table.
    pub flow_table: u32,
    /// Mark packets of clients that pass, for a gate behind the programs. TC only.
    pub mark: bool,
}

/// A policy in force. Dropping it leaves it in force: that is what a stopped daemon wants. See [`off`].
#[derive(Debug)]
pub struct Guard {
    setup: Setup,
    pins: PinDir,
    loaded: Loaded,
    tc: TcSupport,
    /// The device is there, and the programs are on it.
    is_attached: bool,
    _lock: Lock,
}

impl Guard {
    /// Puts a policy in force, in the place of the one a former daemon left there, or of none.
    ///
    /// # Errors
    /// When the kernel refuses. What was in force before still is; what was not there before is not now.
    pub fn start(setup: Setup, policy: &Compiled) -> Result<(Self, EventSource), DatapathError> {
        Environment::check()?;
        let pins = PinDir::of(&setup.interface)?;
        let is_new = !pins.exists();
        pins.create()?;
        let lock = pins.lock()?;
        let started = Self::load_and_attach(setup, policy, &pins);
        match started {
            Ok((setup, mut loaded, tc)) => {
                let events = loaded.take_events()?;
                Ok((
                    Self {
                        setup,
                        pins,
                        loaded,
                        tc,
                        is_attached: true,
                        _lock: lock,
                    },
                    events,
                ))
            }
            Err(error) => {
                if is_new {
                    // The reason for giving up is what is worth telling.
                    let _ = pins.remove();
                }
                Err(error)
            }
        }
    }

    fn load_and_attach(
        setup: Setup,
        policy: &Compiled,
        pins: &PinDir,
    ) -> Result<(Setup, Loaded, TcSupport), DatapathError> {
        let generation = 1 + last_generation(pins);
        let mut loaded = Loaded::new(policy, setup.load_settings(generation), pins)?;
        loaded.verify(&setup.programs())?;
        let tc = TcSupport::probe(&mut loaded)?;
        remember_generation(&mut loaded, generation)?;
        let target = Target {
            interface: &setup.interface,
            index: setup.index,
            pins,
        };
        for (position, hook) in setup.hooks().into_iter().enumerate() {
            if let Err(error) = attach::attach(&mut loaded, hook, &target, &tc) {
                // Half a guard is none; but if a predecessor's is still on the other hook, it stays.
                if position > 0 && generation == 1 {
                    let _ = attach::detach_all(&target);
                }
                return Err(error);
            }
        }
        // A former daemon may have used the other hook for outbound packets.
        let unused = match setup.attach {
            Attach::Tc => Hook::XdpOutbound,
            Attach::Xdp => Hook::TcOutbound,
        };
        attach::detach(unused, &target)?;
        for former in pins.of_other_versions()? {
            former.remove()?;
        }
        loaded.forget_other_hits(&policy.lists);
        Ok((setup, loaded, tc))
    }

    /// Replaces the policy. Every packet is judged by the old one or the new one. While the device is
    /// gone the policy waits for it.
    ///
    /// # Errors
    /// When the kernel refuses; the old policy is in force as before.
    pub fn publish(&mut self, policy: &Compiled) -> Result<u32, DatapathError> {
        let generation = self.loaded.generation() + 1;
        let mut next = Loaded::new(policy, self.setup.load_settings(generation), &self.pins)?;
        next.verify(&self.setup.programs())?;
        remember_generation(&mut next, generation)?;
        if self.is_attached {
            self.switch_to(&mut next)?;
        }
        next.forget_other_hits(&policy.lists);
        self.loaded = next;
        Ok(generation)
    }

    /// Replaces what operators said at run time, in a moment.
    ///
    /// # Errors
    /// When the kernel refuses; what was in force still is.
    pub fn change(&mut self, overlay: &Overlay) -> Result<u32, DatapathError> {
        let generation = self.loaded.generation() + 1;
        remember_generation(&mut self.loaded, generation)?;
        self.loaded.change(generation, overlay)?;
        Ok(generation)
    }

    /// All hooks or none.
    fn switch_to(&mut self, next: &mut Loaded) -> Result<(), DatapathError> {
        let target = Target {
            interface: &self.setup.interface,
            index: self.setup.index,
            pins: &self.pins,
        };
        let hooks = self.setup.hooks();
        for (position, hook) in hooks.into_iter().enumerate() {
            let Err(error) = attach::attach(next, hook, &target, &self.tc) else {
                continue;
            };
            if is_absent(&target) {
                self.is_attached = false;
                return Ok(());
            }
            for hook in hooks.into_iter().take(position) {
                attach::attach(&mut self.loaded, hook, &target, &self.tc)?;
            }
            return Err(error);
        }
        Ok(())
    }

    /// Puts the policy in force on the device that has the interface's name now.
    ///
    /// # Errors
    /// When the kernel refuses, for example because the device is gone again.
    pub fn reattach(&mut self, index: u32) -> Result<(), DatapathError> {
        self.is_attached = false;
        let target = Target {
            interface: &self.setup.interface,
            index,
            pins: &self.pins,
        };
        for hook in self.setup.hooks() {
            attach::attach(&mut self.loaded, hook, &target, &self.tc)?;
        }
        self.setup.index = index;
        self.is_attached = true;
        Ok(())
    }

    /// Takes the programs off the device and removes all state: everything passes.
    ///
    /// # Errors
    /// When something could not be removed.
    pub fn take_off(self) -> Result<(), DatapathError> {
        attach::detach_all(&Target {
            interface: &self.setup.interface,
            index: self.setup.index,
            pins: &self.pins,
        })?;
        self.pins.remove()
    }

    /// Told that the device is gone, and its programs with it.
    pub const fn detached(&mut self) {
        self.is_attached = false;
    }

    /// Whether the device is there and guarded, as far as anybody told.
    pub const fn is_attached(&self) -> bool {
        self.is_attached
    }

    /// The device it is on.
    pub const fn setup(&self) -> &Setup {
        &self.setup
    }

    /// The number of the policy in force.
    pub const fn generation(&self) -> u32 {
        self.loaded.generation()
    }

    /// How programs are attached, for people.
    pub const fn method(&self) -> &'static str {
        match self.setup.attach {
            Attach::Tc => self.tc.name(),
            Attach::Xdp => "xdp",
        }
    }

    /// The loaded object.
    pub const fn loaded(&mut self) -> &mut Loaded {
        &mut self.loaded
    }
}

impl Setup {
    const fn load_settings(&self, generation: u32) -> LoadSettings {
        LoadSettings {
            link_layer: self.link_layer,
            flow_table: self.flow_table,
            mark: self.mark,
            generation,
        }
    }

    /// Outbound first: it is the one that protects.
    pub(super) const fn hooks(&self) -> [Hook; 2] {
        match self.attach {
            Attach::Tc => [Hook::TcOutbound, Hook::TcInbound],
            Attach::Xdp => [Hook::XdpOutbound, Hook::TcInbound],
        }
    }

    /// What has to be verified: the programs that judge, and the one that is asked what they would.
    fn programs(&self) -> [&'static str; 3] {
        let [outbound, inbound] = self.hooks().map(Hook::program);
        [outbound, inbound, programs::ASK]
    }
}

/// Takes everything away that any exitguard left on an interface: the daemon, its programs, its state.
/// True when there was something.
///
/// # Errors
/// When something could not be removed. Traffic passes unjudged only when this returns `Ok`.
pub fn off(interface: &str, index: Option<u32>) -> Result<bool, DatapathError> {
    let pins = PinDir::of(interface)?;
    if let Some(pid) = pins.holder() {
        stop_daemon(&pins, pid);
    }
    let existed = pins.exists();
    let lock = if existed { Some(pins.lock()?) } else { None };
    for index in index.into_iter().chain(pins.link_indices()?) {
        attach::detach_all(&Target {
            interface,
            index,
            pins: &pins,
        })?;
    }
    let others = pins.of_other_versions()?;
    pins.remove()?;
    for other in &others {
        other.remove()?;
    }
    drop(lock);
    Ok(existed || !others.is_empty())
}

/// Asks the daemon to end and waits until it let go of the lock; that it did not shows at the next lock.
fn stop_daemon(pins: &PinDir, pid: u32) {
    const PATIENCE: Duration = Duration::from_secs(5);
    const BETWEEN_LOOKS: Duration = Duration::from_millis(10);
    let Ok(raw) = i32::try_from(pid) else { return };
    if kill(Pid::from_raw(raw), Signal::SIGTERM).is_err() {
        return;
    }
    let start = Instant::now();
    while pins.holder() == Some(pid) && start.elapsed() < PATIENCE {
        thread::sleep(BETWEEN_LOOKS);
    }
}

/// Whether the device that a target names is gone.
fn is_absent(target: &Target<'_>) -> bool {
    if_nametoindex(target.interface).ok() != Some(target.index)
}

fn last_generation(pins: &PinDir) -> u32 {
    let read = || -> Option<u32> {
        let map = aya::maps::MapData::from_pin(pins.path(maps::META)).ok()?;
        let array: Array<_, u32> = Array::try_from(aya::maps::Map::Array(map)).ok()?;
        array.get(&0, 0).ok()
    };
    read().unwrap_or_default()
}

/// Before it is in force: whoever comes next must not give its number to another policy.
fn remember_generation(loaded: &mut Loaded, generation: u32) -> Result<(), DatapathError> {
    let map_error = |error| DatapathError::Map {
        map: maps::META,
        error,
    };
    let mut array: Array<_, u32> =
        Array::try_from(loaded.map_mut(maps::META)?).map_err(map_error)?;
    array.set(0, generation, 0).map_err(map_error)
}
