package truth

import (
	"errors"
	"net"
	"net/netip"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/icmp"
	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"
	"golang.org/x/sys/unix"

	"github.com/rawping/rawping/internal/bench/capture"
	"github.com/rawping/rawping/internal/echo"
	"github.com/rawping/rawping/internal/wire"
)

// witness is a packet socket on the client's link, which has the kernel's time of
// every packet. Where a test is about time, it is the judge: the responder is a
// part of this process, and late when the machine is busy.
type witness struct {
	field *field
	fd    int
	clock echo.Clock
	began echo.Instant
	ahead int64 // of the wall clock to the engine's time when it began
}

// passed is an echo request or reply that passed by.
type passed struct {
	at    time.Time
	host  netip.Addr // the one that is asked
	reply bool
}

// witness begins to record. Everything waits in the socket until it is asked for.
func (f *field) witness() *witness {
	f.Helper()
	w := &witness{field: f, clock: echo.SystemClock()}
	now, wall := w.clock()
	w.began, w.ahead = now, wall-int64(now)
	require.NoError(f, f.Client.Do(func() (err error) {
		const everything = unix.ETH_P_ALL>>8 | unix.ETH_P_ALL&0xff<<8
		w.fd, err = unix.Socket(unix.AF_PACKET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, everything)
		if err != nil {
			return err
		}
		link, err := net.InterfaceByName(f.RouterLinkLocal.Zone())
		if err != nil {
			return err
		}
		return errors.Join(
			unix.Bind(w.fd, &unix.SockaddrLinklayer{Protocol: everything, Ifindex: link.Index}),
			unix.SetsockoptInt(w.fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, 256<<20),
			capture.Stamps(w.fd))
	}))
	f.Cleanup(func() { _ = unix.Close(w.fd) })
	return w
}

// echoes returns what passed by since the last call, in the order of time.
func (w *witness) echoes() []passed {
	var all []passed
	packet, control := make([]byte, 1<<16), make([]byte, capture.ControlSize)
	for {
		n, nc, _, _, err := unix.Recvmsg(w.fd, packet, control, 0)
		if errors.Is(err, unix.EAGAIN) {
			w.steady()
			return all
		}
		require.NoError(w.field, err)
		p, ok := parseEcho(packet[:n])
		if !ok {
			continue
		}
		at, err := capture.Stamp(control[:nc])
		require.NoError(w.field, err)
		p.at = time.Unix(0, at)
		all = append(all, p)
	}
}

// steady asserts that nobody has stepped the machine's wall clock, by which the
// kernel stamps, since the witness began. It may have been slewed.
func (w *witness) steady() {
	now, wall := w.clock()
	step := time.Duration(wall - int64(now) - w.ahead)
	require.LessOrEqual(w.field, step.Abs(), ms+now.Sub(w.began)/1000,
		"somebody has stepped this machine's clock: what the witness has seen cannot be judged")
}

// trip returns the time from the first request to a host to the first reply of it.
func trip(all []passed, host netip.Addr) (rtt time.Duration, ok bool) {
	var sent time.Time
	for _, p := range all {
		switch {
		case p.host != host:
		case !p.reply && sent.IsZero():
			sent = p.at
		case p.reply:
			return p.at.Sub(sent), !sent.IsZero()
		}
	}
	return 0, false
}

// parseEcho reads an IP packet without extension headers.
func parseEcho(b []byte) (p passed, ok bool) {
	if len(b) < 20 {
		return p, false
	}
	family, protocol, header, src := wire.V4, 1, int(b[0]&0xf)*4, 12
	request, reply := icmp.Type(ipv4.ICMPTypeEcho), icmp.Type(ipv4.ICMPTypeEchoReply)
	if b[0]>>4 == 6 {
		family, protocol, header, src = wire.V6, 58, ipv6.HeaderLen, 8
		request, reply = ipv6.ICMPTypeEchoRequest, ipv6.ICMPTypeEchoReply
	}
	if len(b) < header+8 {
		return p, false
	}
	m, err := icmp.ParseMessage(protocol, b[header:])
	if err != nil || m.Type != request && m.Type != reply {
		return p, false
	}
	size := 4
	if family == wire.V6 {
		size = 16
	}
	p.reply = m.Type == reply
	at := src
	if !p.reply {
		at += size
	}
	p.host, ok = netip.AddrFromSlice(b[at : at+size])
	return p, ok
}
