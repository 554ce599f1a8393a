package native

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/rawping/rawping/internal/check"
)

// labelPrefixes returns what tells the labels of several hosts apart: the name
// as it was typed, but for IPv6 addresses without "::", which Icinga takes for
// check_multi's separator. A host that is named twice gets a number.
func labelPrefixes(list []*check.Host) []string {
	prefixes := make([]string, len(list))
	if len(list) == 1 {
		return prefixes
	}
	used := map[string]int{}
	for i, h := range list {
		prefix := h.Name
		if strings.Contains(prefix, "::") {
			prefix = withoutGap(prefix)
		}
		used[prefix]++
		if n := used[prefix]; n > 1 {
			prefix += fmt.Sprintf("#%d", n)
		}
		prefixes[i] = prefix
	}
	return prefixes
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
