//! Devices, addresses, forwarding, programs and rules.

use crate::config::{Attach, Interface};
use crate::datapath::{is_ours, program_names, tcx_programs};
use crate::doctor::facts::{Guarded, NetworkFacts, Program};
use crate::host::{self, Address, Device, Filter, Gate, HostError, Inspector, Place};
use crate::lists::is_special;
use std::collections::BTreeMap;
use std::fs;

pub(super) async fn network(
    interface: &Interface,
    attach: Attach,
) -> Result<NetworkFacts, HostError> {
    let inspector = Inspector::new()?;
    let (devices, addresses) = (inspector.devices().await?, inspector.addresses().await?);
    let device = host::select(&devices, &addresses, interface, attach);
    let name = device.as_ref().map(|device| device.name.clone());
    let name = name.unwrap_or_default();
    let index = device
        .as_ref()
        .map(|device| device.index)
        .unwrap_or_default();
    let elsewhere = addresses.iter().filter(|address| address.index != index);
    let public = elsewhere
        .map(|address| address.addr)
        .filter(|addr| !is_special(*addr));
    let public = public.collect();
    let guarded = match device {
        Ok(device) => Ok(guarded(&inspector, device, &addresses).await?),
        Err(error) => Err(error.to_string()),
    };
    let mut other_gates = inspector.gates().await?;
    other_gates.retain(|gate| *gate != name);
    Ok(NetworkFacts {
        guarded,
        public,
        forwards_v4: sysctl("ipv4/ip_forward").map(|value| value != 0),
        forwards_v6: sysctl("ipv6/conf/all/forwarding").map(|value| value != 0),
        rp_filter: ["all", &name]
            .iter()
            .filter_map(|name| sysctl(&format!("ipv4/conf/{name}/rp_filter")))
            .max(),
        other_gates,
    })
}

async fn guarded(
    inspector: &Inspector,
    device: Device,
    addresses: &[Address],
) -> Result<Guarded, HostError> {
    let filters = inspector.filters(device.index).await?;
    let held = addresses.iter().filter(|held| held.index == device.index);
    let names = program_names().map_err(|error| error.to_string());
    Ok(Guarded {
        is_gate_closed: inspector.gate(&device.name).await? == Gate::Closed,
        before_gate: inspector.before_gate(&device.name).await?,
        addresses: held.map(|held| held.addr).collect(),
        programs: names.map(|names| in_order(device.index, &filters, &names)),
        name: device.name,
        kind: device.kind,
    })
}

/// What packets meet: XDP, tcx and clsact on their way in; tcx and clsact on their way out.
fn in_order(device: u32, filters: &[Filter], names: &BTreeMap<u32, String>) -> [Vec<Program>; 2] {
    let program = |place, id: u32| {
        let name = names.get(&id).cloned().unwrap_or_default();
        Program {
            place,
            is_ours: is_ours(&name),
            name: if name.is_empty() {
                format!("program {id}")
            } else {
                name
            },
        }
    };
    let of_filters = |wanted, place| {
        let wanted = filters.iter().filter(move |filter| filter.place == wanted);
        wanted.map(move |filter| match filter.program {
            Some(id) => program(place, id),
            None => Program {
                place,
                name: filter.kind.clone(),
                is_ours: false,
            },
        })
    };
    let [ingress, egress] = tcx_programs(device);
    let on_tcx = |place, ids: Vec<u32>| ids.into_iter().map(move |id| program(place, id));
    let way_in = of_filters(Place::Xdp, "XDP")
        .chain(on_tcx("tcx ingress", ingress))
        .chain(of_filters(Place::ClsactIngress, "clsact ingress"));
    let way_out =
        on_tcx("tcx egress", egress).chain(of_filters(Place::ClsactEgress, "clsact egress"));
    [way_in.collect(), way_out.collect()]
}

/// A number under `/proc/sys/net`, which shows the network namespace of who reads it.
fn sysctl(name: &str) -> Option<u8> {
    let value = fs::read_to_string(format!("/proc/sys/net/{name}")).ok()?;
    value.trim().parse().ok()
}
