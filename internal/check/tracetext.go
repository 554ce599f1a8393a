package check

import (
	"strconv"
	"strings"
	"time"

	"github.com/rawping/rawping/internal/nagios"
	"github.com/rawping/rawping/internal/wire"
)

// PathText says how far the path to a host answers, or "" if that was not found
// out.
func (h *Host) PathText() string {
	if h.Path == nil {
		return ""
	}
	last := -1
	for i, hop := range h.Path {
		if hop.From.IsValid() {
			last = i
		}
		if hop.Reached || hop.Refusal != nil {
			break // the packets with a higher limit end at the same place
		}
	}
	if why := h.Path[0].Unsent; last < 0 && why != "" {
		return "path not looked for: " + why
	}
	if last < 0 {
		return "path: nothing answers from hop 1 on"
	}
	var b strings.Builder
	b.WriteString("path:")
	for i, hop := range h.Path[:last+1] {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(" " + strconv.Itoa(hop.Limit) + " ")
		if !hop.From.IsValid() {
			b.WriteString("no answer")
			continue
		}
		b.WriteString(hop.From.String() + " " + nagios.FormatDuration(hop.RTT, time.Millisecond, 3) + "ms")
		if hop.Refusal != nil {
			b.WriteString(" (" + wire.ErrorText(wire.FamilyOf(h.Addr), hop.Refusal.Type, hop.Refusal.Code) + ")")
		}
	}
	switch hop := h.Path[last]; {
	case hop.Reached:
		b.WriteString(", the host itself")
	case hop.Refusal == nil:
		b.WriteString("; nothing answers from hop " + strconv.Itoa(hop.Limit+1) + " on")
	}
	return b.String()
}
