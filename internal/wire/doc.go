// Package wire is the bytes of the ICMP messages that an echo engine sends and
// receives: echo requests and replies for IPv4 and IPv6, ICMP errors, and the
// packet that an error quotes.
//
// It is pure. There is no clock, no I/O, no goroutine and no state but what the
// caller holds; building and parsing allocate nothing. Whatever is parsed comes
// from the network and is not trusted: malformed input gives an error or an
// invalid [Quote], never a panic.
//
// A [Request] is built once for a target. Its payload begins with a [Token],
// which leads a reply back to the probe it answers, and goes on with the
// pattern of ping(8), which shows corruption.
//
// Where it is written:
//
//   - RFC 792, RFC 1122 section 3.2.2, RFC 1812 section 5.2.7: ICMP and its errors
//   - RFC 1071: the Internet checksum
//   - RFC 1191: the next hop's MTU in a "fragmentation needed" error
//   - RFC 3542 section 3.1: who computes the ICMPv6 checksum
//   - RFC 4443: ICMPv6 and its errors; RFC 8883 and others add codes
//   - RFC 4884: the length of the quoted packet where extensions follow it
//   - RFC 791, RFC 8200, RFC 4302: the headers of the quoted packet
package wire
