//! One question and its answer over real sockets: what a client behind the exit node experiences.

use std::io::{self, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream, UdpSocket};
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use nix::sys::socket::{setsockopt, sockopt};
use socket2::{Domain, Protocol, Socket, Type};

use super::error::LabError;
use super::namespace::Namespace;

/// What came of a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exchange {
    /// The server answered.
    Answered,
    /// A TCP reset or an ICMP "port unreachable" answered the first packet.
    Refused,
    /// An ICMP error answered, such as "administratively prohibited" (RFC 1812 §5.2.7.1, RFC 4443 §3.1).
    /// The kind is what Linux makes of it.
    Unreachable(io::ErrorKind),
    /// The connection was there, and was reset or closed before the answer came.
    Reset,
    /// Nothing came back in time.
    TimedOut,
}

impl Exchange {
    /// Tells what the network said from what is wrong with the socket itself.
    pub(super) fn from_error(error: io::Error) -> Result<Self, io::Error> {
        use io::ErrorKind as Kind;
        match error.kind() {
            Kind::ConnectionRefused => Ok(Self::Refused),
            kind @ (Kind::HostUnreachable | Kind::NetworkUnreachable | Kind::PermissionDenied) => {
                Ok(Self::Unreachable(kind))
            }
            Kind::ConnectionReset
            | Kind::ConnectionAborted
            | Kind::BrokenPipe
            | Kind::UnexpectedEof => Ok(Self::Reset),
            Kind::TimedOut | Kind::WouldBlock => Ok(Self::TimedOut),
            _ => Err(error),
        }
    }
}

/// A question: its number, and bytes enough to be recognised.
type Question = [u8; 16];

fn question(number: u64) -> Question {
    let mut bytes = *b"ask me\r\n\0\0\0\0\0\0\0\0";
    if let Some(tail) = bytes.last_chunk_mut::<8>() {
        *tail = number.to_be_bytes();
    }
    bytes
}

/// A TCP connection to an echo server, for questions over time.
#[derive(Debug)]
pub struct TcpSession {
    pub(super) stream: TcpStream,
    far: SocketAddr,
    asked: u64,
}

impl TcpSession {
    /// Connects from an address of `namespace`.
    ///
    /// # Errors
    /// [`LabError::Socket`] with whatever kept the connection from coming about.
    pub fn open(
        namespace: &Namespace,
        from: IpAddr,
        to: SocketAddr,
        within: Duration,
    ) -> Result<Self, LabError> {
        let connect = || {
            let socket = Socket::new(Domain::for_address(to), Type::STREAM, Some(Protocol::TCP))?;
            socket.bind(&SocketAddr::new(from, 0).into())?;
            socket.connect_timeout(&to.into(), within)?;
            socket.set_tcp_nodelay(true)?;
            Ok(socket.into())
        };
        let stream = namespace
            .enter(connect)?
            .map_err(|error| failure("connect to", to, error))?;
        Ok(Self {
            stream,
            far: to,
            asked: 0,
        })
    }

    /// The near end of the connection.
    ///
    /// # Errors
    /// [`LabError::Socket`] if the system does not know.
    pub fn near(&self) -> Result<SocketAddr, LabError> {
        self.stream
            .local_addr()
            .map_err(|error| failure("use the connection to", self.far, error))
    }

    /// Asks, and waits for the answer to this question: late answers to earlier ones are passed over.
    ///
    /// # Errors
    /// [`LabError::Socket`] with an error that is no answer from the network.
    pub fn exchange(&mut self, within: Duration) -> Result<Exchange, LabError> {
        self.asked += 1;
        let asked = question(self.asked);
        let done = ask(&mut self.stream, asked, within).map(|()| Exchange::Answered);
        done.or_else(Exchange::from_error)
            .map_err(|error| failure("talk to", self.far, error))
    }
}

fn ask(stream: &mut TcpStream, asked: Question, within: Duration) -> io::Result<()> {
    let deadline = Instant::now() + within;
    stream.set_write_timeout(Some(remaining(deadline)?))?;
    stream.write_all(&asked)?;
    let mut answer = Question::default();
    while answer != asked {
        stream.set_read_timeout(Some(remaining(deadline)?))?;
        stream.read_exact(&mut answer)?;
    }
    Ok(())
}

/// The time until a deadline, never zero: for sockets, that means for ever.
fn remaining(deadline: Instant) -> io::Result<Duration> {
    let left = deadline.saturating_duration_since(Instant::now());
    if left.is_zero() {
        Err(io::ErrorKind::TimedOut.into())
    } else {
        Ok(left)
    }
}

/// Reads again after a signal: a read with a timeout is never resumed by the kernel (signal(7)).
pub(super) fn read_until(
    deadline: Instant,
    mut read: impl FnMut(Duration) -> io::Result<usize>,
) -> io::Result<usize> {
    loop {
        match read(remaining(deadline)?) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            done => return done,
        }
    }
}

/// Connects from an address of `namespace` to an echo server, asks once, and closes.
///
/// # Errors
/// [`LabError::Socket`] with an error that is no answer from the network.
pub fn tcp_exchange(
    namespace: &Namespace,
    from: IpAddr,
    to: SocketAddr,
    within: Duration,
) -> Result<Exchange, LabError> {
    let deadline = Instant::now() + within;
    match TcpSession::open(namespace, from, to, within) {
        Ok(mut session) => session.exchange(deadline.saturating_duration_since(Instant::now())),
        Err(LabError::Socket { error, .. }) => {
            Exchange::from_error(error).map_err(|error| failure("connect to", to, error))
        }
        Err(error) => Err(error),
    }
}

/// Sends one datagram from an address of `namespace` to an echo server and waits for its return.
///
/// # Errors
/// [`LabError::Socket`] with an error that is no answer from the network.
pub fn udp_exchange(
    namespace: &Namespace,
    from: IpAddr,
    to: SocketAddr,
    within: Duration,
) -> Result<Exchange, LabError> {
    let socket = udp_socket(namespace, from, to)?;
    let ask = || {
        let deadline = Instant::now() + within;
        let (asked, mut answer) = (question(0), Question::default());
        socket.send(&asked)?;
        while answer != asked {
            read_until(deadline, |left| {
                socket.set_read_timeout(Some(left))?;
                socket.recv(&mut answer)
            })?;
        }
        Ok(Exchange::Answered)
    };
    ask()
        .or_else(Exchange::from_error)
        .map_err(|error| failure("talk to", to, error))
}

/// A datagram socket that hears only the far address, and ICMP errors about it.
pub(super) fn udp_socket(
    namespace: &Namespace,
    from: IpAddr,
    to: SocketAddr,
) -> Result<UdpSocket, LabError> {
    let connect = || {
        let socket = UdpSocket::bind((from, 0))?;
        report_errors(&socket, from)?;
        socket.connect(to)?;
        Ok(socket)
    };
    namespace
        .enter(connect)?
        .map_err(|error| failure("send to", to, error))
}

/// Makes a datagram socket tell about every ICMP error. By default it keeps to itself those that may pass,
/// such as "network unreachable" (ip(7), `IP_RECVERR`).
pub(super) fn report_errors(socket: &impl AsFd, family: IpAddr) -> io::Result<()> {
    match family {
        IpAddr::V4(_) => setsockopt(socket, sockopt::Ipv4RecvErr, &true)?,
        IpAddr::V6(_) => setsockopt(socket, sockopt::Ipv6RecvErr, &true)?,
    }
    Ok(())
}

pub(super) fn failure(action: &'static str, address: SocketAddr, error: io::Error) -> LabError {
    LabError::Socket {
        action,
        address,
        error,
    }
}
