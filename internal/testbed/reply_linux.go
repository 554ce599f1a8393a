package testbed

import (
	"encoding/binary"
	"math/rand/v2"
	"net/netip"
	"slices"
)

// echo returns the right reply's ICMP message, yet without checksum.
func echo(q *request) []byte {
	m := slices.Clone(q.message)
	m[0] = typeReply4
	if q.v6 {
		m[0] = typeReply6
	}
	return m
}

// reply returns the reply to a request with all that a fault does to it.
func reply(q *request, f *Fault, serial uint16) []byte {
	m := echo(q)
	invert(m[max(icmpLen, len(m)-f.CorruptPayload):])
	if f.Truncate > 0 && f.Truncate < len(m) {
		if f.TruncateZero {
			clear(m[f.Truncate:])
		} else {
			m = m[:f.Truncate]
		}
	}
	m = append(m, make([]byte, max(0, min(f.Pad, maxMessage-len(m))))...)
	if len(m) >= icmpLen {
		binary.BigEndian.PutUint16(m[4:], binary.BigEndian.Uint16(m[4:])^f.WrongID)
		binary.BigEndian.PutUint16(m[6:], binary.BigEndian.Uint16(m[6:])+f.WrongSeq)
	}
	if f.CorruptHeader && len(m) > 1 {
		m[1] = 0xff
	}
	src := q.dst
	if f.WrongSource.IsValid() {
		src = f.WrongSource
	}
	return finish(src, q.src, m, f, serial)
}

// second returns a reply that contradicts the right one.
func second(q *request, f *Fault, serial uint16) []byte {
	m := echo(q)
	invert(m[icmpLen:])
	return finish(q.dst, q.src, m, f, serial)
}

// forged returns what somebody sends who knows all of the request but the start
// of its payload.
func forged(q *request, f *Fault, rng *rand.Rand, serial uint16) []byte {
	m := echo(q)
	made := m[icmpLen:min(len(m), icmpLen+forgedLen)]
	for i := range made {
		made[i] = byte(rng.UintN(256)) //nolint:gosec // G115: below 256
	}
	if len(made) > 0 && slices.Equal(made, q.payload()[:len(made)]) {
		made[0]++ // a payload of a byte or two may be guessed, but not by us
	}
	return finish(q.dst, q.src, m, f, serial)
}

// finish adds the checksum, or a wrong one, and the IP header.
func finish(src, dst netip.Addr, m []byte, f *Fault, serial uint16) []byte {
	seal(src, dst, m)
	if f.BadChecksum && len(m) >= 4 {
		m[2] ^= 0x55
		m[3] ^= 0x55
	}
	return wrap(src, dst, m, f.Options, serial)
}

func invert(b []byte) {
	for i := range b {
		b[i] = ^b[i]
	}
}
