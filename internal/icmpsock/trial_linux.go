package icmpsock

import (
	"math"
	"slices"

	"golang.org/x/sys/unix"

	"github.com/rawping/rawping/internal/wire"
)

// What IPv6 datagram sockets can do differs from kernel to kernel, and only a send
// shows it. It is tried with a socket of its own, because the send may put an echo
// request to this host on its way, whose reply no connection must see.

// ignoresOptions reports whether IPv6 datagram sockets ignore the control messages of
// a send, as they do before Linux 5.18 (ping_v6_sendmsg): it succeeds though the
// interface to leave by does not exist.
func ignoresOptions() bool {
	fd, _, err := openSocket(DatagramOnly, wire.V6)
	if err != nil {
		return false
	}
	defer unix.Close(fd) //nolint:errcheck // it has nothing to lose
	var control [sendControlSize]byte
	w := controlWriter{b: control[:]}
	w.options(wire.V6, &Options{Interface: noInterface})
	return sendToSelf(fd, wire.V6, w.written()) == nil
}

// stampsBringPackets reports whether the stamps of IPv6 datagram sockets come with the
// packet, if they are asked for so: net.core.tstamp_allow_data may forbid it to whoever
// lacks CAP_NET_RAW. The loopback stamps a packet before its send returns.
func stampsBringPackets() bool {
	fd, _, err := openSocket(DatagramOnly, wire.V6)
	if err != nil {
		return false
	}
	defer unix.Close(fd) //nolint:errcheck // it has nothing to lose
	mirror := conn{fd: fd, class: Class{Family: wire.V6}, errs: newRecvBatch()}
	mirror.errs.grow(minRecvSize)
	mirror.facts.StampQuotes = true
	if mirror.bindIdentifier(0) != nil || !mirror.stamp(unix.SOF_TIMESTAMPING_TX_SOFTWARE) ||
		sendToSelf(fd, wire.V6, nil) != nil {
		return false
	}
	in, _ := mirror.drainErrors(nil)
	return slices.ContainsFunc(in, func(in In) bool { return in.Kind == Stamp })
}

// noInterface is the index of an interface that no system has.
const noInterface = math.MaxInt32

// sendToSelf sends an echo request to this host's loopback address.
func sendToSelf(fd int, family wire.Family, control []byte) error {
	echo := []byte{8, 0, 0xf7, 0xff, 0, 0, 0, 0}
	var to unix.Sockaddr = &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}
	if family == wire.V6 {
		echo[0] = 128
		to = &unix.SockaddrInet6{Addr: [16]byte{15: 1}}
	}
	_, err := unix.SendmsgN(fd, echo, control, to, unix.MSG_DONTWAIT)
	return err
}
