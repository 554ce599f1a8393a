// Package stats makes figures of verdicts: loss, RTT (least, greatest, mean,
// standard deviation, median, percentiles), jitter, runs of loss, hops, and the
// voice quality that follows from them.
//
// A [Window] gathers the events of one target. It is pure: no clock, no I/O, no
// goroutine. Every figure comes with a bool that is false where there is
// nothing to make it of; no figure is ever invented, so a window in which
// nothing was decided has no loss, and one without a reply has no RTT.
//
// Only replies that came in time enter the RTT figures. Late, duplicate,
// corrupt and foreign replies are counted beside them.
package stats
