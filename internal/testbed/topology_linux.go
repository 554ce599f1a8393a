package testbed

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os/exec"
	"strings"
)

// Names of the interfaces, in their namespaces.
const (
	clientLink = "wan0" // client, to the router
	routerIn   = "lan0" // router, to the client
	routerOut  = "wan0" // router, to the server
	serverLink = "lan0" // server, to the router
	tunLink    = "echo0"
)

// Every address is set without detection of duplicates, every neighbour is
// known: nothing of the bed waits for a solicitation, the first of which is
// lost after a link comes up.
const clientConfig = `link set lo up
link set wan0 up
address replace 198.51.100.1/24 dev wan0
address replace 2001:db8:a::1/64 dev wan0 nodad
address replace fe80::1/64 dev wan0 nodad
neighbour replace 198.51.100.2 lladdr 02:00:00:00:00:02 dev wan0 nud permanent
neighbour replace 2001:db8:a::2 lladdr 02:00:00:00:00:02 dev wan0 nud permanent
neighbour replace fe80::2 lladdr 02:00:00:00:00:02 dev wan0 nud permanent
route replace 203.0.113.0/24 via 198.51.100.2
route replace 192.0.2.0/25 via 198.51.100.2
route replace 198.18.0.0/15 via 198.51.100.2
route replace 100.64.0.0/20 dev wan0
route replace 2001:db8:b::/64 via 2001:db8:a::2
route replace 2001:db8:e::/48 via 2001:db8:a::2
route replace 2001:db8:f::/48 via 2001:db8:a::2
route replace blackhole 192.0.2.129
route replace unreachable 192.0.2.130
route replace prohibit 192.0.2.131
route replace blackhole 2001:db8:d::129
route replace unreachable 2001:db8:d::130
route replace prohibit 2001:db8:d::131
`

const routerConfig = `link set lo up
link set lan0 up
link set wan0 up
address replace 198.51.100.2/24 dev lan0
address replace 2001:db8:a::2/64 dev lan0 nodad
address replace fe80::2/64 dev lan0 nodad
address replace 203.0.113.1/24 dev wan0
address replace 2001:db8:b::1/64 dev wan0 nodad
address replace fe80::1/64 dev wan0 nodad
neighbour replace 198.51.100.1 lladdr 02:00:00:00:00:01 dev lan0 nud permanent
neighbour replace 2001:db8:a::1 lladdr 02:00:00:00:00:01 dev lan0 nud permanent
neighbour replace fe80::1 lladdr 02:00:00:00:00:01 dev lan0 nud permanent
neighbour replace 203.0.113.2 lladdr 02:00:00:00:00:04 dev wan0 nud permanent
neighbour replace 2001:db8:b::2 lladdr 02:00:00:00:00:04 dev wan0 nud permanent
route replace 192.0.2.0/25 via 203.0.113.2
route replace 198.18.0.0/15 via 203.0.113.2
route replace 198.19.255.0/24 via 203.0.113.2 mtu lock 1280
route replace 2001:db8:e::/48 via 2001:db8:b::2
route replace 2001:db8:f::/48 via 2001:db8:b::2
route replace 2001:db8:f:ffff::/64 via 2001:db8:b::2 mtu lock 1280
`

// The responder may be silent for a while: the queue to it holds what comes
// meanwhile. Newer kernels (7.3, 6.1.192) allow no longer one. The one next hop keeps the server from needing an entry of the IPv6
// neighbour table for each destination: the machine has one table for all
// namespaces, which dead neighbours fill.
const serverConfig = `link set lo up
link set lan0 up
link set echo0 txqueuelen 32767 up
address replace 203.0.113.2/24 dev lan0
address replace 2001:db8:b::2/64 dev lan0 nodad
address replace fe80::2/64 dev lan0 nodad
neighbour replace 203.0.113.1 lladdr 02:00:00:00:00:03 dev lan0 nud permanent
neighbour replace 2001:db8:b::1 lladdr 02:00:00:00:00:03 dev lan0 nud permanent
route replace default via 203.0.113.1
route replace default via 2001:db8:b::1
route replace 198.18.0.0/15 dev echo0
route replace 2001:db8:f::/48 via fe80::ff dev echo0 onlink
`

// settings are those of every namespace. A new namespace inherits some from the
// machine, so what matters is written, even if it is the kernel's default.
func settings(forward bool) map[string]string {
	s := map[string]string{
		"net.ipv4.icmp_ratelimit":                 "0",
		"net.ipv4.icmp_ratemask":                  "0",
		"net.ipv4.icmp_msgs_per_sec":              "1000000", // per namespace since Linux 6.13
		"net.ipv4.icmp_msgs_burst":                "100000",
		"net.ipv6.icmp.ratelimit":                 "0",
		"net.ipv4.icmp_echo_ignore_all":           "0",
		"net.ipv6.icmp.echo_ignore_all":           "0",
		"net.ipv4.conf.all.rp_filter":             "0",
		"net.ipv4.conf.default.rp_filter":         "0",
		"net.ipv4.conf.all.accept_redirects":      "0",
		"net.ipv4.conf.default.accept_redirects":  "0",
		"net.ipv4.conf.all.send_redirects":        "0",
		"net.ipv4.conf.default.send_redirects":    "0",
		"net.ipv6.conf.all.disable_ipv6":          "0",
		"net.ipv6.conf.default.disable_ipv6":      "0",
		"net.ipv6.conf.default.accept_ra":         "0",
		"net.ipv6.conf.default.accept_redirects":  "0",
		"net.ipv6.conf.default.accept_dad":        "0",
		"net.ipv6.conf.default.addr_gen_mode":     "1", // none: the link-local addresses are ours
		"net.ipv6.conf.all.keep_addr_on_down":     "1",
		"net.ipv6.conf.default.keep_addr_on_down": "1",
	}
	if forward {
		s["net.ipv4.ip_forward"] = "1"
		s["net.ipv6.conf.all.forwarding"] = "1"
		// Errors of the responder in the router's name pass through the router.
		s["net.ipv4.conf.all.accept_local"] = "1"
	}
	return s
}

// apply writes the settings of a namespace. What a kernel does not have is no
// reason to fail.
func (ns *Namespace) apply(settings map[string]string) error {
	for name, value := range settings {
		if err := ns.Sysctl(name, value); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("%s: %w", ns.name, err)
		}
	}
	return nil
}

// link makes a pair of interfaces between two namespaces, with the hardware
// addresses that the neighbour entries have.
func link(a *Namespace, nameA, lladdrA string, b *Namespace, nameB, lladdrB string) error {
	ctx, cancel := context.WithTimeout(context.Background(), commandTime)
	defer cancel()
	args := strings.Fields(fmt.Sprintf(
		"link add %s address %s netns %s type veth peer name %s address %s netns %s",
		nameA, lladdrA, a.Path(), nameB, lladdrB, b.Path()))
	out, err := exec.CommandContext(ctx, "ip", args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("link %s and %s: ip: %w: %s", a.name, b.name, err, out)
	}
	return nil
}

// RestoreClient gives the client its addresses, neighbours and routes again,
// after a test took them or the link away.
func (b *Bed) RestoreClient() error { return b.Client.IP(clientConfig) }

// configure lets the traffic flow.
func (b *Bed) configure() error {
	for _, n := range []struct {
		ns     *Namespace
		config string
		filter string
	}{
		{b.Client, clientConfig, clientFilter(b.Addresses)},
		{b.Router, routerConfig, routerFilter(b.Addresses)},
		{b.Server, serverConfig, ""},
	} {
		if err := n.ns.IP(n.config); err != nil {
			return err
		}
		if n.filter == "" {
			continue
		}
		if err := n.ns.Nft(n.filter); err != nil {
			return err
		}
	}
	return nil
}
