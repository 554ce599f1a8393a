// Package realtest tests the rawping input in real programs: compiled into a
// Telegraf, and as a process of its own beside a stock one, with an InfluxDB behind
// and inputs.ping beside. It has tests only, on Linux, and not with -race, which
// says nothing of other processes.
package realtest
