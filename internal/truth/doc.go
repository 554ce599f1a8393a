// Package truth holds the tests that every probe gets the right verdict in a
// network that lies: real sockets, raw and of the datagram kind, IPv4 and IPv6,
// in the hostile network of package testbed. The tests are named after the traps
// into which other pingers fall:
//
//	 1 the scheduler's delay taken for RTT or loss
//	 2 identifiers that collide, strangers, forgeries and replays
//	 3 late replies
//	 4 overflow of our own receive buffer
//	 5 errors of our own system taken for loss
//	 6 one target's error that costs another its probe
//	 7 ICMP errors
//	 8 replies from another address
//	 9 sequence numbers that wrap
//	10 duplicates and reordering
//	11 our own requests, seen on loopback
//	12 corruption and truncation
//	13 steps of the wall clock
//	14 names (package resolve, and the scripts of cmd/check_rawping)
//	15 link-local addresses without a zone
//	16 interfaces, addresses and sockets that go away
//	17 don't-fragment where nobody asked for it
//	18 what the kinds of socket say of a reply
//
// and, as Headline 1 to 6, after what the checks that rawping replaces get wrong.
package truth
