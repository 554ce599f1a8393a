package main

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/rawping/rawping/internal/echo"
	"github.com/rawping/rawping/internal/icmpsock"
	"github.com/rawping/rawping/internal/nagios"
	"github.com/rawping/rawping/internal/wire"
)

// The rules of output.
//
// What was asked for goes to standard output: a header per host, a line per
// event, the summary. Diagnostics, notices and the status line of SIGQUIT go to
// standard error, each on one line that begins with "rawping:", without capital
// initials and full stops.
//
// A line that ping or fping has as well looks as theirs does, so that what
// parses theirs parses ours. What only we say comes behind, in brackets, or in
// lines of its own, and only when there is something to say. A reply that does
// not count says so in its line. Whatever was not sent has a reason with it.
//
// With several hosts every line names the host as the user did.

// header appends the line that says what will be sent to a host.
func appendHeader(b []byte, h *host, set *settings) []byte {
	b = append(b, "PING "...)
	b = append(b, h.name...)
	b = append(b, " ("...)
	b = h.addr.AppendTo(b)
	b = append(b, ") "...)
	b = strconv.AppendInt(b, int64(set.size), 10)
	if wire.FamilyOf(h.addr) == wire.V6 { // as ping has it, which leaves the headers out here
		return append(b, " data bytes\n"...)
	}
	b = append(b, '(')
	b = strconv.AppendInt(b, int64(set.size+28), 10)
	return append(b, ") bytes of data.\n"...)
}

// printer turns events into lines.
type printer struct {
	several bool          // lines name the host
	timeout time.Duration // as asked
}

// whyMissed is why a packet was not sent when it was due: Ctrl-Z, too.
const whyMissed = ": this host is too busy, or the process was stopped"

// appendEvent appends the line for an event; nothing for one that needs none.
func (p printer) appendEvent(b []byte, h *host, ev *echo.Event) []byte {
	switch ev.Kind {
	case echo.Reply:
		b = p.appendAnswer(b, h, ev)
		if ev.OutOfOrder {
			b = append(b, " (out of order)"...)
		}
	case echo.Duplicate:
		b = append(p.appendAnswer(b, h, ev), " (DUP!)"...)
	case echo.Late:
		b = append(p.appendAnswer(b, h, ev), " (late: lost already)"...)
	case echo.Corrupt:
		b = append(p.appendAnswer(b, h, ev), " (corrupt: does not count)"...)
	case echo.WrongSource:
		b = append(p.appendAnswer(b, h, ev), " (wrong source: does not count)"...)
	case echo.Lost:
		b = append(b, "no reply from "...)
		b = appendSeq(p.appendName(b, h), ev)
		b = append(b, " timeout "...)
		b = append(b, nagios.FormatDuration(p.timeout, time.Second, -1)...)
		b = append(b, " s"...)
	case echo.Refused, echo.LateRefusal:
		b = p.appendRefusal(b, h, ev)
	case echo.NotSent:
		b = append(b, "not sent to "...)
		b = appendSeq(p.appendName(b, h), ev)
		b = append(append(b, ' '), whyNotSent(ev.Cause, ev.Err)...)
	case echo.Abandoned:
		if ev.Cause == icmpsock.Sent { // the end of the run, which the user asked for
			return b
		}
		b = append(b, "given up on "...)
		b = appendSeq(p.appendName(b, h), ev)
		b = append(append(b, ' '), whyNotSent(ev.Cause, ev.Err)...)
	case echo.Missed:
		b = append(b, "not sent to "...)
		b = p.appendName(b, h)
		b = fmt.Appendf(b, ": %d sending times passed by%s", ev.Missed, whyMissed)
	default:
		return b
	}
	if ev.Suspect && ev.Kind.Verdict() {
		b = append(b, " (suspect: our own socket dropped packets)"...)
	}
	return append(b, '\n')
}

// appendAnswer appends what ping says of a reply, in the same words.
func (p printer) appendAnswer(b []byte, h *host, ev *echo.Event) []byte {
	b = strconv.AppendInt(b, int64(ev.Size), 10)
	b = append(b, " bytes from "...)
	another := ev.From != h.addr.WithZone("")
	if another {
		b = ev.From.AppendTo(b)
	} else {
		b = p.appendName(b, h)
	}
	b = appendSeq(b, ev)
	if ev.Hops >= 0 {
		b = append(b, " ttl="...)
		b = strconv.AppendInt(b, int64(ev.Hops), 10)
	}
	b = append(b, " time="...)
	b = appendShort(b, ev.RTT)
	b = append(b, " ms"...)
	if another && p.several {
		b = p.appendTo(b, h)
	}
	return b
}

// appendRefusal appends an ICMP error: who sent it, for which probe, its words.
func (p printer) appendRefusal(b []byte, h *host, ev *echo.Event) []byte {
	b = append(b, "From "...)
	b = ev.ICMP.Router.AppendTo(b)
	b = append(b, " icmp_seq="...) // without the colon that a reply's line has, as ping has it
	b = strconv.AppendUint(b, ev.Number, 10)
	b = append(append(b, ' '), capital(refusal(h.addr, ev.ICMP))...)
	if p.several {
		b = p.appendTo(b, h)
	}
	if ev.Kind == echo.LateRefusal {
		b = append(b, " (late: lost already)"...)
	}
	return b
}

// appendName appends the host's address, with its name before it where lines
// have to tell which host.
func (p printer) appendName(b []byte, h *host) []byte {
	if !p.several || h.literal {
		return h.addr.AppendTo(b)
	}
	b = append(b, h.name...)
	b = append(b, " ("...)
	b = h.addr.AppendTo(b)
	return append(b, ')')
}

// appendTo appends which host was asked, where another one answered.
func (p printer) appendTo(b []byte, h *host) []byte {
	b = append(b, " (asked: "...)
	b = append(b, h.name...)
	return append(b, ')')
}

func appendSeq(b []byte, ev *echo.Event) []byte {
	b = append(b, ": icmp_seq="...)
	return strconv.AppendUint(b, ev.Number, 10)
}

// refusal returns an ICMP error's words.
func refusal(addr netip.Addr, e echo.ICMPError) string {
	text := wire.ErrorText(wire.FamilyOf(addr), e.Type, e.Code)
	if e.MTU != 0 {
		text += fmt.Sprintf(" (mtu = %d)", e.MTU)
	}
	return text
}

// whyNotSent returns the words for a local error: its class, and the system's
// own where the class says too little.
func whyNotSent(cause icmpsock.Cause, err error) string {
	if err == nil || cause != icmpsock.OtherCause && cause != icmpsock.TooBig && cause != icmpsock.SocketLost {
		return cause.String()
	}
	if big, ok := errors.AsType[*icmpsock.TooBigError](err); ok && big.MTU > 0 {
		return fmt.Sprintf("packet too big for the path MTU of %d bytes (EMSGSIZE)", big.MTU)
	}
	if cause == icmpsock.TooBig {
		return cause.String()
	}
	return oneLine(cause.String() + ": " + err.Error())
}

// capital returns text with a capital initial, as ping has it in the middle of
// its lines.
func capital(text string) string {
	r, n := utf8.DecodeRuneInString(text)
	return string(unicode.ToUpper(r)) + text[n:]
}

// appendShort appends milliseconds with as many decimals as ping and fping
// give: three below 1, two below 10, one below 100.
func appendShort(b []byte, d time.Duration) []byte {
	switch {
	case d < time.Millisecond-time.Microsecond/2:
		return appendMS(b, d)
	case d < 10*time.Millisecond-5*time.Microsecond:
		return appendDecimal(b, rounded(d, 10*time.Microsecond), 2)
	case d < 100*time.Millisecond-50*time.Microsecond:
		return appendDecimal(b, rounded(d, 100*time.Microsecond), 1)
	}
	return strconv.AppendInt(b, rounded(d, time.Millisecond), 10)
}

// appendMS appends milliseconds with three decimals.
func appendMS(b []byte, d time.Duration) []byte {
	return appendDecimal(b, rounded(d, time.Microsecond), 3)
}

// rounded returns d in units, halves rounded up. No time is negative.
func rounded(d, unit time.Duration) int64 {
	d = max(d, 0)
	n := int64(d / unit)
	if d%unit >= unit/2 {
		n++
	}
	return n
}

// appendDecimal appends n / 10^decimals.
func appendDecimal(b []byte, n int64, decimals int) []byte {
	scale := int64(1)
	for range decimals {
		scale *= 10
	}
	b = strconv.AppendInt(b, n/scale, 10)
	b = append(b, '.')
	for n %= scale; scale > 1; n %= scale {
		scale /= 10
		b = append(b, "0123456789"[n/scale])
	}
	return b
}
