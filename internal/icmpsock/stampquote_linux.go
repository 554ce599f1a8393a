package icmpsock

import (
	"encoding/binary"
	"net/netip"

	"github.com/rawping/rawping/internal/wire"
)

// stampQuote is how much of a message comes back with its stamp: the ICMP header
// and the first 16 bytes of the payload.
const stampQuote = 8 + wire.TokenLen

// mostLinkHeader bounds where the IP header is looked for in a frame.
const mostLinkHeader = 64

// sentMessage finds our echo request in a frame that the kernel brings back with
// a transmit stamp: behind the link's header, whose length depends on the
// interface, and which may be cut off at the end. It returns the beginning of the
// ICMP message and where it was going. A fragment is not found.
func sentMessage(family wire.Family, id uint16, frame []byte) (message []byte, to netip.Addr, ok bool) {
	header := sentIn4
	if family == wire.V6 {
		header = sentIn6
	}
	for from := 0; from <= mostLinkHeader && from < len(frame); from += 2 {
		message, to, ok = header(frame[from:])
		if ok && len(message) >= 8 && message[1] == 0 && binary.BigEndian.Uint16(message[4:]) == id {
			return message[:min(len(message), stampQuote)], to, true
		}
	}
	return nil, netip.Addr{}, false
}

// sentIn4 reads an IPv4 packet of ours (RFC 791 section 3.1) that carries an echo
// request. The checksum of its header, which the kernel computes before it hands
// the packet on, proves that this is where it begins.
func sentIn4(packet []byte) (message []byte, to netip.Addr, ok bool) {
	const least, protocolICMP, fragment = 20, 1, 0x3fff
	if len(packet) < least || packet[0]>>4 != 4 || packet[9] != protocolICMP ||
		binary.BigEndian.Uint16(packet[6:])&fragment != 0 {
		return nil, to, false
	}
	length := int(packet[0]&0x0f) * 4
	if length < least || len(packet) <= length || wire.Checksum(packet[:length]) != 0 || packet[length] != 8 {
		return nil, to, false
	}
	return packet[length:], netip.AddrFrom4([4]byte(packet[16:20])), true
}

// sentIn6 reads an IPv6 packet of ours (RFC 8200 section 3) that carries an echo
// request.
func sentIn6(packet []byte) (message []byte, to netip.Addr, ok bool) {
	const length, nextICMP = 40, 58
	if len(packet) <= length || packet[0]>>4 != 6 || packet[6] != nextICMP || packet[length] != 128 ||
		int(binary.BigEndian.Uint16(packet[4:])) < 8 {
		return nil, to, false
	}
	return packet[length:], netip.AddrFrom16([16]byte(packet[24:40])), true
}
