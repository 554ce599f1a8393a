// Package standin is check_rawping under the names of the plugins that it stands
// in for: check_icmp, check_host and check_rta_multi (icmp*.go), check_ping
// (ping*.go) and check_fping (fping*.go), as the Monitoring Plugins 2.3.3 have them.
//
// Each takes what the original takes, paces and judges like it, and prints what it
// prints, byte for byte but for the figures. Where that would be wrong, it does
// what is right, and docs/stand-ins.md names the difference: a test runs both side
// by side (internal/standintest) and knows no other.
package standin
