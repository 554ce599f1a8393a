package main

import (
	"net/netip"
	"syscall"
	"time"

	"github.com/rawping/rawping/internal/echo"
	"github.com/rawping/rawping/internal/testbed"
	"github.com/rawping/rawping/internal/wire"
)

// kinds is a set of event kinds.
type kinds uint32

func setOf(ks ...echo.Kind) kinds {
	var s kinds
	for _, k := range ks {
		s |= 1 << k
	}
	return s
}

func (s kinds) has(k echo.Kind) bool { return s&(1<<k) != 0 }

// want is what may be said of the probes to a host, and what must be.
type want struct {
	verdicts kinds         // those that may be
	facts    kinds         // of Duplicate, Corrupt and WrongSource, those that may be
	must     echo.Kind     // the run is no proof unless there were some of these
	exact    bool          // a probe is lost if, and only if, the responder lost its request
	logged   bool          // the requests reach the responder, whose log has them
	narrow   bool          // but for those that a router refuses on the way
	least    time.Duration // no RTT is shorter
	icmp     *[2]uint8     // type and code of a refusal; nil: any
	router   netip.Addr    // who refuses; not valid: anybody
	errno    syscall.Errno
}

// late is a delay that no timeout allows.
const late = 1500 * time.Millisecond

// damaged says that a fault leaves no reply as it should be.
func damaged(f testbed.Fault) bool {
	return f.CorruptPayload > 0 || f.CorruptHeader || f.BadChecksum || f.Truncate > 0 || f.Pad > 0 ||
		f.WrongID != 0 || f.WrongSeq != 0 || f.WrongSource.IsValid()
}

// expect returns what may be said of a host that has a fault.
func expect(f testbed.Fault, k kind) want {
	w := want{logged: true, least: f.Delay}
	switch {
	case f.ICMPError != nil:
		w = w.refusedBy(f, k)
	case f.Of > 0 && f.Lose == f.Of || damaged(f):
		w.verdicts, w.must = setOf(echo.Lost), echo.Lost
	case f.Delay >= late:
		w.verdicts, w.must = setOf(echo.Lost), echo.Late
	case f.Of > 0 || f.LoseRandom > 0:
		w.verdicts, w.must, w.exact = setOf(echo.Reply, echo.Lost), echo.Lost, true
	default:
		w.verdicts, w.must = setOf(echo.Reply), echo.Reply
	}
	if f.Duplicate > 0 || f.Replay > 0 {
		w.facts |= setOf(echo.Duplicate)
	}
	if damaged(f) || f.Forge > 0 || f.TwoDifferent {
		w.facts |= setOf(echo.Corrupt)
	}
	switch {
	case f.WrongSource.IsValid():
		w.facts, w.must = setOf(echo.WrongSource), echo.WrongSource
	case f.Duplicate > 0 && !damaged(f) && f.Delay < late:
		w.must = echo.Duplicate
	case f.CorruptPayload > 0 || f.Truncate > 0:
		w.must = echo.Corrupt
	}
	return w
}

// refusedBy returns what may be said where an ICMP error comes.
func (w want) refusedBy(f testbed.Fault, k kind) want {
	e := f.ICMPError
	counts := e.Type == 3 || e.Type == 11 || e.Type == 12
	if k.family == wire.V6 {
		counts = e.Type >= 1 && e.Type <= 4
	} else if !k.raw && (e.Type == 3 && e.Code == 4 || e.Type == 11 && e.Code == 1) {
		counts = false // the kernel keeps them from a socket that asks for no path MTU, and from all
	}
	var verdicts []echo.Kind
	if counts {
		verdicts = append(verdicts, echo.Refused)
		w.icmp, w.router = &[2]uint8{e.Type, e.Code}, e.From
	}
	if f.EchoToo {
		verdicts = append(verdicts, echo.Reply)
	} else if !counts {
		verdicts = append(verdicts, echo.Lost)
	}
	w.verdicts, w.must = setOf(verdicts...), verdicts[0]
	if len(verdicts) > 1 {
		w.must = 0 // on two processors, the one may overtake the other on its way
	}
	return w
}

// sizes returns the payloads with which a fault shows.
func sizes(f testbed.Fault) []int {
	switch {
	case f.Truncate > 0:
		return []int{56, 1200} // shorter ones are left whole
	case f.Forge > 0 || f.Replay > 0 || f.TwoDifferent || f.WrongSource.IsValid():
		return []int{16, 56, 1200} // without a token, nothing tells the false from the true
	case f.CorruptPayload > 0:
		return []int{8, 16, 56, 1200}
	}
	return []int{0, 8, 16, 56, 1200}
}

// timeouts returns how long a reply from such a host may take.
func (w want) timeouts(f testbed.Fault) []time.Duration {
	switch {
	case f.Reorder > 0:
		return []time.Duration{2 * time.Second} // a reply may be held for one
	case w.verdicts.has(echo.Reply) || w.verdicts.has(echo.Refused):
		return []time.Duration{time.Second, 2 * time.Second}
	}
	return []time.Duration{200 * time.Millisecond, 500 * time.Millisecond, time.Second}
}
