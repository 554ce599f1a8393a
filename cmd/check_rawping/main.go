// Command check_rawping is a monitoring plugin for Nagios, Icinga and whatever
// runs their plugins: it sends echo requests to hosts and judges the mean RTT
// and the loss by thresholds.
//
// The rules of its output: one status line with all perfdata on it, as
// check_icmp 2.3 prints it; below it a line for each thing that explains it;
// nothing else, and nothing on standard error. The exit code is 0 OK,
// 1 WARNING, 2 CRITICAL, 3 UNKNOWN. Loss is what the network did not answer:
// what did not leave this host has its own words.
package main

import "os"

// version is set by the linker.
var version = "devel"

func main() {
	os.Exit(run(os.Args[1:], os.Stdout))
}
