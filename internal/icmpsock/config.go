package icmpsock

import (
	"crypto/rand"
	"encoding/binary"
)

// Policy says which kind of socket Open may choose.
type Policy uint8

// The policies.
const (
	Auto         Policy = iota // raw if allowed, else of the datagram kind if that is allowed
	RawOnly                    // raw, or an error
	DatagramOnly               // of the datagram kind, or an error
)

// Config is what is alike for all connections of a [Network]. The zero value
// is what a program wants.
type Config struct {
	Policy Policy

	// ID is the ICMP identifier of every connection. 0: each draws its own from
	// crypto/rand, so that two programs, or one program in two containers,
	// rarely share one. A datagram connection refuses an ID that is in use.
	ID uint16

	// RecvBuffer and SendBuffer are the bytes to ask for in each direction,
	// SO_RCVBUF and SO_SNDBUF of socket(7). The kernel counts its own overhead
	// and grants twice of it. 0: 32 MiB, enough for some 80,000 small replies.
	RecvBuffer int
	SendBuffer int

	// Broadcast allows packets to broadcast addresses (SO_BROADCAST). Without
	// it such a send fails with the cause [Prohibited].
	Broadcast bool

	// NoSendStamps and NoRecvStamps leave the kernel's stamps out, as if the
	// system had none.
	NoSendStamps bool
	NoRecvStamps bool

	// NoStampKeys has transmit stamps matched as on kernels before 6.13: by what
	// comes back of the packet and not by a key. See Facts.StampQuotes.
	NoStampKeys bool

	// NoOptions has IPv6 datagram sockets be as on kernels before 5.18: see
	// Facts.NoOptions.
	NoOptions bool
}

// defaultBuffer is the buffer asked for in each direction.
const defaultBuffer = 32 << 20

func (c Config) recvBuffer() int { return orDefault(c.RecvBuffer) }
func (c Config) sendBuffer() int { return orDefault(c.SendBuffer) }

func orDefault(buffer int) int {
	if buffer > 0 {
		return buffer
	}
	return defaultBuffer
}

// randomID draws an identifier. 0 is left out: many tools, and some
// middleboxes, treat it as "none".
func randomID() uint16 {
	var b [2]byte
	for {
		_, _ = rand.Read(b[:]) // never fails: crypto/rand ends the program instead
		if id := binary.BigEndian.Uint16(b[:]); id != 0 {
			return id
		}
	}
}
