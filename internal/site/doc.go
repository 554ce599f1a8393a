// Package site starts the programs that rawping's users have around it, for
// tests: real ones, of Debian's packages, headless, each with a configuration and
// a directory of its own. Linux only, and root only.
//
// A daemon runs in the network namespace that the test says, such as the client of
// a [testbed.Bed], and in a process and a mount namespace of its own. It ends with
// the test, and with the test's process, however that ends; and with it ends all
// that it started.
package site
