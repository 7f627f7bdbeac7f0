//! Whom this host asks for names.

use std::net::IpAddr;
use std::path::Path;

/// Where that is written: by whoever manages the network, and by systemd-resolved, which puts itself in the
/// first file and the servers behind it in the second.
pub const RESOLV_CONF: [&str; 2] = ["/etc/resolv.conf", "/run/systemd/resolve/resolv.conf"];

/// The servers that these files name. One that is not there, or is not understood, names none.
pub fn resolvers(files: &[impl AsRef<Path>]) -> Vec<IpAddr> {
    let texts = files
        .iter()
        .filter_map(|file| std::fs::read_to_string(file).ok());
    let mut servers: Vec<IpAddr> = texts
        .flat_map(|text| text.lines().filter_map(server).collect::<Vec<_>>())
        .collect();
    servers.sort_unstable();
    servers.dedup();
    servers
}

/// `nameserver ADDRESS`, where an IPv6 address may have a zone.
fn server(line: &str) -> Option<IpAddr> {
    let mut words = line.split_ascii_whitespace();
    let is_server = words.next() == Some("nameserver");
    let addr = words.next().filter(|_| is_server)?;
    let (addr, _zone) = addr.split_once('%').unwrap_or((addr, ""));
    addr.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_of_all_files_are_named_once_and_nothing_else_is() {
        let folder = tempfile::tempdir().unwrap();
        let (first, second) = (folder.path().join("first"), folder.path().join("second"));
        let text = "# nameserver 192.0.2.1\nnameserver 192.0.2.53\n  nameserver\t2001:db8::53 # near\n\
                    nameserver fe80::1%eth0\nsearch 192.0.2.2\nnameserver\nnameserver example.com\n";
        std::fs::write(&first, text).unwrap();
        std::fs::write(&second, "nameserver 192.0.2.53\nnameserver 198.51.100.53").unwrap();
        let absent = folder.path().join("absent");
        let expected: Vec<IpAddr> = ["192.0.2.53", "198.51.100.53", "2001:db8::53", "fe80::1"]
            .map(|addr| addr.parse().unwrap())
            .to_vec();
        assert_eq!(resolvers(&[first, absent, second]), expected);
    }
}
