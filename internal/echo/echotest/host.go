package echotest

import (
	"encoding/binary"
	"net/netip"
	"time"

	"golang.org/x/net/icmp"
	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"

	"github.com/rawping/rawping/internal/icmpsock"
	"github.com/rawping/rawping/internal/wire"
)

// Request is an echo request that a host gets.
type Request struct {
	Family  wire.Family
	Lane    uint8
	Dst     netip.Addr
	Scope   int
	Options *icmpsock.Options
	Message []byte // the ICMP message; the host may keep it
	Nth     int    // which request to this address, from 1
}

// Seq returns the sequence number of a request.
func (r Request) Seq() uint16 { return binary.BigEndian.Uint16(r.Message[6:]) }

// Echo returns the message that a right host answers with.
func (r Request) Echo() []byte {
	reply := append([]byte(nil), r.Message...)
	if r.Family == wire.V4 {
		reply[0] = byte(ipv4.ICMPTypeEchoReply)
	} else {
		reply[0] = byte(ipv6.ICMPTypeEchoReply)
	}
	return r.Sum(reply)
}

// Sum gives a message its right checksum and returns it. IPv6 messages are left
// alone: there the kernel verifies.
func (r Request) Sum(message []byte) []byte {
	if r.Family == wire.V4 && len(message) >= 4 {
		message[2], message[3] = 0, 0
		binary.BigEndian.PutUint16(message[2:], wire.Checksum(message))
	}
	return message
}

// Answer is one message that comes back for a request.
type Answer struct {
	After   time.Duration
	Message []byte     // the ICMP message, unless Error is set
	Error   *ICMPError // an ICMP error that quotes the request
	From    netip.Addr // the zero value: the address that was asked
	Scope   int        // goes with From
	Hops    int        // 0: 64
	NoStamp bool       // the kernel did not stamp its arrival
	Longer  bool       // it is longer than any buffer
}

// ICMPError is an ICMP error about a request.
type ICMPError struct {
	Type, Code uint8
	MTU        uint32
	Quote      int // bytes of the ICMP message that it quotes; 0: 8
}

func (e *ICMPError) quote() int {
	if e.Quote == 0 {
		return 8
	}
	return e.Quote
}

// message returns the error as a raw socket gets it, quoted IP header and all.
func (e *ICMPError) message(r Request) []byte {
	quoted := append(quotedHeader(r), r.Message[:min(len(r.Message), e.quote())]...)
	m := make([]byte, 8, 8+len(quoted))
	m[0], m[1] = e.Type, e.Code
	binary.BigEndian.PutUint32(m[4:], e.MTU)
	return r.Sum(append(m, quoted...))
}

// quotedHeader returns the IP header of a request as it travelled.
func quotedHeader(r Request) []byte {
	h := make([]byte, headerLen(r.Family))
	dst := r.Dst.AsSlice()
	if r.Family == wire.V4 {
		h[0], h[8], h[9] = 0x45, 63, 1
		binary.BigEndian.PutUint16(h[2:], uint16(len(h)+len(r.Message)))
		copy(h[12:], []byte{192, 0, 2, 1})
		copy(h[16:], dst)
		return h
	}
	h[0], h[6], h[7] = 0x60, 58, 63
	binary.BigEndian.PutUint16(h[4:], uint16(len(r.Message)))
	copy(h[8:], netip.MustParseAddr("2001:db8::1").AsSlice())
	copy(h[24:], dst)
	return h
}

// Host says what comes back for a request.
type Host func(Request) []Answer

// Replies answers every request after a delay.
func Replies(after time.Duration) Host {
	return func(r Request) []Answer { return []Answer{{After: after, Message: r.Echo()}} }
}

// Refuses answers every request with an ICMP error from a router.
func Refuses(after time.Duration, router netip.Addr, e ICMPError) Host {
	return func(Request) []Answer { return []Answer{{After: after, From: router, Error: &e}} }
}

// Silent answers nothing.
func Silent(Request) []Answer { return nil }

// Sometimes has one host answer n of every m requests in a row, and another the rest.
func Sometimes(n, m int, host, rest Host) Host {
	return func(r Request) []Answer {
		if (r.Nth-1)%m < n {
			return host(r)
		}
		return rest(r)
	}
}

// Altered changes the messages of a host on their way. The checksum is not
// made right again: see Request.Sum.
func Altered(host Host, change func(Request, []byte) []byte) Host {
	return func(r Request) []Answer {
		answers := host(r)
		for i := range answers {
			if answers[i].Message != nil {
				answers[i].Message = change(r, answers[i].Message)
			}
		}
		return answers
	}
}

// Each changes the answers of a host.
func Each(host Host, change func(*Answer)) Host {
	return func(r Request) []Answer {
		answers := host(r)
		for i := range answers {
			change(&answers[i])
		}
		return answers
	}
}

// Both has two hosts answer.
func Both(a, b Host) Host {
	return func(r Request) []Answer { return append(a(r), b(r)...) }
}

// Parse reads an ICMP message with golang.org/x/net/icmp, as an oracle that
// shares no code with package wire.
func Parse(f wire.Family, message []byte) (*icmp.Message, error) {
	protocol := 1
	if f == wire.V6 {
		protocol = 58
	}
	return icmp.ParseMessage(protocol, message)
}

// stampDelay returns when a request's transmit stamp can be read.
func (n *Network) stampDelay(r Request) time.Duration {
	if n.StampDelay == nil {
		return 0
	}
	return n.StampDelay(r)
}

// withhold returns why a request is thrown away on its way out; nil if it is not.
func (n *Network) withhold(r Request) error {
	if n.Withhold == nil {
		return nil
	}
	return n.Withhold(r)
}
