//! Who reads what the daemon tells, and who asks it.

use super::World;
use crate::account::status;
use crate::wait::until;
use anyhow::Result;
use fastrand::Rng;
use std::io::Write;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

/// Nobody reads for a while, and the socket is hammered meanwhile.
pub(super) fn both(world: &mut World) -> Result<()> {
    let lost = status(&world.site)?.lost_output;
    world.daemon()?.read(false);
    let hammered = hammer(&world.site.socket(), &mut world.random);
    let missed = until("a report that nobody read", || {
        let status = status(&world.site).ok();
        Ok(status.filter(|status| status.lost_output > lost).map(drop))
    });
    world.daemon()?.read(true);
    hammered.and(missed)
}

/// More connections than there may be, and nothing on them that makes sense.
fn hammer(socket: &Path, random: &mut Rng) -> Result<()> {
    const CONNECTIONS: usize = 400;
    /// Longer than a question may be.
    const LONG: usize = 80 << 10;
    let mut open = Vec::new();
    for _ in 0..CONNECTIONS {
        let mut stream = UnixStream::connect(socket)?;
        stream.set_write_timeout(Some(Duration::from_millis(20)))?;
        let bytes = match random.u8(..6) {
            0 => Vec::new(),
            1 => b"{\"op\":\"sta".to_vec(),
            2 => b"{\"op\":\"status\"}\n".repeat(50),
            3 => vec![b'x'; LONG],
            4 => std::iter::repeat_with(|| random.u8(..)).take(500).collect(),
            _ => b"{\"op\":\"off\"}\n[]\n\n\0\n".to_vec(),
        };
        // Who is too many is cut off.
        let _ = stream.write_all(&bytes);
        if random.bool() {
            open.push(stream);
        }
    }
    Ok(())
}
