//! Devices that come and go, and the lab's own beginning and end.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::process::CommandExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use exitguard::lab::{
    CLIENT_V4, EchoServer, Exchange, FRAME_HEADER_BYTES, FrameHeader, Lab, LabError, LabOptions,
    Links, MAX_FRAME_BYTES, SERVER_V4, TUN, TcpSession, Tun, tcp_transfer, udp_exchange,
};

use crate::{MIB, SOON, any_port, ask, lab, lab_with};

/// Long enough to say that nothing comes.
const BRIEFLY: Duration = Duration::from_millis(200);

/// Set in a process that runs one test only.
const ALONE: &str = "EXITGUARD_LAB_ALONE";

#[test]
#[ignore = "needs root"]
fn a_recreated_tun_has_another_index_and_traffic_flows_again() {
    let mut lab = lab();
    let server = EchoServer::udp(lab.internet(), any_port(SERVER_V4)).unwrap();
    let links = Links::of(lab.exit()).unwrap();
    let ask = |lab: &Lab, within| {
        udp_exchange(lab.client(), CLIENT_V4, server.address(), within).unwrap()
    };
    assert_eq!(ask(&lab, SOON), Exchange::Answered);
    let first = links.index(TUN).unwrap().unwrap();

    lab.remove_tun();
    assert_eq!(links.index(TUN).unwrap(), None);
    assert!(matches!(lab.exit_tun(), Err(LabError::NoTun)));
    assert_eq!(ask(&lab, BRIEFLY), Exchange::TimedOut);
    assert_eq!(ask(&lab, BRIEFLY), Exchange::TimedOut);
    assert_eq!(server.calls(), 1);

    lab.recreate_tun().unwrap();
    assert_ne!(links.index(TUN).unwrap().unwrap(), first);
    assert_eq!(ask(&lab, SOON), Exchange::Answered);

    assert_eq!(server.calls(), 2, "what was sent in between is lost");

    let before = lab.outbound().frames;
    lab.recreate_tun().unwrap();
    assert_eq!(ask(&lab, SOON), Exchange::Answered);
    assert!(lab.outbound().frames > before);
}

/// An echo request, written to the exit node's TUN by hand.
#[test]
#[ignore = "needs root"]
fn without_a_relay_the_caller_is_the_wire() {
    #[rustfmt::skip]
    let request = [
        0x45, 0, 0, 28, 0, 1, 0, 0, 64, 1, 0xb2, 0x56, 100, 64, 0, 9, 100, 64, 0, 1,
        8, 0, 0xf7, 0xfd, 0, 1, 0, 1,
    ];
    for offload in [true, false] {
        let lab = lab_with(|options| {
            options.relay = false;
            options.offload = offload;
        });
        let tun = lab.exit_tun().unwrap();
        let header = FrameHeader::default().to_bytes();
        let header = if tun.has_headers() { &header[..] } else { &[] };
        tun.send(&[header, &request].concat()).unwrap();

        let reply = next_ipv4(&lab);
        assert_eq!(reply[12..20], [100, 64, 0, 1, 100, 64, 0, 9]);
        assert_eq!(reply[20..], [0, 0, 0xff, 0xfd, 0, 1, 0, 1]);
        assert_eq!(lab.outbound().frames, 0);
    }
}

/// The next IPv4 packet out of the exit node's TUN; the kernel sends IPv6 of its own there.
fn next_ipv4(lab: &Lab) -> Vec<u8> {
    let tun = lab.exit_tun().unwrap();
    let mut frame = vec![0; MAX_FRAME_BYTES];
    loop {
        let length = tun.recv_within(&mut frame, SOON).unwrap();
        let packet = if tun.has_headers() {
            FRAME_HEADER_BYTES
        } else {
            0
        };
        if frame[packet] >> 4 == 4 {
            return frame[packet..length].to_vec();
        }
    }
}

#[test]
#[ignore = "needs root"]
fn the_exit_node_has_a_bpf_file_system_of_its_own() {
    let lab = lab();
    let mark = format!("/sys/fs/bpf/lab_{}", std::process::id());
    let links = lab
        .exit()
        .enter(|| {
            fs::create_dir(&mark).unwrap();
            let inside = thread::spawn({
                let mark = mark.clone();
                move || fs::exists(mark).unwrap()
            });
            assert!(inside.join().unwrap());
            fs::read_dir("/sys/class/net")
                .unwrap()
                .map(|link| link.unwrap().file_name())
                .collect()
        })
        .unwrap();
    assert!(!fs::exists(&mark).unwrap());
    let links: BTreeSet<_> = links;
    assert_eq!(
        links,
        ["lan0", "lo", "tailscale0", "wan0"].map(Into::into).into()
    );
}

#[test]
#[ignore = "needs root"]
fn many_labs_live_side_by_side() {
    let labs = [lab(), lab(), lab()];
    for lab in &labs {
        ask(lab, lab.internet(), CLIENT_V4, SERVER_V4);
    }
}

#[test]
#[ignore = "needs root"]
fn a_device_name_is_taken_once() {
    let lab = lab();
    let taken = Tun::open(lab.exit(), TUN, true).unwrap_err();
    let said = taken.to_string();
    assert!(
        said.starts_with("cannot open the TUN device tailscale0: "),
        "{said}"
    );
    let links = Links::of(lab.lan()).unwrap();
    let absent = links.set_mtu("eth9", 1400).unwrap_err().to_string();
    assert!(
        absent.starts_with("cannot set the MTU on link eth9: "),
        "{absent}"
    );
    assert_eq!(links.index("eth9").unwrap(), None);
}

/// Runs this test binary again for one test only, there with `ALONE` set.
fn alone(test: &str, change: impl FnOnce(&mut Command)) {
    // By this name it can be run whoever may enter its directory.
    let mut command = Command::new("/proc/self/exe");
    command
        .args(["--ignored", "--exact", "--nocapture", test])
        .env(ALONE, "1");
    change(&mut command);
    let done = command.output().unwrap();
    let said = [done.stdout, done.stderr].concat();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&said));
}

#[test]
#[ignore = "needs root"]
fn without_root_a_lab_says_what_it_needs() {
    if std::env::var_os(ALONE).is_none() {
        return alone("life::without_root_a_lab_says_what_it_needs", |command| {
            const NOBODY: u32 = 65_534;
            command.gid(NOBODY).uid(NOBODY);
        });
    }
    let refused = Lab::build(&LabOptions::default()).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "not permitted to create a network namespace; a lab needs root, or CAP_SYS_ADMIN and CAP_NET_ADMIN"
    );
}

/// Runs in a process of its own, where no other test starts threads or opens descriptors.
#[test]
#[ignore = "needs root"]
fn nothing_is_left_of_a_dropped_lab() {
    if std::env::var_os(ALONE).is_none() {
        return alone("life::nothing_is_left_of_a_dropped_lab", |_| {});
    }
    // What the process opens once and for all, such as a pool of random numbers.
    drop(lab());
    let before = possessions();

    drop(busy_lab());
    assert_back_at(&before, "after a drop");

    let panic = catch_unwind(AssertUnwindSafe(|| {
        let _busy = busy_lab();
        panic!("on purpose");
    }));
    assert!(panic.is_err());
    assert_back_at(&before, "after a panic");

    let lab = lab();
    let inside = catch_unwind(AssertUnwindSafe(|| lab.exit().enter(|| panic!("inside"))));
    assert_eq!(inside.unwrap_err().downcast_ref(), Some(&"inside"));
    drop(lab);
    assert_back_at(&before, "after a panic inside");
}

/// A joined thread is listed by the kernel for a moment longer.
fn assert_back_at(before: &Possessions, when: &str) {
    let deadline = Instant::now() + SOON;
    while possessions() != *before && Instant::now() < deadline {
        thread::yield_now();
    }
    assert_eq!(possessions(), *before, "{when}");
}

/// A lab with servers, a session and a transfer behind it.
fn busy_lab() -> (TcpSession, Lab, EchoServer) {
    let lab = lab();
    let server = EchoServer::tcp(lab.internet(), any_port(SERVER_V4)).unwrap();
    tcp_transfer(lab.client(), CLIENT_V4, server.address(), MIB, SOON).unwrap();
    let mut session = TcpSession::open(lab.client(), CLIENT_V4, server.address(), SOON).unwrap();
    assert_eq!(session.exchange(SOON).unwrap(), Exchange::Answered);
    (session, lab, server)
}

type Possessions = [BTreeSet<String>; 4];

/// Threads, descriptors, mounts and links that this process has or sees.
fn possessions() -> Possessions {
    let names = |path| {
        let entries = fs::read_dir(path)
            .unwrap()
            .map(|entry| entry.unwrap().path());
        entries.collect::<Vec<_>>()
    };
    let last = |path: &std::path::PathBuf| path.file_name().unwrap().display().to_string();
    // The descriptor that lists the descriptors is gone again when its target is asked for.
    let open = names("/proc/self/fd");
    let open = open.iter().filter_map(|fd| {
        Some(format!(
            "{} {}",
            fd.display(),
            fs::read_link(fd).ok()?.display()
        ))
    });
    [
        names("/proc/self/task").iter().map(last).collect(),
        open.collect(),
        fs::read_to_string("/proc/self/mountinfo")
            .unwrap()
            .lines()
            .map(str::to_owned)
            .collect(),
        names("/sys/class/net").iter().map(last).collect(),
    ]
}
