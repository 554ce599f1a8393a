// Package resolve turns what a user calls a host into addresses: a literal with
// or without a zone, or a name, under a policy for the two IP families, and
// within a deadline that holds whatever the system's resolver does.
//
// Names are looked up by Go's own resolver, which reads /etc/hosts and
// /etc/resolv.conf and sorts addresses by RFC 6724. It knows none of the modules
// that /etc/nsswitch.conf may name besides files and dns (mdns, sssd, winbind):
// an error about a name that was not found says so where such a module is set.
package resolve
