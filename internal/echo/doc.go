// Package echo is the engine: it sends ICMP echo requests to many targets and
// says of every single one what became of it.
//
// # How it runs
//
// One goroutine, that of [Engine.Run], owns all state, all sends and all reads.
// It goes round: read what has arrived, judge what is overdue, send what is
// due, and sleep until the network has something to read or the next moment is
// due. Neither reading nor writing blocks. Other goroutines add, change and
// remove targets by commands, which it carries out on its next turn.
//
// # How a reply proves to be ours
//
// The payload begins with a token: the slot of the probe in the in-flight
// table, the slot's generation, and a keyed hash of both and of the target's
// address. A reply finds its probe by the slot and counts only if all of it is
// as it was sent and it comes from the address that was asked. Send times are
// in the table, never in the packet.
//
// # What the numbers mean
//
// Every probe gets one verdict, see [Kind]. At any time
//
//	sent = replies + lost + refused + abandoned + in flight
//
// and what could not be sent is counted beside it. Whether a reply was in time
// is decided by when the kernel received it, not by when it was read: before
// anything is judged lost, all that arrived by its deadline has been read.
//
// Times are of the monotonic clock, see [Instant]. The kernel's stamps are of
// the wall clock; a step of that clock is noticed, counted and made up for.
package echo
