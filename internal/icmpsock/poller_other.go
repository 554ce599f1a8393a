//go:build !unix

package icmpsock

// PollerAllowed has nothing to say where a process has no limit of files that is near.
func PollerAllowed() error { return nil }
