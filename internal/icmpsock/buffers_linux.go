package icmpsock

import (
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// setBuffers asks for the buffers of cfg and notes what the kernel gave and
// which of its settings is in the way of more (socket(7)).
func (c *conn) setBuffers(cfg Config) error {
	var limits []string
	for _, b := range []struct {
		force, plain int
		setting      string
		asked        int
		given        *int
	}{
		{unix.SO_RCVBUFFORCE, unix.SO_RCVBUF, "rmem_max", cfg.recvBuffer(), &c.facts.RecvBuffer},
		{unix.SO_SNDBUFFORCE, unix.SO_SNDBUF, "wmem_max", cfg.sendBuffer(), &c.facts.SendBuffer},
	} {
		if unix.SetsockoptInt(c.fd, unix.SOL_SOCKET, b.force, b.asked) != nil {
			if err := unix.SetsockoptInt(c.fd, unix.SOL_SOCKET, b.plain, b.asked); err != nil {
				return os.NewSyscallError("setsockopt SO_RCVBUF or SO_SNDBUF", err)
			}
		}
		given, err := unix.GetsockoptInt(c.fd, unix.SOL_SOCKET, b.plain)
		if err != nil {
			return os.NewSyscallError("getsockopt SO_RCVBUF or SO_SNDBUF", err)
		}
		*b.given = given
		if given/2 < b.asked { // the kernel says the double of what it takes as asked
			limits = append(limits, limitOf(b.setting, given/2))
		}
	}
	c.facts.Limit = strings.Join(limits, ", ")
	return nil
}

// limitOf names a kernel setting and its value. In a container the file may be
// missing, and then the buffer shows the value.
func limitOf(setting string, fallback int) string {
	value := fmt.Sprint(fallback)
	if text, err := os.ReadFile("/proc/sys/net/core/" + setting); err == nil {
		value = strings.TrimSpace(string(text))
	}
	return "net.core." + setting + " = " + value
}
