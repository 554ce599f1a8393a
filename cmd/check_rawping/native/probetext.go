package native

import (
	"strconv"
	"strings"
	"time"

	"github.com/rawping/rawping/internal/echo"
	"github.com/rawping/rawping/internal/wire"
)

// probeText returns what became of a packet, in one line.
func probeText(ev *echo.Event) string {
	line := "packet " + strconv.FormatUint(ev.Number, 10) + " (icmp_seq " + strconv.Itoa(int(ev.Seq)) + "): " + ev.Kind.String()
	switch ev.Kind {
	case echo.Reply, echo.Late, echo.Duplicate, echo.Corrupt, echo.WrongSource:
		line += " from " + ev.From.String() + " after " + milliseconds(ev.RTT) + "ms (" + ev.RTTSource.String() + " time)"
		if ev.Hops >= 0 {
			line += ", ttl " + strconv.Itoa(ev.Hops)
		}
	case echo.Refused, echo.LateRefusal:
		line += ": " + wire.ErrorText(wire.FamilyOf(ev.Addr), ev.ICMP.Type, ev.ICMP.Code) +
			" from " + ev.ICMP.Router.String() + " after " + milliseconds(ev.RTT) + "ms"
		if ev.ICMP.MTU > 0 {
			line += ", MTU " + strconv.FormatUint(uint64(ev.ICMP.MTU), 10)
		}
	case echo.NotSent:
		line += ": " + ev.Cause.String()
	case echo.Lost, echo.Abandoned:
		if waited := ev.At.Sub(ev.Sent); ev.Sent != 0 && waited > 0 {
			line += " after " + milliseconds(waited.Round(time.Microsecond)) + "ms"
		}
	}
	return line + marks(ev)
}

// marks returns what else is to be said of a packet.
func marks(ev *echo.Event) string {
	var b strings.Builder
	for _, fact := range []struct {
		is   bool
		text string
	}{
		{ev.OutOfOrder, ", out of order"},
		{ev.Truncated, ", truncated"},
		{ev.Suspect, ", suspect"},
		{ev.Weak, ", without a token"},
	} {
		if fact.is {
			b.WriteString(fact.text)
		}
	}
	return b.String()
}
