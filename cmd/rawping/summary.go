package main

import (
	"fmt"
	"net/netip"
	"strconv"
	"time"

	"github.com/rawping/rawping/internal/echo"
	"github.com/rawping/rawping/internal/icmpsock"
	"github.com/rawping/rawping/internal/nagios"
	"github.com/rawping/rawping/internal/stats"
)

// host is a host under probe, and what has become of its probes.
type host struct {
	name    string
	addr    netip.Addr
	literal bool // the name is the address

	window      stats.Window
	first, last echo.Instant // the first departure, the last verdict
	trouble     *trouble     // nil: none, as with most
}

// trouble is what a summary says about probes that met an error.
type trouble struct {
	icmp        echo.ICMPError // the last one
	variousICMP bool           // there were others before
	cause       icmpsock.Cause // why the last one was not sent
	err         error
	variousWhy  bool // there were other causes before
}

// take counts an event.
func (h *host) take(ev *echo.Event) {
	h.window.Add(ev)
	if ev.Kind.Verdict() {
		if h.first == 0 || ev.Sent != 0 && ev.Sent < h.first {
			h.first = ev.Sent
		}
		h.last = ev.At
	}
	switch ev.Kind {
	case echo.Refused:
		t := h.troubled()
		t.variousICMP = t.variousICMP || t.icmp.Router.IsValid() && t.icmp != ev.ICMP
		t.icmp = ev.ICMP
	case echo.NotSent:
		t := h.troubled()
		t.variousWhy = t.variousWhy || t.cause != icmpsock.Sent && t.cause != ev.Cause
		t.cause, t.err = ev.Cause, ev.Err
	}
}

func (h *host) troubled() *trouble {
	if h.trouble == nil {
		h.trouble = new(trouble)
	}
	return h.trouble
}

func (h *host) answered() bool {
	_, ok := h.window.Min()
	return ok
}

// appendSummary appends what ping says at its end, and behind it what only we
// can say.
func appendSummary(b []byte, h *host) []byte {
	c := h.window.Counts()
	b = append(b, "\n--- "...)
	b = append(b, h.name...)
	b = append(b, " ping statistics ---\n"...)
	b = strconv.AppendUint(b, c.Sent(), 10)
	b = append(b, " packets transmitted, "...)
	b = strconv.AppendUint(b, c.Replies, 10)
	b = append(b, " received, "...)
	for _, extra := range []struct {
		n    uint64
		name string
	}{{c.Duplicates, "duplicates"}, {c.Corrupt, "corrupted"}, {c.Refused, "errors"}} {
		if extra.n > 0 {
			b = fmt.Appendf(b, "+%d %s, ", extra.n, extra.name)
		}
	}
	b = appendLoss(b, &c, nagios.FormatLoss)
	b = append(b, " packet loss, time "...)
	took := h.last.Sub(h.first)
	if h.first == 0 { // nothing has left
		took = 0
	}
	b = strconv.AppendInt(b, int64(took/time.Millisecond), 10)
	b = append(b, "ms\n"...)
	c.Duplicates, c.Corrupt = 0, 0 // said already
	for _, remark := range h.remarks(&c) {
		b = append(append(b, remark...), '\n')
	}
	return h.appendRTT(b)
}

// appendRTT appends the line of RTTs, if there was a reply.
func (h *host) appendRTT(b []byte) []byte {
	least, ok := h.window.Min()
	if !ok {
		return b
	}
	mean, _ := h.window.Mean()
	most, _ := h.window.Max()
	deviation, _ := h.window.StdDev()
	b = append(b, "rtt min/avg/max/mdev = "...)
	for i, d := range []time.Duration{least, mean, most, deviation} {
		if i > 0 {
			b = append(b, '/')
		}
		b = appendMS(b, d)
	}
	b = append(b, " ms"...)
	if jitter, ok := h.window.Jitter(); ok {
		b = append(b, ", jitter "...)
		b = append(appendMS(b, jitter), " ms"...)
	}
	b = append(b, timing(h.window.RTTSource())...)
	return append(b, '\n')
}

// timing says how RTTs were taken, if not in the best way.
func timing(source echo.RTTSource) string {
	switch source {
	case echo.MixedTime:
		return " (mixed: only arrivals are stamped by the kernel)"
	case echo.UserTime:
		return " (user: taken in this process, too long on a busy host)"
	case echo.KernelTime:
	}
	return ""
}

// appendLine appends the line that fping prints for a host, and behind it what
// only we can say. Programs take that line apart: the loss is in whole per cents,
// as there; xmt and rcv say it exactly.
func appendLine(b []byte, h *host, width int) []byte {
	c := h.window.Counts()
	b = append(b, h.name...)
	for range width - len(h.name) {
		b = append(b, ' ')
	}
	b = append(b, " : xmt/rcv/%loss = "...)
	b = strconv.AppendUint(b, c.Sent(), 10)
	b = append(b, '/')
	b = strconv.AppendUint(b, c.Replies, 10)
	b = append(b, '/')
	b = appendLoss(b, &c, nagios.FormatWholeLoss)
	if least, ok := h.window.Min(); ok {
		mean, _ := h.window.Mean()
		most, _ := h.window.Max()
		b = append(b, ", min/avg/max = "...)
		b = appendShort(b, least)
		b = append(b, '/')
		b = appendShort(b, mean)
		b = append(b, '/')
		b = appendShort(b, most)
		b = append(b, timing(h.window.RTTSource())...)
	}
	if plain := (stats.Counts{Replies: c.Replies, Lost: c.Lost}); c == plain { // most hosts
		return append(b, '\n')
	}
	for _, remark := range h.remarks(&c) {
		b = append(append(b, ", "...), remark...)
	}
	return append(b, '\n')
}

// appendLoss appends the loss in per cent; a hyphen for the number if nothing
// has been decided, because then there is none.
func appendLoss(b []byte, c *stats.Counts, format func(percent float64) string) []byte {
	loss, ok := c.Loss()
	switch {
	case !ok:
		return append(b, "-%"...)
	case loss == 0:
		return append(b, "0%"...)
	}
	return append(append(b, format(100*loss)...), '%')
}

// remarks says what is to be said beside replies and losses, a reason with
// each where there is one.
func (h *host) remarks(c *stats.Counts) []string {
	var remarks []string
	say := func(n uint64, what, why string) {
		if n > 0 {
			remarks = append(remarks, fmt.Sprintf("%s %d%s", what, n, why))
		}
	}
	var refused, notSent, late string
	if t := h.trouble; t != nil {
		if t.icmp.Router.IsValid() {
			refused = last(t.variousICMP) + refusal(h.addr, t.icmp) + " from " + t.icmp.Router.String()
		}
		notSent = last(t.variousWhy) + whyNotSent(t.cause, t.err)
	}
	if slowest, ok := h.window.MaxLate(); ok {
		late = ": up to " + string(appendShort(nil, slowest)) + " ms"
	}
	say(c.Refused, "refused", refused)
	say(c.NotSent, "not sent", notSent)
	say(c.Missed, "sending times missed", whyMissed)
	say(c.Abandoned, "given up undecided", "")
	say(c.Late, "late", late)
	say(c.LateRefusals, "refused late", "")
	say(c.Duplicates, "duplicates", "")
	say(c.OutOfOrder, "out of order", "")
	say(c.Corrupt, "corrupt", "")
	say(c.WrongSource, "from another address", "")
	say(c.Suspect, "suspect", ": our own socket dropped packets")
	return remarks
}

// last introduces a reason that is only the last one of several.
func last(various bool) string {
	if various {
		return ": the last one "
	}
	return ": "
}

// appendStatus appends the short line that SIGQUIT asks for.
func appendStatus(b []byte, h *host) []byte {
	c := h.window.Counts()
	b = fmt.Appendf(b, "%d/%d packets, ", c.Replies, c.Sent())
	b = append(appendLoss(b, &c, nagios.FormatLoss), " loss"...)
	if least, ok := h.window.Min(); ok {
		mean, _ := h.window.Mean()
		most, _ := h.window.Max()
		b = append(b, ", min/avg/max = "...)
		b = append(appendShort(b, least), '/')
		b = append(appendShort(b, mean), '/')
		b = append(appendShort(b, most), " ms"...)
	}
	return b
}
