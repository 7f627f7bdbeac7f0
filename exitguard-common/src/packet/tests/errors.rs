//! The numbers and names of errors, which dashboards and other versions know.

use crate::packet::ParseError;

#[test]
fn numbers_and_names_have_not_moved() {
    let pinned = [
        (1, ParseError::Empty, "empty"),
        (2, ParseError::Link, "link_header"),
        (3, ParseError::NotIp, "not_ip"),
        (4, ParseError::Version, "ip_version"),
        (5, ParseError::IpHeader, "ip_header"),
        (6, ParseError::TotalLength, "total_length"),
        (7, ParseError::Options, "ip_options"),
        (8, ParseError::SourceRoute, "source_route"),
        (9, ParseError::ExtensionHeaders, "extension_headers"),
        (10, ParseError::Jumbogram, "jumbogram"),
        (11, ParseError::TransportHeader, "transport_header"),
        (12, ParseError::DataOffset, "tcp_data_offset"),
        (13, ParseError::TinyFragment, "tiny_fragment"),
        (14, ParseError::MappedAddress, "mapped_address"),
    ];
    assert_eq!(pinned.map(|(_, error, _)| error), ParseError::ALL);
    for (number, error, name) in pinned {
        assert_eq!(error as u8, number);
        assert_eq!(error.name(), name);
        assert_eq!(ParseError::from_number(number), Some(error));
    }
}

#[test]
fn a_number_that_is_no_error_is_none() {
    for number in (0..=u8::MAX).filter(|number| !(1..=14).contains(number)) {
        assert_eq!(ParseError::from_number(number), None, "{number}");
    }
}

#[test]
fn every_error_has_a_counter() {
    const { assert!(ParseError::ALL.len() < ParseError::SLOTS) };
    for error in ParseError::ALL {
        assert!((error as usize) < ParseError::SLOTS, "{error:?}");
    }
}
