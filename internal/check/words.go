package check

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

// StatusText returns an ICMP error for the status line: in check_icmp's words
// where it has some, which are for IPv4 only.
func (e Refusal) StatusText(f wire.Family) string {
	if f == wire.V4 {
		switch {
		case e.Type == 3 && int(e.Code) < len(unreachable4):
			return unreachable4[e.Code]
		case e.Type == 11 && e.Code == 0:
			return "Time to live exceeded in transit"
		case e.Type == 11 && e.Code == 1:
			return "Fragment reassembly time exceeded"
		case e.Type == 12:
			return "Bad IP header (required option absent)"
		}
	}
	text := wire.ErrorText(f, e.Type, e.Code)
	return strings.ToUpper(text[:1]) + text[1:]
}

// LongText returns an ICMP error for the long output.
func (e Refusal) LongText(f wire.Family) string {
	text := wire.ErrorText(f, e.Type, e.Code)
	if e.Router.IsValid() {
		text += " from " + e.Router.String()
	}
	return text
}
