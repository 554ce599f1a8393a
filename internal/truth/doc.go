// Package truth holds the tests that every probe gets the right verdict in a
// network that lies: real sockets, raw and of the datagram kind, IPv4 and IPv6,
// in the hostile network of package testbed. The tests are named after the traps
// into which other pingers fall.
package truth
