// Package check is what the ways of calling check_rawping have in common: a
// [Plan] of what to send to whom, the one way in which it is carried out
// ([Measure]), and the [Results], of which each makes its own status line.
//
// A way of calling it is a [Personality]: it reads a command line and returns a
// [Job]. Nothing in here knows an option, a label or a format.
package check
