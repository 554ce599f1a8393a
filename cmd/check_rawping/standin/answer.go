package standin

import (
	"errors"
	"net/netip"
	"strings"

	"github.com/rawping/rawping/internal/check"
	"github.com/rawping/rawping/internal/nagios"
	"github.com/rawping/rawping/internal/resolve"
)

// unknown is what a plugin says if there is nothing to measure.
func unknown(text string) *check.Answer {
	return &check.Answer{Text: text, Status: nagios.UNKNOWN}
}

// words are an error in the original's words, by which somebody may look for it.
type words string

func (w words) Error() string { return string(w) }

// line returns one line of any text.
func line(text string) string { return nagios.CleanText(text) + "\n" }

// versionText is what -V shows. It names the version that the plugin is like, because
// scripts ask for it.
func versionText(plugin, version string) string {
	return plugin + " v2.3.3 (rawping " + version + ")\n"
}

// lookupWords returns why a host has no address in the words of getaddrinfo(3), or
// in ours for an address that means no host.
func lookupWords(h *check.Host) string {
	failure := (*resolve.Error)(nil)
	if !errors.As(h.Err, &failure) {
		return h.Err.Error()
	}
	switch {
	case failure.Kind == resolve.WrongFamily:
		return otherFamily(h.Name)
	case failure.Kind == resolve.BadName && literal(h.Name):
		return failure.Err.Error()
	case failure.Kind == resolve.Temporary, failure.Kind == resolve.Timeout:
		return "Temporary failure in name resolution"
	}
	return noName
}

// invalidHost is what check_ping and check_fping say of what has no address. That an
// address means no host is said, too.
func invalidHost(h *check.Host) string {
	failure := (*resolve.Error)(nil)
	if errors.As(h.Err, &failure) && failure.Kind == resolve.BadName && literal(h.Name) {
		return "Invalid hostname/address - " + h.Name + " (" + failure.Err.Error() + ")"
	}
	return "Invalid hostname/address - " + h.Name
}

const noName = "Name or service not known"

// otherFamily says that a host has no address of the family that is wanted.
func otherFamily(name string) string {
	if literal(name) {
		return "Address family for hostname not supported"
	}
	return noName
}

// literal reports whether a name can only be meant as an address.
func literal(name string) bool {
	if strings.Trim(name, "0123456789.") == "" {
		return name != ""
	}
	_, err := netip.ParseAddr(strings.Trim(name, "[]"))
	return err == nil
}

// reasons returns the lines that -v adds.
func reasons(r *check.Results, hosts []*check.Host) string {
	var b strings.Builder
	for _, h := range hosts {
		for _, text := range h.Reasons(r.Ending) {
			b.WriteString(line(h.Name + ": " + text))
		}
	}
	for _, text := range r.Notices {
		b.WriteString(line(text))
	}
	return b.String()
}
