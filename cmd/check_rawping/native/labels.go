package native

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/rawping/rawping/internal/check"
	"github.com/rawping/rawping/internal/resolve"
)

// labelPrefixes returns what tells the labels of several hosts apart: the name
// as it was typed, but for IPv6 addresses without "::", which Icinga takes for
// check_multi's separator. A host that is named twice gets a number.
func labelPrefixes(r *check.Results) []string {
	prefixes := make([]string, len(r.Hosts))
	if len(r.Hosts) == 1 && !byAddress(r, 0) {
		return prefixes
	}
	used := map[string]int{}
	for i, h := range r.Hosts {
		prefix := spelled(h.Name)
		if byAddress(r, i) {
			prefix += "/" + spelled(h.Addr.String())
		}
		used[prefix]++
		if n := used[prefix]; n > 1 {
			prefix += fmt.Sprintf("#%d", n)
		}
		prefixes[i] = prefix
	}
	return prefixes
}

// displayNames returns what the hosts are called in texts.
func displayNames(r *check.Results) []string {
	names := make([]string, len(r.Hosts))
	for i, h := range r.Hosts {
		names[i] = h.Name
		if byAddress(r, i) {
			names[i] += " (" + h.Addr.String() + ")"
		}
	}
	return names
}

// byAddress reports whether a host is one of perhaps several that its name stands
// for: then its address goes with the name, even if today it is the only one.
func byAddress(r *check.Results, i int) bool {
	h := r.Hosts[i]
	t := r.Plan.Targets[h.Target]
	if !h.Addr.IsValid() || !t.All && t.Family != resolve.Both {
		return false
	}
	_, err := netip.ParseAddr(strings.Trim(h.Name, "[]"))
	return err != nil
}

// spelled returns a name as a label can have it.
func spelled(name string) string {
	if strings.Contains(name, "::") {
		return withoutGap(name)
	}
	return name
}

// withoutGap returns an IPv6 address, which may stand in brackets, with all its
// eight groups. What is no address stays as it is.
func withoutGap(name string) string {
	addr, err := netip.ParseAddr(strings.Trim(name, "[]"))
	if err != nil {
		return name
	}
	if addr = addr.Unmap(); addr.Is4() {
		return addr.String()
	}
	bytes := addr.As16()
	groups := make([]string, 0, 8)
	for pair := range slices.Chunk(bytes[:], 2) {
		groups = append(groups, strconv.FormatUint(uint64(binary.BigEndian.Uint16(pair)), 16))
	}
	text := strings.Join(groups, ":")
	if zone := addr.Zone(); zone != "" {
		text += "%" + zone
	}
	return text
}
