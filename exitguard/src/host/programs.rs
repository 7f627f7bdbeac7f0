//! The BPF programs on a device, as netlink tells of them. Those of tcx links it does not know.

use super::inspect::read_error;
use super::{HostError, Inspector};
use futures_util::TryStreamExt;
use rtnetlink::packet_route::link::{LinkAttribute, LinkXdp};
use rtnetlink::packet_route::tc::{TcAttribute, TcFilterBpfOption, TcMessage, TcOption};

/// Where a program is on a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Before anything else that comes in.
    Xdp,
    /// What comes in, after tcx.
    ClsactIngress,
    /// What goes out, after tcx.
    ClsactEgress,
}

/// A filter of any kind, or a program at XDP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    /// Where it is.
    pub place: Place,
    /// `bpf`, `u32`, `flower`…; `xdp`.
    pub kind: String,
    /// The number of its program, if it is one of BPF.
    pub program: Option<u32>,
}

impl Inspector {
    /// Numbers of the programs at XDP and in filters of the clsact qdisc of a device; none if it is gone.
    ///
    /// # Errors
    /// When the kernel does not answer.
    pub async fn programs(&self, index: u32) -> Result<Vec<u32>, HostError> {
        let filters = self.filters(index).await?;
        Ok(filters.iter().filter_map(|filter| filter.program).collect())
    }

    /// What is at XDP and in the clsact qdisc of a device, in the order in which it runs; nothing if it is gone.
    ///
    /// # Errors
    /// When the kernel does not answer.
    pub async fn filters(&self, index: u32) -> Result<Vec<Filter>, HostError> {
        let xdp = self.xdp_programs(index).await?.into_iter();
        let mut all: Vec<Filter> = xdp
            .map(|program| Filter {
                place: Place::Xdp,
                kind: "xdp".to_owned(),
                program: Some(program),
            })
            .collect();
        let Ok(device) = i32::try_from(index) else {
            return Ok(all);
        };
        let filters = || self.handle.traffic_filter(device).get();
        for (place, hook) in [
            (Place::ClsactIngress, filters().ingress()),
            (Place::ClsactEgress, filters().egress()),
        ] {
            let found: Result<Vec<TcMessage>, _> = hook.execute().try_collect().await;
            match found {
                Ok(found) => all.extend(found.iter().filter_map(|found| filter(place, found))),
                // No such qdisc, or no such device.
                Err(rtnetlink::Error::NetlinkError(_)) => {}
                Err(error) => return Err(read_error("traffic filters")(error)),
            }
        }
        Ok(all)
    }

    async fn xdp_programs(&self, index: u32) -> Result<Vec<u32>, HostError> {
        let mut links = self.handle.link().get().match_index(index).execute();
        let link = match links.try_next().await {
            Ok(link) => link,
            Err(rtnetlink::Error::NetlinkError(_)) => None,
            Err(error) => return Err(read_error("links")(error)),
        };
        let attributes = link.iter().flat_map(|link| &link.attributes);
        Ok(attributes
            .filter_map(|attribute| match attribute {
                LinkAttribute::Xdp(xdp) => Some(xdp),
                _ => None,
            })
            .flatten()
            .filter_map(|xdp| match xdp {
                LinkXdp::ProgId(id) => Some(*id),
                _ => None,
            })
            .collect())
    }
}

/// The kernel tells of each priority, without options, and of each filter in it, with them.
fn filter(place: Place, message: &TcMessage) -> Option<Filter> {
    let options = message
        .attributes
        .iter()
        .find_map(|attribute| match attribute {
            TcAttribute::Options(options) => Some(options),
            _ => None,
        })?;
    let kind = message
        .attributes
        .iter()
        .find_map(|attribute| match attribute {
            TcAttribute::Kind(kind) => Some(kind.clone()),
            _ => None,
        });
    let program = options.iter().find_map(|option| match option {
        TcOption::Bpf(TcFilterBpfOption::ProgId(id)) => Some(*id),
        _ => None,
    });
    Some(Filter {
        place,
        kind: kind.unwrap_or_default(),
        program,
    })
}
