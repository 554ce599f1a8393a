package testbed

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
)

// Bed is a hostile network.
type Bed struct {
	Addresses
	Client, Router, Server *Namespace

	responder *responder
	guard     *guard
	closed    bool
}

// Needs says why a bed cannot be brought up here; nil if it can.
func Needs() error {
	if os.Geteuid() != 0 {
		return errors.New("needs root: network namespaces, a TUN device")
	}
	for _, tool := range []string{"ip", "nft", "nsenter", "sh", "stat"} {
		if _, err := exec.LookPath(tool); err != nil {
			return fmt.Errorf("needs the program %s: %w", tool, err)
		}
	}
	if _, err := os.Stat(tunDevice); err != nil {
		return fmt.Errorf("needs a TUN device: %w", err)
	}
	return nil
}

// Open brings a bed up. The caller closes it.
func Open() (*Bed, error) {
	b := &Bed{Addresses: addresses()}
	if err := b.up(); err != nil {
		return nil, fmt.Errorf("test bed: %w", errors.Join(err, b.Close()))
	}
	return b, nil
}

func (b *Bed) up() error {
	for _, n := range []struct {
		name    string
		ns      **Namespace
		forward bool
	}{
		{"client", &b.Client, false},
		{"router", &b.Router, true},
		{"server", &b.Server, true},
	} {
		ns, err := newNamespace(n.name)
		if err != nil {
			return err
		}
		*n.ns = ns
		if err := ns.apply(settings(n.forward)); err != nil {
			return err
		}
	}
	var err error
	if b.guard, err = startGuard(b.Client, b.Router, b.Server); err != nil {
		return err
	}
	if err := link(b.Client, clientLink, "02:00:00:00:00:01", b.Router, routerIn, "02:00:00:00:00:02"); err != nil {
		return err
	}
	if err := link(b.Router, routerOut, "02:00:00:00:00:03", b.Server, serverLink, "02:00:00:00:00:04"); err != nil {
		return err
	}
	device, err := openTUN(b.Server)
	if err != nil {
		return err
	}
	b.responder = newResponder(device, b.Addresses)
	if err := b.configure(); err != nil {
		return err
	}
	return b.waitReady()
}

// Close ends the responder and every process in the bed, and lets go of the
// namespaces. The kernel removes them, with all that is in them, as soon as the
// sockets that were opened in them are closed too. A second Close does nothing.
func (b *Bed) Close() error {
	if b.closed {
		return nil
	}
	b.closed = true
	var errs []error
	if b.responder != nil {
		errs = append(errs, b.responder.close())
	}
	if b.guard != nil {
		errs = append(errs, b.guard.close())
	}
	for _, ns := range []*Namespace{b.Client, b.Router, b.Server} {
		if ns != nil {
			errs = append(errs, ns.close())
		}
	}
	return errors.Join(errs...)
}
