// Package site starts the programs that rawping's users have around it, for
// tests: the real ones, of Debian's packages, headless, each with its own
// configuration in a directory of its own. Linux only, and root only.
//
// A daemon is process 2 of a process namespace that it has for itself
// ([StartInfluxDB] and its like start it), in the network namespace that the test
// says, such as the client of a [testbed.Bed], or on this machine's loopback. It
// ends with the test, and with the test's process, however that ends; and with it
// ends all that it started.
package site
