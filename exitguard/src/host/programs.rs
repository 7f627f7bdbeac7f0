//! The BPF programs on a device, as netlink tells of them. Those of tcx links it does not know.

use super::inspect::read_error;
use super::{HostError, Inspector};
use futures_util::TryStreamExt;
use rtnetlink::packet_route::link::{LinkAttribute, LinkXdp};
use rtnetlink::packet_route::tc::{TcAttribute, TcFilterBpfOption, TcMessage, TcOption};

impl Inspector {
    /// Numbers of the programs at XDP and in filters of the clsact qdisc of a device; none if it is gone.
    ///
    /// # Errors
    /// When the kernel does not answer.
    pub async fn programs(&self, index: u32) -> Result<Vec<u32>, HostError> {
        let mut programs = self.xdp_programs(index).await?;
        let Ok(device) = i32::try_from(index) else {
            return Ok(programs);
        };
        let filters = || self.handle.traffic_filter(device).get();
        for hook in [filters().ingress(), filters().egress()] {
            let found: Result<Vec<TcMessage>, _> = hook.execute().try_collect().await;
            match found {
                Ok(found) => programs.extend(found.iter().flat_map(of_filter)),
                // No such qdisc, or no such device.
                Err(rtnetlink::Error::NetlinkError(_)) => {}
                Err(error) => return Err(read_error("traffic filters")(error)),
            }
        }
        Ok(programs)
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

fn of_filter(filter: &TcMessage) -> impl Iterator<Item = u32> {
    let options = filter
        .attributes
        .iter()
        .filter_map(|attribute| match attribute {
            TcAttribute::Options(options) => Some(options),
            _ => None,
        });
    options.flatten().filter_map(|option| match option {
        TcOption::Bpf(TcFilterBpfOption::ProgId(id)) => Some(*id),
        _ => None,
    })
}
