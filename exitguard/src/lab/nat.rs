//! Masquerading: the four nf_tables messages that `nft add rule inet … oifname wan0 masquerade` stands for.
//!
//! Written by hand, because it is one rule and the lab must need nothing installed. Numbers are those of
//! linux/netfilter/nf_tables.h, linux/netfilter/nfnetlink.h and linux/netlink.h.

use std::io;

use rtnetlink::sys::{Socket, SocketAddr, protocols::NETLINK_NETFILTER};

use super::error::{LabError, is_denied};
use super::namespace::Namespace;

const NLMSG_ERROR: u16 = 0x2;
const NLM_F_REQUEST: u16 = 0x1;
const NLM_F_ACK: u16 = 0x4;
const NLM_F_CREATE: u16 = 0x400;
const NLM_F_APPEND: u16 = 0x800;
const NLA_F_NESTED: u16 = 0x8000;

const NFNL_SUBSYS_NFTABLES: u16 = 10;
const NFNL_MSG_BATCH_BEGIN: u16 = 0x10;
const NFNL_MSG_BATCH_END: u16 = 0x11;
const NFPROTO_UNSPEC: u8 = 0;
const NFPROTO_INET: u8 = 1;

const NFT_MSG_NEWTABLE: u16 = 0;
const NFT_MSG_NEWCHAIN: u16 = 3;
const NFT_MSG_NEWRULE: u16 = 6;

const NFTA_TABLE_NAME: u16 = 1;
const NFTA_CHAIN_TABLE: u16 = 1;
const NFTA_CHAIN_NAME: u16 = 3;
const NFTA_CHAIN_HOOK: u16 = 4;
const NFTA_CHAIN_TYPE: u16 = 7;
const NFTA_HOOK_HOOKNUM: u16 = 1;
const NFTA_HOOK_PRIORITY: u16 = 2;
const NFTA_RULE_TABLE: u16 = 1;
const NFTA_RULE_CHAIN: u16 = 2;
const NFTA_RULE_EXPRESSIONS: u16 = 4;
const NFTA_LIST_ELEM: u16 = 1;
const NFTA_EXPR_NAME: u16 = 1;
const NFTA_EXPR_DATA: u16 = 2;
const NFTA_META_DREG: u16 = 1;
const NFTA_META_KEY: u16 = 2;
const NFTA_CMP_SREG: u16 = 1;
const NFTA_CMP_OP: u16 = 2;
const NFTA_CMP_DATA: u16 = 3;
const NFTA_DATA_VALUE: u16 = 1;

const NF_INET_POST_ROUTING: u32 = 4;
const NF_IP_PRI_NAT_SRC: u32 = 100;
const NFT_META_OIFNAME: u32 = 7;
const NFT_CMP_EQ: u32 = 0;
const NFT_REG_1: u32 = 1;
const IFNAMSIZ: usize = 16;

const TABLE: &[u8] = b"exitguard-lab\0";
const CHAIN: &[u8] = b"postrouting\0";

/// Makes packets that leave `namespace` through one of `links` carry that link's address, IPv4 and IPv6.
pub(super) fn masquerade(namespace: &Namespace, links: &[&str]) -> Result<(), LabError> {
    let open = || {
        let socket = Socket::new(NETLINK_NETFILTER)?;
        socket.connect(&SocketAddr::new(0, 0))?;
        socket.set_non_blocking(true)?;
        Ok(socket)
    };
    let socket = namespace
        .enter(open)?
        .map_err(|error| failure("talk to netfilter", error))?;

    let steps = steps(links);
    socket
        .send(&batch(&steps), 0)
        .map_err(|error| failure("send rules to netfilter", error))?;

    // The kernel carries out a batch within the send, so all its answers are there already.
    while let Ok((answer, _)) = socket.recv_from_full() {
        if let Some((sequence, error)) = refusal(&answer) {
            let what = steps
                .get(sequence)
                .map_or("take nf_tables rules", |step| step.what);
            return Err(failure(what, error));
        }
    }
    Ok(())
}

/// One message of the batch; its place is its sequence number.
struct Step {
    what: &'static str,
    kind: u16,
    flags: u16,
    attributes: Vec<u8>,
}

fn steps(links: &[&str]) -> Vec<Step> {
    let table = Step {
        what: "make an nf_tables table for IPv4 and IPv6",
        kind: NFT_MSG_NEWTABLE,
        flags: NLM_F_CREATE,
        attributes: attribute(NFTA_TABLE_NAME, TABLE),
    };
    let chain = Step {
        what: "make an nf_tables chain of type nat",
        kind: NFT_MSG_NEWCHAIN,
        flags: NLM_F_CREATE,
        attributes: [
            attribute(NFTA_CHAIN_TABLE, TABLE),
            attribute(NFTA_CHAIN_NAME, CHAIN),
            nest(
                NFTA_CHAIN_HOOK,
                &[
                    number(NFTA_HOOK_HOOKNUM, NF_INET_POST_ROUTING),
                    number(NFTA_HOOK_PRIORITY, NF_IP_PRI_NAT_SRC),
                ],
            ),
            attribute(NFTA_CHAIN_TYPE, b"nat\0"),
        ]
        .concat(),
    };
    let rules = links.iter().map(|link| Step {
        what: "make an nf_tables rule that masquerades",
        kind: NFT_MSG_NEWRULE,
        flags: NLM_F_CREATE | NLM_F_APPEND,
        attributes: [
            attribute(NFTA_RULE_TABLE, TABLE),
            attribute(NFTA_RULE_CHAIN, CHAIN),
            nest(NFTA_RULE_EXPRESSIONS, &expressions(link)),
        ]
        .concat(),
    });
    [table, chain].into_iter().chain(rules).collect()
}

/// `oifname <link> masquerade`.
fn expressions(link: &str) -> [Vec<u8>; 3] {
    // The kernel compares the whole register, which it pads with zeros.
    let mut name = link.as_bytes().to_vec();
    name.resize(IFNAMSIZ, 0);
    let load_name = [
        number(NFTA_META_DREG, NFT_REG_1),
        number(NFTA_META_KEY, NFT_META_OIFNAME),
    ];
    let compare = [
        number(NFTA_CMP_SREG, NFT_REG_1),
        number(NFTA_CMP_OP, NFT_CMP_EQ),
        nest(NFTA_CMP_DATA, &[attribute(NFTA_DATA_VALUE, &name)]),
    ];
    [
        expression(b"meta\0", &load_name),
        expression(b"cmp\0", &compare),
        expression(b"masq\0", &[]),
    ]
}

fn expression(name: &[u8], settings: &[Vec<u8>]) -> Vec<u8> {
    nest(
        NFTA_LIST_ELEM,
        &[
            attribute(NFTA_EXPR_NAME, name),
            nest(NFTA_EXPR_DATA, settings),
        ],
    )
}

/// A transaction: the kernel takes all of it or nothing.
fn batch(steps: &[Step]) -> Vec<u8> {
    // Sequence numbers of the frame lie beyond those of the steps, so that a refusal names the right one.
    let frame = |kind| {
        message(
            kind,
            0,
            steps.len(),
            NFPROTO_UNSPEC,
            NFNL_SUBSYS_NFTABLES,
            &[],
        )
    };
    let mut bytes = frame(NFNL_MSG_BATCH_BEGIN);
    for (sequence, step) in steps.iter().enumerate() {
        let kind = NFNL_SUBSYS_NFTABLES << 8 | step.kind;
        let flags = step.flags | NLM_F_ACK;
        bytes.extend(message(
            kind,
            flags,
            sequence,
            NFPROTO_INET,
            0,
            &step.attributes,
        ));
    }
    bytes.extend(frame(NFNL_MSG_BATCH_END));
    bytes
}

/// `struct nlmsghdr` and `struct nfgenmsg`, then attributes.
fn message(
    kind: u16,
    flags: u16,
    sequence: usize,
    family: u8,
    resource: u16,
    attributes: &[u8],
) -> Vec<u8> {
    const HEADERS: usize = 16 + 4;
    let mut bytes = Vec::with_capacity(HEADERS + attributes.len());
    bytes.extend(((HEADERS + attributes.len()) as u32).to_ne_bytes());
    bytes.extend(kind.to_ne_bytes());
    bytes.extend((flags | NLM_F_REQUEST).to_ne_bytes());
    bytes.extend((sequence as u32).to_ne_bytes());
    bytes.extend(0_u32.to_ne_bytes());
    bytes.extend([family, 0]);
    bytes.extend(resource.to_be_bytes());
    bytes.extend(attributes);
    bytes
}

/// `struct nlattr` and its payload, padded to four bytes.
fn attribute(kind: u16, payload: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(4 + payload.len() + 3);
    bytes.extend(((4 + payload.len()) as u16).to_ne_bytes());
    bytes.extend(kind.to_ne_bytes());
    bytes.extend(payload);
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes
}

/// netfilter wants its numbers in network order.
fn number(kind: u16, value: u32) -> Vec<u8> {
    attribute(kind, &value.to_be_bytes())
}

fn nest(kind: u16, attributes: &[Vec<u8>]) -> Vec<u8> {
    attribute(kind | NLA_F_NESTED, &attributes.concat())
}

/// The sequence number and error of an `NLMSG_ERROR` that is no acknowledgement.
fn refusal(answer: &[u8]) -> Option<(usize, io::Error)> {
    let word = |at: usize| answer.get(at..at + 4)?.first_chunk::<4>().copied();
    let [kind_low, kind_high, ..] = word(4)?;
    if u16::from_ne_bytes([kind_low, kind_high]) != NLMSG_ERROR {
        return None;
    }
    let errno = i32::from_ne_bytes(word(16)?);
    let sequence = u32::from_ne_bytes(word(8)?) as usize;
    (errno != 0).then(|| (sequence, io::Error::from_raw_os_error(-errno)))
}

fn failure(what: &'static str, error: io::Error) -> LabError {
    // EPROTONOSUPPORT: no nfnetlink at all. EOPNOTSUPP: no nf_tables, or no family inet. ENOENT: no chain
    // type nat for it, or no expression masq.
    use libc::{EAFNOSUPPORT, ENOENT, EOPNOTSUPP, EPROTONOSUPPORT};
    match error.raw_os_error() {
        _ if is_denied(&error) => LabError::NotPermitted {
            what: what.to_owned(),
        },
        Some(EPROTONOSUPPORT | EOPNOTSUPP | EAFNOSUPPORT | ENOENT) => {
            LabError::NoNat { what, error }
        }
        _ => LabError::Nat { what, error },
    }
}
