package main

import (
	"encoding/binary"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/rawping/rawping/internal/wire"
)

// details returns the long output on a host: a line for each thing that the
// figures alone do not explain.
func (h *host) details(r *report) []string {
	if h.err != nil {
		return nil // the status line says it
	}
	var lines []string
	add := func(n uint64, one, many, rest string) {
		if n == 1 {
			lines = append(lines, "1 "+one+rest)
		} else if n > 1 {
			lines = append(lines, strconv.FormatUint(n, 10)+" "+many+rest)
		}
	}
	family := wire.FamilyOf(h.addr)
	for _, e := range h.refusals {
		add(e.n, "packet", "packets", " refused: "+e.key.longText(family))
	}
	for _, e := range h.afterward {
		add(e.n, "packet", "packets", " refused after the timeout: "+e.key.longText(family))
	}
	for _, f := range h.failures {
		add(f.n, "packet", "packets", " not sent: "+f.key.words)
	}
	for _, f := range h.giveUps {
		add(f.n, "packet", "packets", " given up: "+f.key.words)
	}
	if end := r.ending.name(); end != "" {
		add(h.leftOut, "packet", "packets", " in flight at "+end+", left out")
		add(uint64(r.packets)-h.done(), "packet", "packets", " not sent before "+end) //nolint:gosec // parse lets no negative number pass
	}

	counts := h.window.Counts()
	if slowest, ok := h.window.MaxLate(); ok {
		add(counts.Late, "late reply", "late replies", ", up to "+milliseconds(slowest)+"ms")
	}
	add(counts.Duplicates, "duplicate reply", "duplicate replies", "")
	add(counts.Corrupt, "corrupt reply", "corrupt replies", "")
	for _, from := range h.strangers {
		add(from.n, "reply", "replies", " from another address: "+from.key.String())
	}
	add(counts.OutOfOrder, "reply", "replies", " out of order")
	add(counts.Suspect, "packet", "packets", " suspect: our own socket dropped messages meanwhile")
	return lines
}

// name returns what ended the run, or "".
func (e ending) name() string {
	switch {
	case e.signal != "":
		return e.signal
	case e.deadline:
		return "the deadline"
	}
	return ""
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
