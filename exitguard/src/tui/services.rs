//! What well-known ports are for: some of IANA's registry, those that servers talk to.

const NAMES: [(u16, &str); 44] = [
    (20, "ftp-data"),
    (21, "ftp"),
    (22, "ssh"),
    (23, "telnet"),
    (25, "smtp"),
    (43, "whois"),
    (53, "dns"),
    (67, "dhcp"),
    (69, "tftp"),
    (80, "http"),
    (88, "kerberos"),
    (110, "pop3"),
    (111, "rpcbind"),
    (123, "ntp"),
    (135, "msrpc"),
    (139, "netbios"),
    (143, "imap"),
    (161, "snmp"),
    (179, "bgp"),
    (389, "ldap"),
    (443, "https"),
    (445, "smb"),
    (465, "smtps"),
    (500, "ike"),
    (514, "syslog"),
    (587, "submission"),
    (636, "ldaps"),
    (853, "dns-tls"),
    (873, "rsync"),
    (993, "imaps"),
    (995, "pop3s"),
    (1080, "socks"),
    (1194, "openvpn"),
    (1433, "mssql"),
    (1883, "mqtt"),
    (2049, "nfs"),
    (3306, "mysql"),
    (3389, "rdp"),
    (4500, "ipsec-nat"),
    (5432, "postgres"),
    (5900, "vnc"),
    (6379, "redis"),
    (6667, "irc"),
    (8080, "http-alt"),
];

/// What a port is for, of TCP and UDP alike.
pub(crate) fn name(port: u16) -> Option<&'static str> {
    let found = NAMES.binary_search_by_key(&port, |(number, _)| *number);
    found
        .ok()
        .and_then(|at| NAMES.get(at))
        .map(|(_, name)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_port_is_found_by_its_number() {
        for (number, known) in NAMES {
            assert_eq!(name(number), Some(known));
        }
        assert_eq!(name(1), None);
        assert_eq!(name(65_535), None);
    }
}
