//! The service that answers at a loopback address, which needs more than its unit lets it.

use std::io::{Read, Write};
use std::net::TcpStream;

use crate::machine::{CONFIG, Machine};
use crate::readme::console_with;
use crate::until;

#[test]
#[ignore = "needs root"]
fn the_drop_in_lets_the_service_answer_at_a_loopback_address() {
    let machine = Machine::with_service();
    let config = machine.read(CONFIG);
    let unix = "listen = \"unix:/run/exitguard/metrics.sock\"";
    assert!(config.contains(unix));
    machine.write(CONFIG, &config.replace(unix, "listen = \"127.0.0.1:9469\""));
    machine.start_service();
    until("the word about it", || {
        let look = "grep '\"event\":\"no_metrics\"' /var/log/exitguard/events.jsonl";
        machine.run(look).code == Some(0)
    });
    machine.assert_guarded();

    let commands = "systemctl daemon-reload && systemctl restart exitguard";
    machine.done(&console_with(commands));
    let connect = || {
        machine
            .lab
            .exit()
            .enter(|| TcpStream::connect("127.0.0.1:9469"))
    };
    let mut metrics = connect().unwrap().unwrap();
    let request = "GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    metrics.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    metrics.read_to_string(&mut answer).unwrap();
    assert!(
        answer.contains("exitguard_protection{state=\"enforcing\"} 1"),
        "{answer}"
    );
}
