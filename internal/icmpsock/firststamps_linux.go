package icmpsock

import (
	"time"

	"golang.org/x/sys/unix"
)

const (
	// stampsPatience bounds the wait for the first stamp: a busy host needs a while.
	stampsPatience = 200 * time.Millisecond

	// unheardLimit is how many datagrams may go missing: a firewall throws them away.
	unheardLimit = 6
)

// awaitStamps returns when the kernel stamps what arrives, or soon if that cannot be
// found out. The first socket of a host that asks for stamps has them switched on, but
// a worker of the kernel's does it, a moment later (net_enable_timestamp, net/core/dev.c):
// the replies of a short run would come without. A datagram to ourselves shows it.
func awaitStamps() {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return
	}
	defer unix.Close(fd) //nolint:errcheck // it has nothing to lose
	mirror := conn{fd: fd}
	if !mirror.stamp(unix.SOF_TIMESTAMPING_RX_SOFTWARE) || unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}) != nil {
		return
	}
	self, err := unix.Getsockname(fd)
	if err != nil {
		return
	}
	began, unheard := time.Now(), 0
	for pause := 20 * time.Microsecond; unheard < unheardLimit && time.Since(began) < stampsPatience; pause *= 2 {
		if unix.Sendto(fd, []byte{0}, 0, self) != nil {
			return
		}
		heard, stamped := mirror.stamped()
		if stamped {
			return
		}
		if !heard {
			unheard++
		}
		time.Sleep(pause)
	}
}

// stamped reports whether a message was waiting, and whether it has a stamp.
func (c *conn) stamped() (heard, stamped bool) {
	var data [1]byte
	var control [recvControlSize]byte
	_, n, _, _, err := unix.Recvmsg(c.fd, data[:], control[:], unix.MSG_DONTWAIT)
	return err == nil, err == nil && parseControl(control[:n]).time != 0
}
