package main

import (
	"strings"

	"github.com/rawping/rawping/internal/wire"
)

// unreachable4 are check_icmp's words for destination unreachable (RFC 792,
// RFC 1812), by code. Alerts and filters match on them.
var unreachable4 = [...]string{
	"Net unreachable",
	"Host unreachable",
	"Protocol unreachable (firewall?)",
	"Port unreachable (firewall?)",
	"Fragmentation needed",
	"Source route failed",
	"Unknown network",
	"Unknown host",
	"Source host isolated",
	"Network denied (firewall?)",
	"Host denied (firewall?)",
	"Bad TOS for network (firewall?)",
	"Bad TOS for host (firewall?)",
	"Prohibited by filter (firewall)",
	"Host precedence violation",
	"Precedence cutoff",
}

// statusText returns an ICMP error for the status line: in check_icmp's words
// where it has some, which are for IPv4 only.
func (e refusal) statusText(f wire.Family) string {
	if f == wire.V4 {
		switch {
		case e.typ == 3 && int(e.code) < len(unreachable4):
			return unreachable4[e.code]
		case e.typ == 11 && e.code == 0:
			return "Time to live exceeded in transit"
		case e.typ == 11 && e.code == 1:
			return "Fragment reassembly time exceeded"
		case e.typ == 12:
			return "Bad IP header (required option absent)"
		}
	}
	text := wire.ErrorText(f, e.typ, e.code)
	return strings.ToUpper(text[:1]) + text[1:]
}

// longText returns an ICMP error for the long output.
func (e refusal) longText(f wire.Family) string {
	text := wire.ErrorText(f, e.typ, e.code)
	if e.router.IsValid() {
		text += " from " + e.router.String()
	}
	return text
}
