// Command check_rawping is a monitoring plugin for Nagios, Icinga and whatever
// runs their plugins: it sends echo requests to hosts and judges what comes back.
//
// What it is called by says whose options it takes and whose output it writes:
// its own (package native), or those of a plugin that it stands in for. They all
// measure in the same way (internal/check). The exit code is 0 OK, 1 WARNING,
// 2 CRITICAL, 3 UNKNOWN; nothing is ever written to standard error.
package main

import (
	"os"
	"runtime"
)

// version is set by the linker.
var version = "devel"

func main() {
	// One goroutine does the work. More threads would only wake each other, on a
	// host that starts hundreds of checks at a time.
	runtime.GOMAXPROCS(1)
	os.Exit(run(os.Args, os.Stdout))
}
