package wire

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
)

// Lengths in bytes.
const (
	HeaderLen = 8  // header of an ICMP echo message (RFC 792, RFC 4443 section 4.1)
	TokenLen  = 16 // token at the start of a payload

	// MaxPayload4 is what an IPv4 packet of 65535 bytes without options leaves
	// for the payload.
	MaxPayload4 = 65535 - 20 - HeaderLen

	// MaxPayload6 is the same for IPv6, whose length field does not count the
	// IPv6 header (RFC 8200 section 3).
	MaxPayload6 = 65535 - HeaderLen
)

// ErrSize is the error of [NewRequest] for a payload that no packet can carry.
var ErrSize = errors.New("out of range")

// Token leads an echo reply back to the probe that it answers. On the wire it
// takes [TokenLen] bytes, big endian, in the order of the fields.
type Token struct {
	Slot       uint32 // place in the table of probes in flight
	Generation uint32 // use of that place
	MAC        uint64 // keyed hash; what it covers is the caller's choice
}

// ReadToken reads the token from the start of a payload. It is false if p is
// shorter than a token. Whether the token is one of ours the caller decides.
func ReadToken(p []byte) (Token, bool) {
	if len(p) < TokenLen {
		return Token{}, false
	}
	return Token{
		Slot:       binary.BigEndian.Uint32(p[0:4]),
		Generation: binary.BigEndian.Uint32(p[4:8]),
		MAC:        binary.BigEndian.Uint64(p[8:16]),
	}, true
}

// Request is an echo request (RFC 792; RFC 4443 section 4.1) that is built once
// and sent many times: from send to send only sequence number, token and
// checksum change. Byte i of the payload is byte(i), as ping(8) does, but for
// the token at its start; a payload shorter than a token has none.
//
// A Request does not change, so that any number of goroutines may use it.
type Request struct {
	family   Family
	template []byte // the message; sequence number, token and checksum are 0
	sum      uint64 // one's complement sum of template
}

// NewRequest builds the echo request with identifier id and size bytes of
// payload: 0 to [MaxPayload4] or [MaxPayload6]. Another size gives an error
// that names it and the limits, and satisfies errors.Is(err, [ErrSize]);
// another family gives [ErrFamily].
func NewRequest(f Family, id uint16, size int) (*Request, error) {
	var typ byte
	var limit int
	switch f {
	case V4:
		typ, limit = typeEchoRequest4, MaxPayload4
	case V6:
		typ, limit = typeEchoRequest6, MaxPayload6
	default:
		return nil, ErrFamily
	}
	if size < 0 || size > limit {
		return nil, fmt.Errorf("payload of %d bytes is %w: %v takes 0 to %d", size, ErrSize, f, limit)
	}
	b := make([]byte, HeaderLen+size)
	b[0] = typ
	binary.BigEndian.PutUint16(b[4:6], id)
	payload := b[HeaderLen:]
	for i := range payload {
		payload[i] = byte(i)
	}
	if size >= TokenLen {
		clear(payload[:TokenLen])
	}
	return &Request{family: f, template: b, sum: uint64(^Checksum(b))}, nil
}

// Len returns the length of the whole ICMP message in bytes, without any IP
// header.
func (r *Request) Len() int { return len(r.template) }

// HasToken says whether the payload is long enough to carry a token.
func (r *Request) HasToken() bool { return len(r.template) >= HeaderLen+TokenLen }

// Put writes the whole message into dst[:r.Len()] and returns that slice. It
// panics if dst has not the capacity. tok is not used if the request has no
// token.
//
// The checksum of an ICMP message is set from a sum that is known beforehand
// (the arithmetic of RFC 1624), without a pass over the payload. That of an
// ICMPv6 message stays 0: it covers addresses that only the kernel knows, and
// the kernel fills it in (RFC 3542 section 3.1).
func (r *Request) Put(dst []byte, seq uint16, tok Token) []byte {
	dst = dst[:len(r.template)]
	copy(dst, r.template)
	binary.BigEndian.PutUint16(dst[6:8], seq)
	sum := r.sum + uint64(seq)
	if r.HasToken() {
		t := dst[HeaderLen : HeaderLen+TokenLen]
		binary.BigEndian.PutUint32(t[0:4], tok.Slot)
		binary.BigEndian.PutUint32(t[4:8], tok.Generation)
		binary.BigEndian.PutUint64(t[8:16], tok.MAC)
		sum += uint64(tok.Slot) + uint64(tok.Generation) + tok.MAC>>32 + tok.MAC&0xffffffff
	}
	if r.family == V4 {
		binary.BigEndian.PutUint16(dst[2:4], ^fold(sum))
	}
	return dst
}

// PayloadIntact says whether p, the whole payload of a reply, is the payload
// that was sent: as long, and equal in every byte after the token. The token
// itself is not looked at.
func (r *Request) PayloadIntact(p []byte) bool {
	sent := r.template[HeaderLen:]
	if len(p) != len(sent) {
		return false
	}
	if len(p) >= TokenLen {
		return bytes.Equal(p[TokenLen:], sent[TokenLen:])
	}
	return bytes.Equal(p, sent)
}

// PayloadShortened says whether p, the whole payload of a reply, has what some
// devices leave of a payload: the token, then the beginning of the pattern
// (maybe nothing of it), then zeros (maybe none). It is not longer than what
// was sent, and not intact. The token itself is not looked at; a request
// without a token has no shortened replies.
func (r *Request) PayloadShortened(p []byte) bool {
	sent := r.template[HeaderLen:]
	if !r.HasToken() || len(p) < TokenLen || len(p) > len(sent) || r.PayloadIntact(p) {
		return false
	}
	i := TokenLen
	for i < len(p) && p[i] == sent[i] {
		i++
	}
	return allZero(p[i:])
}

// allZero says whether b holds nothing but zeros.
func allZero(b []byte) bool {
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}
