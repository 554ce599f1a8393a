// Package nagios is what a monitoring plugin and its scheduler say to each
// other: the status, thresholds and ranges, durations, and perfdata.
//
// It is pure and knows nothing of echo requests. Whatever a user may type is
// parsed strictly: no value is guessed, cut or rounded, and an error names the
// value and shows the right form, in one line.
//
// Where it is written: the Monitoring Plugins Development Guidelines
// (https://www.monitoring-plugins.org/doc/guidelines.html), and for RTA and
// loss, the plugins check_icmp, check_ping and check_fping.
package nagios
