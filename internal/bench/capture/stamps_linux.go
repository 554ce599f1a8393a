package capture

import (
	"encoding/binary"
	"errors"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// ControlSize has room for a stamp.
const ControlSize = 128

// Stamps has the kernel stamp what a socket receives, and returns when it does. It
// sends to itself on the loopback interface.
func Stamps(fd int) error {
	if err := setStamps(fd); err != nil {
		return err
	}
	return awaitStamps()
}

// setStamps asks for stamps with SO_TIMESTAMPING, not SO_TIMESTAMPNS: what the
// kernel has not stamped then has no time, instead of that of its reading.
func setStamps(fd int) error {
	const flags = unix.SOF_TIMESTAMPING_RX_SOFTWARE | unix.SOF_TIMESTAMPING_SOFTWARE
	return os.NewSyscallError("setsockopt SO_TIMESTAMPING",
		unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_TIMESTAMPING_NEW, flags))
}

// Stamp returns the time in the control messages of what was received, in
// nanoseconds of the wall clock since 1970. It is an error if there is none.
func Stamp(control []byte) (int64, error) {
	messages, err := unix.ParseSocketControlMessage(control)
	if err != nil {
		return 0, os.NewSyscallError("control messages", err)
	}
	for _, m := range messages {
		// struct scm_timestamping64: three times of two 64-bit numbers, the first is software's.
		if m.Header.Level == unix.SOL_SOCKET && m.Header.Type == unix.SO_TIMESTAMPING_NEW && len(m.Data) >= 16 {
			seconds, rest := binary.NativeEndian.Uint64(m.Data), binary.NativeEndian.Uint64(m.Data[8:])
			return int64(seconds)*1e9 + int64(rest), nil //nolint:gosec // G115: a time, whose sign is its own
		}
	}
	return 0, errNoStamp
}

var errNoStamp = errors.New("the kernel has not stamped a packet")

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
		var control [ControlSize]byte
		_, n, _, _, err := unix.Recvmsg(fd, data[:], control[:], 0) // the loopback delivers at once
		if err != nil {
			continue
		}
		if _, err := Stamp(control[:n]); !errors.Is(err, errNoStamp) {
			return err
		}
	}
	return errors.New("the kernel does not stamp packets")
}
