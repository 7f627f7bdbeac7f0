//! Filters on the command line.

use super::error::Usage;
use exitguard::filter::Filter;

/// For commands that take one.
pub(super) const HELP: &str = "\
Filters are terms that all have to hold, as in `client:web1 port:443,8000-8100 !list:feodo deny`:
  client:   address, prefix or name of the client
  dst:      address or prefix of the other side
  port:     port of the other side, or a range
  proto:    tcp, udp, icmp, … or a number
  reason:   the step that decided: port, blocklist, lan, …
  list:     the list that holds the other side
  rule:     egress, host, or the name of a client
  state:    new, established or closed
  allow, deny, would_deny
  an address or prefix alone: of either side
Of several values, with commas between them, one has to match. `!` before a term turns it around;
so does `-`, but the command line wants `--` before it. A name with spaces stands in double quotes.";

/// Words that may or may not have been one argument.
pub(super) fn parse(text: &str) -> Result<Filter, Usage> {
    Filter::parse(text).map_err(|error| Usage(error.render()))
}
