//! What happens to the device, and to what is on it.

use super::World;
use crate::policies::{SHUT_UDP, UDP};
use anyhow::{Result, ensure};
use exitguard::datapath::PIN_ROOT;
use exitguard::host::Inspector;
use exitguard::lab::{
    CLIENT_V4, CLIENT_V6, FRAME_HEADER_BYTES, LAN_HOST_V4, LISTED_V4, LISTED_V6, SERVER_V4,
    SERVER_V6, TUN,
};
use exitguard_common::abi::LinkLayer;
use exitguard_tests::frame::Frame;
use fastrand::Rng;
use std::fs;
use std::io;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

/// As tailscaled restarts, perhaps more than once at a time.
pub(super) fn recreate(world: &mut World) -> Result<()> {
    for _ in 0..world.random.u8(1..4) {
        world.site.lab.recreate_tun()?;
    }
    world.guarded()
}

/// The same while there is no daemon.
pub(super) fn recreate_alone(world: &mut World) -> Result<()> {
    world.take_daemon()?.kill()?;
    world.site.lab.recreate_tun()?;
    world.start()
}

/// Nothing but its pin holds a tcx link.
pub(super) fn remove_links(world: &mut World) -> Result<()> {
    remove_pins_of(world, |pin| pin.to_string_lossy().contains("/link_"))
}

/// The state that the next daemon would go on with is gone with them.
pub(super) fn remove_pins(world: &mut World) -> Result<()> {
    remove_pins_of(world, |_| true)?;
    world.take_daemon()?.kill()?;
    world.account.begins_anew();
    world.start()
}

/// Until the daemon has missed what went with the pins. The kernel takes its time to take links off.
fn remove_pins_of(world: &mut World, is_meant: fn(&Path) -> bool) -> Result<()> {
    let remove = || -> io::Result<usize> {
        let pins = pins(Path::new(PIN_ROOT))?;
        let meant = pins.iter().filter(|pin| is_meant(pin));
        meant
            .map(fs::remove_file)
            .try_fold(0, |sum, done| done.map(|()| sum + 1))
    };
    world.daemon()?.forget();
    let removed = world.site.exit().enter(remove)??;
    ensure!(removed > 0, "there was no pin to remove");
    world.daemon()?.wait_for("interface_back")
}

/// Everything below a folder that is none.
pub(crate) fn pins(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            found.extend(pins(&entry.path())?);
        } else {
            found.push(entry.path());
        }
    }
    Ok(found)
}

/// As systemd-networkd does with rules that it does not know.
pub(super) fn remove_gate(world: &mut World) -> Result<()> {
    let remove = || -> Result<bool> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        runtime.block_on(async { Ok(Inspector::new()?.open_gate(TUN).await?) })
    };
    let was_there = world.site.exit().enter(remove)??;
    ensure!(was_there, "there was no gate to remove");
    world.guarded()
}

/// Frames that no kernel sends: what is in them must not matter.
pub(super) fn malformed(world: &mut World) -> Result<()> {
    const FRAMES: usize = 20_000;
    let tun = world.site.lab.exit_tun()?;
    for _ in 0..FRAMES {
        let frame = damaged(&mut world.random)?;
        // The device refuses what is neither IPv4 nor IPv6.
        if tun.send(&frame).is_ok() {
            world.account.injected += 1;
        }
    }
    Ok(())
}

fn damaged(random: &mut Rng) -> Result<Vec<u8>> {
    let to: [(IpAddr, u16); 5] = [
        (SERVER_V4, SHUT_UDP),
        (SERVER_V6, SHUT_UDP),
        (LISTED_V4, UDP),
        (LISTED_V6, UDP),
        (LAN_HOST_V4, UDP),
    ];
    let (remote, port) = random.choice(to).unwrap_or((SERVER_V4, SHUT_UDP));
    let client = if remote.is_ipv4() {
        CLIENT_V4
    } else {
        CLIENT_V6
    };
    let ports = (random.u16(1_024..), port);
    let mut frame = match random.u8(..4) {
        0 => Frame::tcp(client, remote, ports),
        1 => Frame::other(client, remote, random.u8(..)),
        _ => Frame::udp(client, remote, ports),
    }
    .payload(random.usize(..100));
    match random.u8(..6) {
        0 => frame = frame.first_fragment(random.u32(..)),
        1 => frame = frame.later_fragment(random.u32(..8), 8),
        2 if remote.is_ipv4() => frame = frame.options(&[7, 7, 4, 0, 0, 0, 0, 0]),
        _ => {}
    }
    let mut bytes = vec![0; FRAME_HEADER_BYTES];
    bytes.extend(frame.bytes(LinkLayer::RawIp)?);
    damage(random, &mut bytes);
    Ok(bytes)
}

/// Behind the addresses, which decide on what is forbidden; and in the first bytes.
fn damage(random: &mut Rng, bytes: &mut Vec<u8>) {
    const ADDRESSES: std::ops::Range<usize> = 8..40;
    let packet = FRAME_HEADER_BYTES;
    for _ in 0..random.usize(1..4) {
        let place = random.usize(packet..bytes.len());
        let is_address = ADDRESSES.contains(&(place - packet));
        if let Some(byte) = bytes.get_mut(place)
            && !is_address
        {
            *byte ^= 1 << random.u8(..8);
        }
    }
    if random.u8(..4) == 0 {
        bytes.truncate(random.usize(packet + 1..bytes.len()));
    }
}
