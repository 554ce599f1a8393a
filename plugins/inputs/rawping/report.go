package rawping

import (
	"net/netip"
	"time"

	"github.com/rawping/rawping/internal/icmpsock"
	"github.com/rawping/rawping/internal/stats"
)

// The values of result_code.
const (
	gotReply    int64 = 0
	notResolved int64 = 1
	nothingSent int64 = 2
	noReply     int64 = 3
)

// report is what one window of a target has to tell.
type report struct {
	window   *stats.Window // for figures over RTTs
	counts   stats.Counts
	longest  uint64 // run of losses
	inARow   uint64 // lost up to now
	ttl      int
	ttlKnown bool
	took     time.Duration

	addr  netip.Addr
	ready state
	cause icmpsock.Cause
	err   error
}

// result returns the result code. It is false where nothing was decided and
// nothing went wrong: then there is nothing to say.
func (r *report) result() (code int64, ok bool) {
	switch {
	case r.counts.Replies > 0:
		return gotReply, true
	case r.counts.Decided() > 0:
		return noReply, true
	case r.counts.NotSent > 0, r.ready.kind == unsent:
		return nothingSent, true
	case r.ready.kind == unresolved:
		return notResolved, true
	}
	return 0, false
}

// state returns what the log should say of the target.
func (r *report) state() state {
	code, ok := r.result()
	switch {
	case !ok:
		return state{kind: unknown}
	case code == gotReply || code == noReply:
		return state{kind: fine}
	case r.counts.NotSent == 0:
		return r.ready
	case r.cause == icmpsock.SocketLost && r.err != nil:
		return state{kind: unsent, socket: true, cause: r.err.Error()}
	}
	return state{kind: unsent, cause: r.cause.String()}
}

// fields returns the metric's fields. The type of a field never changes.
func (r *report) fields() map[string]any {
	c := &r.counts
	fields := map[string]any{"window_s": float64(r.took.Microseconds()) / 1e6}
	for name, n := range map[string]uint64{
		"packets_transmitted": c.Decided(),
		"packets_received":    c.Replies,
		"late":                c.Late,
		"duplicates":          c.Duplicates,
		"out_of_order":        c.OutOfOrder,
		"corrupt":             c.Corrupt,
		"wrong_source":        c.WrongSource,
		"refused":             c.Refused,
		"not_sent":            c.NotSent,
		"suspect":             c.Suspect,
		"longest_loss_run":    r.longest,
		"consecutive_lost":    r.inARow,
	} {
		fields[name] = int64(n) //nolint:gosec // a count of packets; Telegraf's integers have a sign
	}
	if code, ok := r.result(); ok {
		fields["result_code"] = code
	}
	if loss, ok := c.Loss(); ok {
		fields["percent_packet_loss"] = 100 * loss
	}
	if r.addr.IsValid() {
		fields["ip"] = r.addr.String()
	}
	r.addTimes(fields)
	return fields
}

// addTimes adds what only replies can tell.
func (r *report) addTimes(fields map[string]any) {
	w := r.window
	add := func(name string, figure func() (time.Duration, bool)) {
		if d, ok := figure(); ok {
			fields[name] = float64(d) / float64(time.Millisecond)
		}
	}
	add("average_response_ms", w.Mean)
	add("minimum_response_ms", w.Min)
	add("maximum_response_ms", w.Max)
	add("standard_deviation_ms", w.StdDev)
	add("median_response_ms", w.Median)
	add("jitter_ms", w.Jitter)
	if r.ttlKnown {
		fields["ttl"] = int64(r.ttl)
	}
	if r.counts.Replies > 0 {
		fields["rtt_source"] = w.RTTSource().String()
	}
}
