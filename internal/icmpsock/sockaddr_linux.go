package icmpsock

import (
	"encoding/binary"
	"net/netip"

	"golang.org/x/sys/unix"

	"github.com/rawping/rawping/internal/wire"
)

// sockaddrSize has room for both families (ip(7), ipv6(7)).
const sockaddrSize = unix.SizeofSockaddrInet6

// putSockaddr writes dst as a struct sockaddr_in or sockaddr_in6 and returns
// its length, or 0 if dst is not of the family. The port stays 0: a raw IPv6
// socket would take it as a protocol number.
func putSockaddr(b *[sockaddrSize]byte, family wire.Family, dst netip.Addr, scope int) uint32 {
	*b = [sockaddrSize]byte{}
	if family == wire.V6 {
		if !dst.Is6() || dst.Is4In6() {
			return 0
		}
		binary.NativeEndian.PutUint16(b[0:], unix.AF_INET6)
		addr := dst.As16()
		copy(b[8:24], addr[:])
		binary.NativeEndian.PutUint32(b[24:], uint32(scope))
		return unix.SizeofSockaddrInet6
	}
	if !dst.Is4() {
		return 0
	}
	binary.NativeEndian.PutUint16(b[0:], unix.AF_INET)
	addr := dst.As4()
	copy(b[4:8], addr[:])
	return unix.SizeofSockaddrInet4
}

// parseSockaddr reads an address and its scope. Anything else is the zero
// address.
func parseSockaddr(b []byte) (addr netip.Addr, scope int) {
	if len(b) < 2 {
		return netip.Addr{}, 0
	}
	switch family := binary.NativeEndian.Uint16(b); {
	case family == unix.AF_INET && len(b) >= unix.SizeofSockaddrInet4:
		return netip.AddrFrom4([4]byte(b[4:8])), 0
	case family == unix.AF_INET6 && len(b) >= unix.SizeofSockaddrInet6:
		return netip.AddrFrom16([16]byte(b[8:24])), int(binary.NativeEndian.Uint32(b[24:]))
	}
	return netip.Addr{}, 0
}
