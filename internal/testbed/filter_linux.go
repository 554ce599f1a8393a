package testbed

import (
	"fmt"
	"strings"
)

// Table is the nft table that the bed itself uses. Tests add tables of their own.
const Table = "testbed"

// clientFilter is the client's firewall, which makes sendto return EPERM.
func clientFilter(a Addresses) string {
	return fmt.Sprintf(`table inet %s {
 chain out {
  type filter hook output priority 0; policy accept;
  ip daddr %s drop
  ip6 daddr %s drop
  ip daddr %s reject with icmp type admin-prohibited
  ip6 daddr %s reject with icmpv6 type admin-prohibited
 }
}
`, Table, a.Firewall.Addr.V4, a.Firewall.Addr.V6, a.Rejecting.Addr.V4, a.Rejecting.Addr.V6)
}

// routerFilter is the router's, which answers with errors. Errors of routes
// would be limited: five at once, then one a second.
func routerFilter(a Addresses) string {
	var b strings.Builder
	fmt.Fprintf(&b, "table inet %s {\n chain through {\n  type filter hook forward priority 0; policy accept;\n", Table)
	fmt.Fprintf(&b, "  ip daddr %s drop\n  ip6 daddr %s drop\n", a.Silent.V4, a.Silent.V6)
	for _, e := range a.RouterErrors4 {
		fmt.Fprintf(&b, "  ip daddr %s reject with icmp type %s\n", e.Addr, e.Name)
	}
	for _, e := range a.RouterErrors6 {
		fmt.Fprintf(&b, "  ip6 daddr %s reject with icmpv6 type %s\n", e.Addr, e.Name)
	}
	b.WriteString(" }\n}\n")
	return b.String()
}
