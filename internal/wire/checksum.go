package wire

import (
	"encoding/binary"
	"math/bits"
)

// Checksum returns the Internet checksum of b (RFC 1071 section 1): the
// complement of the one's complement sum of its 16-bit big-endian words, an odd
// last byte being padded with a zero byte. Over a message that carries its own
// right checksum it is 0.
func Checksum(b []byte) uint16 {
	// The sum does not depend on the width of its parts nor, but for a swap at
	// the end, on their byte order (RFC 1071 section 2 B and C).
	var sum, carry uint64
	for len(b) >= 32 {
		sum, carry = bits.Add64(sum, binary.LittleEndian.Uint64(b), carry)
		sum, carry = bits.Add64(sum, binary.LittleEndian.Uint64(b[8:]), carry)
		sum, carry = bits.Add64(sum, binary.LittleEndian.Uint64(b[16:]), carry)
		sum, carry = bits.Add64(sum, binary.LittleEndian.Uint64(b[24:]), carry)
		b = b[32:]
	}
	for len(b) >= 8 {
		sum, carry = bits.Add64(sum, binary.LittleEndian.Uint64(b), carry)
		b = b[8:]
	}
	var tail uint64
	for i, c := range b {
		tail |= uint64(c) << (8 * i)
	}
	sum, carry = bits.Add64(sum, tail, carry)
	sum += carry // cannot overflow: a carry out of 64 ones takes 64 ones and a carry going in
	return ^bits.ReverseBytes16(fold(sum))
}

// fold brings a sum of any words of 16, 32 or 64 bits down to the 16-bit one's
// complement sum. It is 0 only if all words were.
func fold(sum uint64) uint16 {
	sum = sum>>32 + sum&0xffffffff // at most 33 bits
	sum = sum>>16 + sum&0xffff     // at most 0x2fffe
	sum = sum>>16 + sum&0xffff     // at most 0x10001
	sum = sum>>16 + sum&0xffff
	return uint16(sum) //nolint:gosec // folded to 16 bits above
}
