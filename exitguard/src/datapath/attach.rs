//! Programs on hooks: put there, replace, take away. Ours only, and atomically.
//!
//! Two ways for TC. tcx links (Linux 6.6) are pinned: the pin keeps the program attached, and replacing it is
//! one update of the link. Before that, a filter at the clsact qdisc under a priority and handle of our
//! own: it outlives us by itself, and replacing it is one message. In both, packets are judged by the old
//! program or the new one, never by none.

use super::error::DatapathError;
use super::object::Loaded;
use super::pins::{self, PinDir};
use super::raw;
use aya::programs::links::{FdLink, Link, LinkError, PinnedLink};
use aya::programs::tc::{
    self, NlOptions, SchedClassifierLink, TcAttachOptions, TcAttachType, TcError, TcHandle,
};
use aya::programs::xdp::XdpLink;
use aya::programs::{LinkOrder, ProgramError, SchedClassifier, Xdp, XdpMode};
use aya::sys::SyscallError;
use exitguard_common::abi::programs;
use std::io;
use std::path::{Path, PathBuf};

/// Where a program of ours can sit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hook {
    /// Client to world, at TC ingress.
    TcOutbound,
    /// World to client, at TC egress.
    TcInbound,
    /// Client to world, at XDP.
    XdpOutbound,
}

impl Hook {
    const ALL: [Self; 3] = [Self::TcOutbound, Self::TcInbound, Self::XdpOutbound];

    pub(super) const fn program(self) -> &'static str {
        match self {
            Self::TcOutbound => programs::TC_OUTBOUND,
            Self::TcInbound => programs::TC_INBOUND,
            Self::XdpOutbound => programs::XDP_OUTBOUND,
        }
    }

    /// For people.
    pub const fn name(self) -> &'static str {
        match self {
            Self::TcOutbound => "TC ingress",
            Self::TcInbound => "TC egress",
            Self::XdpOutbound => "XDP",
        }
    }

    const fn pin_prefix(self) -> &'static str {
        match self {
            Self::TcOutbound => "link_tc_outbound_",
            Self::TcInbound => "link_tc_inbound_",
            Self::XdpOutbound => "link_xdp_outbound_",
        }
    }
}

/// The device a guard is put on.
#[derive(Clone, Debug)]
pub(super) struct Target<'a> {
    pub(super) interface: &'a str,
    pub(super) index: u32,
    pub(super) pins: &'a PinDir,
}

/// How TC programs are attached here.
#[derive(Debug)]
pub(super) enum TcSupport {
    /// tcx; the link on `lo` makes further attachments take effect at once (the kernel switches tcx on
    /// for the machine with the first link, after a wait).
    Tcx { _held: FdLink },
    /// clsact.
    Clsact,
}

/// First in line: a program before ours that accepts a packet would end the line without us.
const PRIORITY: u16 = 1;
/// "eg" and a number: told apart from any other filter of the same priority.
const HANDLE: TcHandle = TcHandle::new(0x6567, 1);
const LOOPBACK: &str = "lo";

impl TcSupport {
    /// Finds out by attaching the program that does nothing to the loopback device.
    pub(super) fn probe(loaded: &mut Loaded) -> Result<Self, DatapathError> {
        let program = loaded.classifier(programs::TC_NOTHING)?;
        let order = TcAttachOptions::TcxOrder(LinkOrder::last());
        match program.attach_with_options(LOOPBACK, TcAttachType::Ingress, order) {
            Ok(id) => {
                let link = program
                    .take_link(id)
                    .and_then(|link| FdLink::try_from(link).map_err(|_| ProgramError::NotAttached));
                link.map(|held| Self::Tcx { _held: held })
                    .map_err(|error| attach_error(LOOPBACK, error))
            }
            // BPF_LINK_CREATE does not know BPF_TCX_INGRESS.
            Err(error) if errno(&error) == Some(libc::EINVAL) => Ok(Self::Clsact),
            Err(error) => Err(attach_error(LOOPBACK, error)),
        }
    }

    /// For people.
    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::Tcx { .. } => "tcx",
            Self::Clsact => "clsact",
        }
    }
}

/// Puts the program of a hook in force on a device, or in the place of its predecessor there.
pub(super) fn attach(
    loaded: &mut Loaded,
    hook: Hook,
    target: &Target<'_>,
    tc: &TcSupport,
) -> Result<(), DatapathError> {
    remove_stale_pins(hook, target)?;
    let Some(direction) = tc_direction(hook) else {
        return attach_xdp(loaded.xdp()?, target);
    };
    let program = loaded.classifier(hook.program())?;
    match tc {
        TcSupport::Tcx { .. } => attach_tcx(program, direction, &link_pin(hook, target), target),
        TcSupport::Clsact => attach_clsact(program, direction, target)
            .map_err(|error| attach_error(target.interface, error)),
    }
}

/// Takes the program of a hook away.
pub(super) fn detach(hook: Hook, target: &Target<'_>) -> Result<(), DatapathError> {
    let pin = link_pin(hook, target);
    match raw::detach_link(&pin) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(DatapathError::Pin {
                action: "detach",
                path: pin,
                error,
            });
        }
        _ => pins::remove_pin(&pin)?,
    }
    let Some(direction) = tc_direction(hook) else {
        return Ok(());
    };
    let Ok(filter) =
        SchedClassifierLink::attached(target.interface, direction, PRIORITY, HANDLE, None)
    else {
        // The device is gone, and the filter with it.
        return Ok(());
    };
    match filter.detach() {
        Ok(()) => Ok(()),
        // No such filter, or no clsact qdisc to hold one.
        Err(error)
            if matches!(
                errno(&error),
                Some(libc::ENOENT | libc::EINVAL | libc::ENODEV)
            ) =>
        {
            Ok(())
        }
        Err(error) => Err(attach_error(target.interface, error)),
    }
}

/// Takes everything away that could be on a device.
pub(super) fn detach_all(target: &Target<'_>) -> Result<(), DatapathError> {
    Hook::ALL
        .into_iter()
        .try_for_each(|hook| detach(hook, target))
}

fn attach_tcx(
    program: &mut SchedClassifier,
    direction: TcAttachType,
    pin: &Path,
    target: &Target<'_>,
) -> Result<(), DatapathError> {
    let refused = |error| attach_error(target.interface, error);
    if let Some(pinned) = pinned_link(pin)? {
        let link = SchedClassifierLink::try_from(pinned).map_err(|error| link_error(pin, error))?;
        match program.attach_to_link(link) {
            // The pin holds the link; our handle on it may go.
            Ok(id) => return program.take_link(id).map(drop).map_err(refused),
            Err(error) if is_severed(&error) => pins::remove_pin(pin)?,
            Err(error) => return Err(refused(error)),
        }
    }
    let order = TcAttachOptions::TcxOrder(LinkOrder::first());
    let id = program
        .attach_with_options(target.interface, direction, order)
        .map_err(refused)?;
    let link = program.take_link(id).map_err(refused)?;
    pin_link(FdLink::try_from(link), pin)
}

fn attach_clsact(
    program: &mut SchedClassifier,
    direction: TcAttachType,
    target: &Target<'_>,
) -> Result<(), ProgramError> {
    match tc::qdisc_add_clsact(target.interface) {
        Ok(()) => {}
        Err(TcError::NetlinkError(error)) if error.raw_os_error() == Some(libc::EEXIST) => {}
        Err(error) => return Err(error.into()),
    }
    let ours = SchedClassifierLink::attached(target.interface, direction, PRIORITY, HANDLE, None)
        .map_err(TcError::IoError)?;
    let id = match program.attach_to_link(ours) {
        Err(error) if errno(&error) == Some(libc::ENOENT) => {
            let options = NlOptions {
                priority: PRIORITY,
                handle: HANDLE,
                classid: None,
            };
            program.attach_with_options(
                target.interface,
                direction,
                TcAttachOptions::Netlink(options),
            )
        }
        result => result,
    }?;
    // Dropping the link would remove the filter, which has to outlive this process.
    std::mem::forget(program.take_link(id)?);
    Ok(())
}

fn attach_xdp(program: &mut Xdp, target: &Target<'_>) -> Result<(), DatapathError> {
    let refused = |error| attach_error(target.interface, error);
    let pin = link_pin(Hook::XdpOutbound, target);
    if let Some(pinned) = pinned_link(&pin)? {
        let link = XdpLink::try_from(pinned).map_err(|error| link_error(&pin, error))?;
        match program.attach_to_link(link) {
            Ok(id) => return program.take_link(id).map(drop).map_err(refused),
            Err(error) if is_severed(&error) => pins::remove_pin(&pin)?,
            Err(error) => return Err(refused(error)),
        }
    }
    // The kernel chooses the driver's own XDP where there is one, and the generic one elsewhere.
    let id = program
        .attach(target.interface, XdpMode::Default)
        .map_err(refused)?;
    let link = program.take_link(id).map_err(refused)?;
    pin_link(FdLink::try_from(link), &pin)
}

fn pin_link(link: Result<FdLink, LinkError>, path: &Path) -> Result<(), DatapathError> {
    let link = link.map_err(|error| link_error(path, error))?;
    link.pin(path)
        .map(drop)
        .map_err(|error| link_error(path, error))
}

/// Pins are named after the index of the device, which is never used twice: a link of a device that was
/// renamed or re-created is not taken for one of the device that has the name now.
fn link_pin(hook: Hook, target: &Target<'_>) -> PathBuf {
    target
        .pins
        .path(&format!("{}{}", hook.pin_prefix(), target.index))
}

fn remove_stale_pins(hook: Hook, target: &Target<'_>) -> Result<(), DatapathError> {
    let current = link_pin(hook, target);
    for path in target.pins.with_prefix(hook.pin_prefix())? {
        if path != current {
            pins::remove_pin(&path)?;
        }
    }
    Ok(())
}

fn pinned_link(path: &Path) -> Result<Option<FdLink>, DatapathError> {
    // `from_pin` cannot tell a missing pin from a failure.
    if !path.exists() {
        return Ok(None);
    }
    PinnedLink::from_pin(path)
        .map(|pinned| Some(pinned.into()))
        .map_err(|error| link_error(path, error))
}

const fn tc_direction(hook: Hook) -> Option<TcAttachType> {
    match hook {
        Hook::TcOutbound => Some(TcAttachType::Ingress),
        Hook::TcInbound => Some(TcAttachType::Egress),
        Hook::XdpOutbound => None,
    }
}

/// The device of the link is gone ("Link has been severed").
fn is_severed(error: &ProgramError) -> bool {
    errno(error) == Some(libc::ENOLINK)
}

pub(super) fn errno(error: &ProgramError) -> Option<i32> {
    match error {
        ProgramError::SyscallError(SyscallError { io_error, .. }) => io_error.raw_os_error(),
        ProgramError::TcError(TcError::NetlinkError(error)) | ProgramError::NetlinkError(error) => {
            error.raw_os_error()
        }
        _ => None,
    }
}

fn attach_error(interface: &str, error: ProgramError) -> DatapathError {
    if errno(&error) == Some(libc::EPERM) {
        return DatapathError::NotPermitted {
            what: "attach BPF programs to an interface",
        };
    }
    DatapathError::Attach {
        interface: interface.to_owned(),
        error: Box::new(error),
    }
}

fn link_error(path: &Path, error: impl std::fmt::Display) -> DatapathError {
    DatapathError::Link {
        path: path.to_owned(),
        error: error.to_string(),
    }
}
