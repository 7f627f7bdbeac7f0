//! A TUN like tailscaled's: `IFF_TUN | IFF_NO_PI | IFF_VNET_HDR`, one queue, not persistent, with
//! `TUNSETOFFLOAD` for checksums, TCP segmentation and, from Linux 6.2, UDP segmentation.

use std::fmt;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use tun_rs::{DeviceBuilder, SyncDevice};

use super::error::{LabError, is_denied};
use super::namespace::Namespace;

/// A TUN device, which ends with this value.
///
/// A frame is what one read or write moves: with offloads a [`super::FrameHeader`] and an IP packet, which may
/// be a super-packet of up to 64 KiB; without them the packet alone, never longer than the MTU.
pub struct Tun {
    device: SyncDevice,
    offload: bool,
}

impl Tun {
    /// Opens the device `name` in `namespace`, down and without addresses.
    ///
    /// # Errors
    /// [`LabError::NotPermitted`] without CAP_NET_ADMIN; [`LabError::Tun`] if the name is taken, or the kernel
    /// has no TUN.
    pub fn open(namespace: &Namespace, name: &str, offload: bool) -> Result<Self, LabError> {
        let failed = |error| {
            if is_denied(&error) {
                return LabError::NotPermitted {
                    what: format!("open the TUN device {name}"),
                };
            }
            LabError::Tun {
                name: name.to_owned(),
                error,
            }
        };
        let open = || {
            let device = DeviceBuilder::new()
                .name(name)
                .enable(false)
                .with(|linux| {
                    linux.offload(offload);
                })
                .build_sync()?;
            device.set_nonblocking(true)?;
            Ok(device)
        };
        let device = namespace.enter(open)?.map_err(failed)?;
        Ok(Self { device, offload })
    }

    /// True if frames begin with a [`super::FrameHeader`].
    #[must_use]
    pub fn has_headers(&self) -> bool {
        self.offload
    }

    /// True if the kernel may hand out super-packets of UDP (Linux 6.2).
    #[must_use]
    pub fn has_udp_offload(&self) -> bool {
        self.device.udp_gso()
    }

    /// Puts a frame into the kernel, as if it had arrived on the device. Returns its length in bytes.
    ///
    /// # Errors
    /// `EIO` while the device is down, `EINVAL` for a frame that the kernel cannot make sense of.
    pub fn send(&self, frame: &[u8]) -> io::Result<usize> {
        self.device.send(frame)
    }

    /// Takes the next frame that the kernel sent out through the device, and returns its length in bytes.
    ///
    /// A frame longer than `frame` is cut; [`super::MAX_FRAME_BYTES`] are always enough.
    ///
    /// # Errors
    /// [`io::ErrorKind::WouldBlock`] if there is none now; `EBADFD` when the device was removed.
    pub fn recv(&self, frame: &mut [u8]) -> io::Result<usize> {
        self.device.recv(frame)
    }

    /// As [`Self::recv`], but waits for a frame.
    ///
    /// # Errors
    /// [`io::ErrorKind::TimedOut`] when there is none `within` this time.
    pub fn recv_within(&self, frame: &mut [u8], within: Duration) -> io::Result<usize> {
        let deadline = Instant::now() + within;
        loop {
            match self.recv(frame) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                done => return done,
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(io::ErrorKind::TimedOut.into());
            }
            // Rounded up, so that the last wait is not a busy one.
            let timeout = PollTimeout::try_from(left.as_millis() + 1).unwrap_or(PollTimeout::MAX);
            match poll(&mut [PollFd::new(self.as_fd(), PollFlags::POLLIN)], timeout) {
                Ok(_) | Err(Errno::EINTR) => {}
                Err(errno) => return Err(errno.into()),
            }
        }
    }
}

impl AsFd for Tun {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.device.as_fd()
    }
}

impl fmt::Debug for Tun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tun")
            .field("offload", &self.offload)
            .finish_non_exhaustive()
    }
}
