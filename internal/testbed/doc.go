// Package testbed is a hostile network on one machine, for tests: a client, a
// router and a server, each in a network namespace of its own, and behind the
// server a responder that answers echo requests for whole prefixes, rightly or
// wrongly, as it is told. Linux only, and root only.
//
//	client ────────────── router ────────────── server ── echo0 (TUN) ── responder
//	198.51.100.1/24   198.51.100.2/24
//	                  203.0.113.1/24        203.0.113.2/24        198.18.0.0/15
//	2001:db8:a::1/64  2001:db8:a::2/64
//	                  2001:db8:b::1/64      2001:db8:b::2/64      2001:db8:f::/48
//
// [New] brings it up for a test, [Open] without one. Nothing in it has a name
// outside of the process: the namespaces are kept by open descriptors, so that
// the kernel removes them, the links and the TUN device as soon as the process
// is gone, however it ends. Beds therefore stand side by side, with the same
// addresses.
//
// Which address does what is in [Addresses]; what the responder can do is in
// [Fault]. It knows nothing of this project's own codec (internal/wire), so
// that it can be the oracle of its tests, and it keeps a log of the requests
// that it saw ([Bed.Seen], [Bed.Entries]): the truth that a verdict is held against.
//
// Limits on ICMP errors are off in all three namespaces. What cannot be turned
// off is that Linux limits the IPv4 errors that routes raise, so all errors of
// the router come from its packet filter, but for an exceeded TTL and for packets
// that are too big, which are not limited.
package testbed
