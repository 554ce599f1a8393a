// Package bench measures rawping, its peers and the machine's own limit side by
// side. It holds what the programs of the benchmark share; each program does one
// kind of work and prints what it used, and table runs them in turn and compares.
// Those that link Telegraf and other pingers are in peers, a module of its own.
package bench

import (
	"encoding/binary"
	"net/netip"
)

// Address returns the nth of 16 million loopback addresses that answer.
func Address(n int) netip.Addr {
	var b [4]byte
	binary.BigEndian.PutUint32(b[:], 127<<24|1<<16+uint32(n)) //nolint:gosec // G115: n is at most 16 million
	return netip.AddrFrom4(b)
}
