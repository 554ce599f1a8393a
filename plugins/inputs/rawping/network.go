package rawping

import (
	"github.com/rawping/rawping/internal/icmpsock"
	"github.com/rawping/rawping/internal/wire"
)

// Probe says whether this host permits the plugin to work at all, for Telegraf's
// startup_error_behavior = "probe". The error names what would help.
func (p *RawPing) Probe() error {
	network, err := p.network()
	if err != nil {
		return err
	}
	defer func() { _ = network.Close() }() // what it opened was for a trial only
	var failed error
	for _, family := range []wire.Family{wire.V4, wire.V6} {
		_, err := network.Open(icmpsock.Class{Family: family})
		if err == nil {
			return nil
		}
		if failed == nil {
			failed = err
		}
	}
	return failed
}

// systemNetwork is that of this machine.
func (p *RawPing) systemNetwork() (icmpsock.Network, error) {
	return icmpsock.System(icmpsock.Config{Broadcast: p.plan != nil && p.plan.broadcast()})
}

// openSockets has a missing right in the log from the start.
func (s *session) openSockets() {
	families := map[wire.Family][]*host{}
	for _, h := range s.roster.all() {
		if addr, ok := h.literal(); ok {
			families[wire.FamilyOf(addr)] = append(families[wire.FamilyOf(addr)], h)
		}
	}
	for _, family := range []wire.Family{wire.V4, wire.V6} {
		if len(families[family]) == 0 {
			continue
		}
		if err := s.engine.Open(icmpsock.Class{Family: family}); err != nil {
			for _, h := range families[family] {
				s.note(h, h.targets[0], state{kind: unsent, socket: true, cause: oneLine(err)})
			}
		}
	}
	s.journal.write()
}
