package icmpsock

import (
	"errors"

	"golang.org/x/sys/unix"
)

// setStamps switches the kernel's stamps on, as far as cfg wants and the
// kernel has them, and notes the outcome in the facts. That there are none is
// no error: the engine then takes its own times and says so.
func (c *conn) setStamps(cfg Config) {
	const sendFlags = unix.SOF_TIMESTAMPING_TX_SOFTWARE
	const keyFlags = unix.SOF_TIMESTAMPING_OPT_ID | // each stamp says whose it is
		unix.SOF_TIMESTAMPING_OPT_TSONLY // and does not bring the packet back

	recv := 0
	if !cfg.NoRecvStamps {
		recv = unix.SOF_TIMESTAMPING_RX_SOFTWARE
	}
	if !cfg.NoSendStamps && !c.facts.NoOptions {
		if !cfg.NoStampKeys && c.stamp(recv|sendFlags|keyFlags) && c.takesKeys() {
			c.facts.SendStamps = true
		} else if c.stamp(recv | sendFlags) {
			c.facts.SendStamps, c.facts.StampQuotes = true, true
		}
	}
	c.facts.RecvStamps = recv != 0 && (c.facts.SendStamps || c.stamp(recv))
}

// stamp sets SO_TIMESTAMPING and reports whether the kernel took it. The new
// form has 64-bit times on 32-bit systems too; kernels before 5.1 have only
// the old one.
func (c *conn) stamp(flags int) bool {
	if flags != 0 {
		flags |= unix.SOF_TIMESTAMPING_SOFTWARE
	}
	for _, opt := range []int{unix.SO_TIMESTAMPING_NEW, unix.SO_TIMESTAMPING_OLD} {
		if unix.SetsockoptInt(c.fd, unix.SOL_SOCKET, opt, flags) == nil {
			return true
		}
	}
	return false
}

// takesKeys reports whether a send can carry its own key for the transmit
// stamp (SCM_TS_OPT_ID). It tries a send that no kernel carries out: out of an
// interface that does not exist. Control messages are looked at in order and
// before the interface, so a kernel that does not know the key answers EINVAL,
// and one that does ENODEV.
func (c *conn) takesKeys() bool {
	var control [sendControlSize]byte
	w := controlWriter{b: control[:]}
	w.key(0)
	w.options(c.class.Family, &Options{Interface: noInterface})
	return errors.Is(sendToSelf(c.fd, c.class.Family, w.written()), unix.ENODEV)
}
