package stats

// Counts says how many events of each kind there were.
type Counts struct {
	// The verdicts. Every probe gets exactly one.
	Replies   uint64 // valid replies in time
	Lost      uint64 // nothing but silence by the timeout
	Refused   uint64 // an ICMP error instead of a reply
	NotSent   uint64 // never left this host
	Abandoned uint64 // sent, then given up undecided

	// What is known of these verdicts besides.
	OutOfOrder uint64 // replies that came after the reply to a later probe
	Suspect    uint64 // verdicts while our own socket was dropping packets

	// Further facts. They never change a verdict that was given.
	Late         uint64 // valid replies after the verdict
	LateRefusals uint64 // ICMP errors after the verdict
	Duplicates   uint64 // further valid replies to a probe that had one
	Corrupt      uint64 // replies with a bad checksum, token or payload
	WrongSource  uint64 // valid replies from another address than the target's
	Missed       uint64 // sending slots that passed unused
}

// Sent returns how many probes left this host and have their verdict.
func (c *Counts) Sent() uint64 { return c.Decided() + c.Abandoned }

// Decided returns how many probes the network has answered for, by a reply, an
// ICMP error or silence. What was not sent or abandoned says nothing of it.
func (c *Counts) Decided() uint64 { return c.Replies + c.Lost + c.Refused }

// Loss returns the part of the decided probes that got no reply, 0 to 1. It is
// false when nothing was decided.
func (c *Counts) Loss() (ratio float64, ok bool) {
	decided := c.Decided()
	if decided == 0 {
		return 0, false
	}
	return float64(c.Lost+c.Refused) / float64(decided), true
}

// Add adds the counts of o, another target or another time.
func (c *Counts) Add(o *Counts) {
	c.Replies += o.Replies
	c.Lost += o.Lost
	c.Refused += o.Refused
	c.NotSent += o.NotSent
	c.Abandoned += o.Abandoned
	c.OutOfOrder += o.OutOfOrder
	c.Suspect += o.Suspect
	c.Late += o.Late
	c.LateRefusals += o.LateRefusals
	c.Duplicates += o.Duplicates
	c.Corrupt += o.Corrupt
	c.WrongSource += o.WrongSource
	c.Missed += o.Missed
}
