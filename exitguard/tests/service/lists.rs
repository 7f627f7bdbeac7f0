//! The service that updates lists, and the daemon that hears of it.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread;

use exitguard::lab::Exchange;

use crate::machine::{CONFIG, Machine};
use crate::readme::console_with;
use crate::until;

/// The server of the lab, whose port is allowed otherwise.
const LIST: &str = "203.0.113.7\n";

#[test]
#[ignore = "needs root"]
fn the_timer_s_service_puts_a_new_list_in_force() {
    let machine = Machine::with_service();
    let server = machine
        .lab
        .exit()
        .enter(|| TcpListener::bind("127.0.0.1:0"))
        .unwrap()
        .unwrap();
    let address = server.local_addr().unwrap();
    let config = machine.read(CONFIG);
    machine.write(
        CONFIG,
        &format!("{config}\n[[list]]\nname = \"bad\"\nsource = \"http://{address}/bad.txt\"\ninsecure = true\n"),
    );
    machine.start_service();
    machine.assert_guarded();
    let answered = thread::spawn(move || {
        let (mut client, _) = server.accept().unwrap();
        let mut request = [0; 4_096];
        let length = client.read(&mut request).unwrap();
        let answer = format!(
            "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{LIST}",
            LIST.len()
        );
        client.write_all(answer.as_bytes()).unwrap();
        length > 0
    });
    machine.done(&console_with(
        "systemctl daemon-reload && systemctl enable --now exitguard-lists.timer",
    ));
    machine.done("systemctl start exitguard-lists");
    assert!(answered.join().unwrap());
    assert_eq!(machine.property("exitguard-lists", "Result"), "success");
    until("the new list", || machine.ask() == [Exchange::Refused; 2]);
    assert_eq!(
        machine.property("exitguard-lists.timer", "ActiveState"),
        "active"
    );
}
