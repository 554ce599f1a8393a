// Package echotest is a simulated network for tests of the engine: it
// implements icmpsock.Network without a socket, and under testing/synctest its
// time is exact. Hosts answer, or fail to, as the test says; sends fail, stamps
// are missing or late, sockets drop and die on request.
//
// It also holds the conformance test that every connection passes, simulated
// or real: see Conform.
package echotest
