package icmpsock

import (
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

// withheldError is the error of a packet that Send took and that went nowhere.
type withheldError struct{}

func (withheldError) Error() string {
	return "it never left this host, most likely because of the local firewall, though the kernel said that it was sent: " +
		unix.EPERM.Error()
}

func (withheldError) Unwrap() error { return unix.EPERM }

const (
	// findingAge is how long what the kernel said of the way to a host is used
	// again.
	findingAge = time.Second

	// findingsMost is how many hosts the kernel is asked about in that time. What
	// comes on top has no answer.
	findingsMost = 1024

	// wholePacket is what every IPv6 link carries without fragments (RFC 8200
	// section 5). Only the first of several fragments is stamped, and that not
	// always.
	wholePacket = 1280
)

// witness tells of packets that Send took, but that have no departure stamp, whether
// they can have left this host. It is asked about IPv6 datagram sockets, of which
// the kernel says "sent" to what it throws away (Facts.SilentRefusal).
type witness struct {
	kernel   *rtnetlink
	findings map[errand]finding
	stamping map[int]bool // whether an interface, by index, stamps what leaves by it
	since    time.Time    // when the findings begin
	asked    int          // questions since then

	sure   bool      // stamps come: this socket's have, or others of its kind
	run    int       // bytes of receive buffer that the current run of reads has freed
	missed time.Time // when stamps may last have been lost
}

// finding is what the kernel said of the way to a host.
type finding struct {
	at   time.Time
	open bool // a packet would leave
}

// newWitness returns nil if the kernel cannot be asked. sure says that stamps are known
// to come.
func newWitness(sure bool) *witness {
	kernel, err := openRTNetlink()
	if err != nil {
		return nil
	}
	return &witness{kernel: kernel, sure: sure, findings: map[errand]finding{}, stamping: map[int]bool{}}
}

// Withheld implements [Conn].
func (c *conn) Withheld(o *Out, ago time.Duration) error {
	const header = 40
	w := c.witness
	now := time.Now()
	switch {
	case w == nil,
		!w.sure, // net.core.tstamp_allow_data may forbid those that bring the packet back
		len(o.Data)+header > wholePacket,
		!w.missed.Before(now.Add(-ago)),
		c.crowded():
		return nil
	}
	to := errand{dst: o.Dst, source: c.class.Source, mark: c.class.Mark}
	if o.Dst.IsLinkLocalUnicast() {
		to.iface = o.Scope
	}
	if o.Options != nil {
		to.trafficClass = o.Options.TrafficClass
		if o.Options.Interface != 0 {
			to.iface = o.Options.Interface
		}
	}
	if !w.open(c.fd, to, now, ago) || c.leaving() {
		return nil
	}
	return withheldError{}
}

// leaving reports whether something has left since the last Recv: it may have waited
// for the neighbour that has just been found to be there.
func (c *conn) leaving() bool {
	c.setAside()
	return slices.ContainsFunc(c.pending, func(in In) bool { return in.Kind == Stamp })
}

// open reports whether a packet that was sent so long ago would have left. A finding
// is good for what was in flight when it was made: had the packet waited for its
// neighbour, it would have left then.
func (w *witness) open(fd int, to errand, now time.Time, ago time.Duration) bool {
	if now.Sub(w.since) >= findingAge {
		clear(w.findings)
		clear(w.stamping)
		w.since, w.asked = now, 0
	}
	f, known := w.findings[to]
	if known && now.Sub(f.at) <= ago {
		return f.open
	}
	if w.asked >= findingsMost {
		return false
	}
	w.asked++
	f = finding{now, w.find(fd, &to)}
	w.findings[to] = f
	return f.open
}

// find asks the kernel whether a packet would leave now. Where there is any doubt,
// it would not. The routing table tells whether there are several next hops, of which
// the packet may have taken another; the way in use knows of redirects.
func (w *witness) find(fd int, to *errand) bool {
	if table, ok := w.kernel.route(to, true); !ok || table.special || table.iface == 0 {
		return false
	}
	way, ok := w.kernel.route(to, false)
	if !ok || way.special || way.iface == 0 || !w.stamps(fd, way.iface) {
		return false
	}
	switch way.kind {
	case unix.RTN_LOCAL:
		return true
	case unix.RTN_UNICAST:
		const there = unix.NUD_REACHABLE | unix.NUD_STALE | unix.NUD_DELAY | unix.NUD_PERMANENT | unix.NUD_NOARP
		next := to.dst
		if way.gateway.IsValid() {
			next = way.gateway
		}
		state, ok := w.kernel.neighbour(way.iface, next)
		return ok && state&there != 0
	}
	return false
}

// stamps reports whether an interface stamps what leaves by it.
func (w *witness) stamps(fd, index int) bool {
	stamps, known := w.stamping[index]
	if !known {
		stamps = stampsDepartures(fd, index)
		w.stamping[index] = stamps
	}
	return stamps
}

// stampsDepartures asks the driver of an interface whether it stamps departures. Most
// drivers of hardware do; bridges, tunnels and WireGuard leave that to another
// interface or to none. A macvlan says that it does if the interface below it does, but
// what goes to its siblings has no stamp; an ipvlan is built alike.
func stampsDepartures(fd, index int) bool {
	ifr, err := unix.NewIfreq("")
	if err != nil {
		return false
	}
	ifr.SetUint32(uint32(index))
	if unix.IoctlIfreq(fd, unix.SIOCGIFNAME, ifr) != nil {
		return false
	}
	if driver, err := unix.IoctlGetEthtoolDrvinfo(fd, ifr.Name()); err == nil {
		switch unix.ByteSliceToString(driver.Driver[:]) {
		case "macvlan", "ipvlan":
			return false
		}
	}
	can, err := unix.IoctlGetEthtoolTsInfo(fd, ifr.Name())
	return err == nil && can.So_timestamping&unix.SOF_TIMESTAMPING_TX_SOFTWARE != 0
}

// stamp notes a stamp, or something that was one and could not be read.
func (w *witness) stamp(readable bool) {
	switch {
	case w == nil:
	case readable:
		w.sure = true
	default:
		w.missed = time.Now()
	}
}

// took notes that a message of so many bytes was read.
func (w *witness) took(bytes int) {
	const cost = messageCost / 2 // of a message alone
	if w != nil {
		w.run += cost + 2*bytes
	}
}

// paused notes the end of a read, which has emptied the buffer or not. The kernel
// throws a stamp away, and does not count it, while the receive buffer is full. All
// that fills the buffer is read in one run: a run of less means that it was not full.
func (w *witness) paused(empty bool, buffer int) {
	if w == nil {
		return
	}
	if w.run >= buffer-buffer/8 {
		w.missed = time.Now()
	}
	if empty {
		w.run = 0
	}
}

// crowded reports whether the receive buffer, which has not been read to its end, may
// have been full.
func (c *conn) crowded() bool {
	if c.witness.run == 0 {
		return false
	}
	m, err := readMeminfo(c.fd)
	return err != nil || c.witness.run+int(m[unix.SK_MEMINFO_RMEM_ALLOC]) >= c.facts.RecvBuffer/8*7
}

func (w *witness) close() {
	if w != nil {
		w.kernel.close()
	}
}
