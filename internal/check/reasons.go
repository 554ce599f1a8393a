package check

import (
	"strconv"
	"time"

	"github.com/rawping/rawping/internal/nagios"
	"github.com/rawping/rawping/internal/wire"
)

// Reasons returns what the figures of a host alone do not explain, a line for
// each thing.
func (h *Host) Reasons(end Ending) []string {
	if h.Err != nil {
		return nil // Why says it
	}
	var lines []string
	add := func(n uint64, one, many, rest string) {
		if n == 1 {
			lines = append(lines, "1 "+one+rest)
		} else if n > 1 {
			lines = append(lines, strconv.FormatUint(n, 10)+" "+many+rest)
		}
	}
	family := wire.FamilyOf(h.Addr)
	for _, e := range h.Refusals {
		add(e.N, "packet", "packets", " refused: "+e.Key.LongText(family))
	}
	for _, e := range h.Afterward {
		add(e.N, "packet", "packets", " refused after the timeout: "+e.Key.LongText(family))
	}
	for _, f := range h.Failures {
		add(f.N, "packet", "packets", " not sent: "+f.Key.Words)
	}
	for _, f := range h.GiveUps {
		add(f.N, "packet", "packets", " given up: "+f.Key.Words)
	}
	if end := end.String(); end != "" {
		add(h.LeftOut, "packet", "packets", " in flight at "+end+", left out")
		if wanted := uint64(h.Packets); wanted > h.Done() { //nolint:gosec // no plan has a negative number
			add(wanted-h.Done(), "packet", "packets", " not sent before "+end)
		}
	}

	counts := h.Window.Counts()
	if slowest, ok := h.Window.MaxLate(); ok {
		add(counts.Late, "late reply", "late replies", ", up to "+nagios.FormatDuration(slowest, time.Millisecond, 3)+"ms")
	}
	add(counts.Duplicates, "duplicate reply", "duplicate replies", "")
	add(counts.Corrupt, "corrupt reply", "corrupt replies", "")
	for _, from := range h.Strangers {
		add(from.N, "reply", "replies", " from another address: "+from.Key.String())
	}
	add(counts.OutOfOrder, "reply", "replies", " out of order")
	add(counts.Suspect, "packet", "packets", " suspect: our own socket dropped messages meanwhile")
	return lines
}
