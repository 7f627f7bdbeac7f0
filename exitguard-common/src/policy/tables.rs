//! The look-ups a decision may make.

use crate::abi::{Addr, AddressClass, ClassId, PortSetId, Rule, RuleId, RuntimeFlags};

/// What holds for the whole policy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// Nothing is dropped: denials are only reported.
    pub observe: bool,
    /// The lists that only observe, a bit each.
    pub observe_lists: u64,
}

/// A compiled policy. Maps in the kernel, slices on the host; each method returns `None` only when the
/// tables contradict themselves.
pub trait Tables {
    /// What holds for the whole policy.
    fn settings(&self) -> Settings;

    /// The number of an address's class.
    fn class_of(&self, addr: &Addr) -> Option<ClassId>;

    /// A class.
    fn class(&self, id: ClassId) -> Option<&AddressClass>;

    /// A rule.
    fn rule(&self, id: RuleId) -> Option<&Rule>;

    /// Whether a port is in a set. Never asked for [`PortSetId::ANY`].
    fn port_in_set(&self, set: PortSetId, port: u16) -> Option<bool>;

    /// What operators said at run time about a client and a destination.
    fn runtime(&self, client: &Addr, remote: &Addr) -> RuntimeFlags;
}
