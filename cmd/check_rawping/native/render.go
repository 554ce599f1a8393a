package native

import (
	"strconv"
	"strings"

	"github.com/rawping/rawping/internal/check"
	"github.com/rawping/rawping/internal/nagios"
	"github.com/rawping/rawping/internal/wire"
)

// renderNagios returns the whole output: the status line with the perfdata, and a
// line for each thing that explains it.
func (s *settings) renderNagios(r *check.Results, status nagios.Status, news []string) string {
	var b strings.Builder
	names := displayNames(r)
	b.WriteString(s.statusText(r, status, names))
	if perfdata := s.perfdata(r); perfdata != "" {
		b.WriteString("|" + perfdata)
	}
	b.WriteByte('\n')
	line := func(words string) {
		b.WriteString(nagios.CleanText(words))
		b.WriteByte('\n')
	}
	for _, words := range news {
		line(words)
	}
	for i, h := range r.Hosts {
		for _, words := range s.explain(h, r.Ending) {
			line(names[i] + ": " + words)
		}
	}
	for _, words := range r.Notices {
		line(words)
	}
	for _, words := range s.verbose(r, names) {
		line(words)
	}
	return b.String()
}

// mostListed is how many hosts the status line lists. Beyond that, it lists those
// that are not OK.
const mostListed = 16

// statusText returns the status line without its perfdata.
func (s *settings) statusText(r *check.Results, status nagios.Status, names []string) string {
	var b strings.Builder
	b.WriteString(status.String())
	b.WriteString(" - ")
	if r.Ending.Signal != "" {
		b.WriteString("stopped by " + r.Ending.Signal + ". ")
	}
	listed := 0
	list := func(i int) {
		if listed > 0 {
			b.WriteString(" :: ")
		}
		b.WriteString(nagios.CleanText(names[i] + ": " + s.summary(r.Hosts[i])))
		listed++
	}
	if len(r.Hosts) <= mostListed {
		for i := range r.Hosts {
			list(i)
		}
		return b.String()
	}
	var bad []int
	var t tally
	for i, h := range r.Hosts {
		status := s.judgeHost(h)
		t.add(status)
		if status != nagios.OK {
			bad = append(bad, i)
		}
	}
	b.WriteString(t.words())
	for _, i := range bad[:min(len(bad), mostListed)] {
		if listed == 0 {
			b.WriteString(". ")
		}
		list(i)
	}
	if more := len(bad) - listed; more > 0 {
		b.WriteString(" :: and " + strconv.Itoa(more) + " more")
	}
	return b.String()
}

// words returns how many hosts have which status.
func (t *tally) words() string {
	var parts []string
	all := 0
	for _, status := range []nagios.Status{nagios.OK, nagios.WARNING, nagios.CRITICAL, nagios.UNKNOWN} {
		all += t[status]
		if t[status] > 0 {
			parts = append(parts, strconv.Itoa(t[status])+" "+status.String())
		}
	}
	return strconv.Itoa(all) + " hosts: " + strings.Join(parts, ", ")
}

// summary returns what the status line says of a host after its name.
func (s *settings) summary(h *check.Host) string {
	counts := h.Window.Counts()
	loss, decided := h.Loss()
	rta, replied := h.Window.Mean()
	switch {
	case h.Err != nil:
		return h.Why().Error()
	case replied:
		return "rta " + milliseconds(rta) + "ms, lost " + nagios.FormatLoss(loss) + "%" + s.further(h)
	case decided:
		return refused(h) + "rta nan, lost " + nagios.FormatLoss(loss) + "%"
	case len(h.Failures) > 0:
		return h.Failures.Most().Words + ". rta nan, nothing sent"
	case counts.Sent() > 0:
		return "rta nan, nothing decided"
	}
	return "rta nan, nothing sent"
}

// further returns the figures of the modes, and those that set an alarm off.
func (s *settings) further(h *check.Host) string {
	var b strings.Builder
	limits := s.limitsOf(h.Target)
	for i := range limits {
		l := &limits[i]
		if l.name == "rta" || l.name == "loss" || !l.mode && l.judge(h) == nagios.OK {
			continue
		}
		b.WriteString(", " + l.name + " " + l.valueText(h))
	}
	return b.String()
}

// valueText returns a limit's figure with its unit.
func (l *limit) valueText(h *check.Host) string {
	v, ok := l.of(h)
	if !ok {
		return "nan"
	}
	return l.kind.text(v) + l.kind.unit()
}

// because says why an alarm of the limit was set off.
func (l *limit) because(h *check.Host, a alarm) string {
	if v, _ := l.of(h); l.ofReplies && h.Window.Counts().Replies == 0 && !a.rings(v) {
		return a.words(l.kind) + ", or without a reply in time"
	}
	return a.words(l.kind)
}

// refused returns the ICMP error that most packets met, if any, as check_icmp
// writes it before the figures.
func refused(h *check.Host) string {
	refusals := h.Refusals
	if len(refusals) == 0 {
		refusals = h.Afterward
	}
	if len(refusals) == 0 {
		return ""
	}
	e := refusals.Most()
	return e.StatusText(wire.FamilyOf(h.Addr)) + " @ " + e.Router.String() + ". "
}

// explain returns the long output on a host.
func (s *settings) explain(h *check.Host, end check.Ending) []string {
	if h.Err != nil {
		return nil // the status line says it
	}
	var lines []string
	if _, decided := h.Loss(); decided {
		limits := s.limitsOf(h.Target)
		for i := range limits {
			l := &limits[i]
			if l.name == "rta" || l.name == "loss" {
				continue // these are to be seen
			}
			switch l.judge(h) {
			case nagios.CRITICAL:
				lines = append(lines, l.name+" "+l.valueText(h)+": critical "+l.because(h, l.critical))
			case nagios.WARNING:
				lines = append(lines, l.name+" "+l.valueText(h)+": a warning "+l.because(h, l.warning))
			}
		}
	}
	if more := h.Packets - s.plan.Packets; more > 0 {
		lines = append(lines, packets(more)+" more to confirm what the first "+strconv.Itoa(s.plan.Packets)+" said")
	}
	if left := h.Packets - int(h.Done()); s.early && left > 0 && end == (check.Ending{}) { //nolint:gosec // never more than Packets
		lines = append(lines, packets(left)+" not sent: the verdict was certain")
	}
	lines = append(lines, h.Reasons(end)...)
	if path := h.PathText(); path != "" {
		lines = append(lines, path)
	}
	if end.Deadline {
		lines = append(lines, s.leftOut(h)...)
	}
	return lines
}

// leftOut says what was asked for on a host that is not well, and that the deadline
// left no time for.
func (s *settings) leftOut(h *check.Host) (lines []string) {
	if s.confirm > 0 && h.Packets == s.plan.Packets && s.judgeHost(h) != nagios.OK {
		lines = append(lines, "not confirmed by "+packets(s.confirm)+" more: the deadline came first")
	}
	switch c := h.Window.Counts(); {
	case !s.plan.Trace || c.Replies > 0 || c.Decided() == 0:
	case h.Path == nil:
		lines = append(lines, "path not looked for: the deadline came first")
	default:
		lines = append(lines, "path not looked for to the end: the deadline may have come first")
	}
	return lines
}

func packets(n int) string {
	if n == 1 {
		return "1 packet"
	}
	return strconv.Itoa(n) + " packets"
}

// verbose returns what -v asks for besides.
func (s *settings) verbose(r *check.Results, names []string) []string {
	if s.verbosity == 0 {
		return nil
	}
	var lines []string
	for i, h := range r.Hosts {
		for _, words := range figuresOf(h) {
			lines = append(lines, names[i]+": "+words)
		}
		for k := range h.Probes {
			lines = append(lines, names[i]+": "+probeText(&h.Probes[k]))
		}
	}
	if s.verbosity >= 3 {
		lines = append(lines, insides(r)...)
	}
	return lines
}

// figuresOf returns what is known of a host's round trip times.
func figuresOf(h *check.Host) []string {
	if h.Err != nil {
		return nil
	}
	w := &h.Window
	counts := w.Counts()
	line := h.Addr.String() + ", " + packets(int(counts.Sent())) + " sent, " + //nolint:gosec // at most a million
		strconv.FormatUint(counts.Replies, 10) + " received"
	if counts.Replies == 0 {
		return []string{line}
	}
	for _, name := range []string{"min", "median", "p95", "max", "stddev", "jitter"} {
		f, _ := figureNamed(name)
		if v, ok := f.of(h); ok {
			line += ", " + name + " " + f.kind.text(v) + f.kind.unit()
		}
	}
	if ttl, ok := w.LastHops(); ok {
		line += ", ttl " + strconv.Itoa(ttl)
	}
	return []string{line + ", times by " + w.RTTSource().String()}
}

// insides returns what went on inside.
func insides(r *check.Results) []string {
	c := &r.Counters
	return []string{
		"names looked up after " + milliseconds(r.Resolved) + "ms, all done after " + milliseconds(r.Took) + "ms of " +
			milliseconds(r.Plan.Timeout) + "ms, a reply may take " + milliseconds(r.Plan.Wait) + "ms",
		"sent " + strconv.FormatUint(c.Sent, 10) + ", not sent " + strconv.FormatUint(c.NotSent, 10) +
			", foreign messages " + strconv.FormatUint(c.Foreign, 10) + ", dropped by our own sockets " + strconv.FormatUint(c.Drops, 10) +
			", sends behind time by up to " + milliseconds(c.LatenessMax) + "ms, steps of the wall clock " + strconv.FormatUint(c.ClockSteps, 10),
	}
}
