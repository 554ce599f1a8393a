package capture

import (
	"encoding/binary"
	"errors"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// controlSize has room for a stamp.
const controlSize = 128

// setStamps has the kernel stamp what a socket receives. It is SO_TIMESTAMPING,
// not SO_TIMESTAMPNS: what the kernel has not stamped then has no time, instead
// of that of its reading.
func setStamps(fd int) error {
	const flags = unix.SOF_TIMESTAMPING_RX_SOFTWARE | unix.SOF_TIMESTAMPING_SOFTWARE
	return os.NewSyscallError("setsockopt SO_TIMESTAMPING",
		unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_TIMESTAMPING_NEW, flags))
}

// stamp returns the time in control messages, in nanoseconds since 1970; 0: none.
func stamp(control []byte) (int64, error) {
	messages, err := unix.ParseSocketControlMessage(control)
	if err != nil {
		return 0, err
	}
	for _, m := range messages {
		// struct scm_timestamping64: three times of two 64-bit numbers, the first is software's.
		if m.Header.Level == unix.SOL_SOCKET && m.Header.Type == unix.SO_TIMESTAMPING_NEW && len(m.Data) >= 16 {
			seconds, rest := binary.NativeEndian.Uint64(m.Data), binary.NativeEndian.Uint64(m.Data[8:])
			return int64(seconds)*1e9 + int64(rest), nil //nolint:gosec // G115: a time, whose sign is its own
		}
	}
	return 0, nil
}

// awaitStamps returns when packets that arrive are stamped: the kernel switches
// stamps on a little after a socket has asked for them, and until then packets
// have none. It sends datagrams to itself until one has.
func awaitStamps() error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return os.NewSyscallError("socket", err)
	}
	defer func() { _ = unix.Close(fd) }() // it has nothing to lose
	if err := setStamps(fd); err != nil {
		return err
	}
	if err := unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		return os.NewSyscallError("bind", err)
	}
	self, err := unix.Getsockname(fd)
	if err != nil {
		return os.NewSyscallError("getsockname", err)
	}
	for deadline := time.Now().Add(5 * time.Second); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		if err := unix.Sendto(fd, []byte{0}, 0, self); err != nil {
			return os.NewSyscallError("sendto", err)
		}
		var data [1]byte
		var control [controlSize]byte
		_, n, _, _, err := unix.Recvmsg(fd, data[:], control[:], 0) // the loopback delivers at once
		if err != nil {
			continue
		}
		if at, err := stamp(control[:n]); err != nil || at != 0 {
			return err
		}
	}
	return errors.New("the kernel does not stamp packets")
}
