package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/rawping/rawping/internal/echo"
	"github.com/rawping/rawping/internal/icmpsock"
	"github.com/rawping/rawping/internal/wire"
	"github.com/rawping/rawping/plugins/inputs/rawping"
)

// check says on out what a configuration asks for and what this machine permits.
// It opens sockets and sends nothing. The error says why the configuration would
// not work here.
func check(o options, out io.Writer, log *logger) error {
	plugin, err := load(o.config)
	if err != nil {
		return err
	}
	plugin.Log = log
	if err := plugin.Init(); err != nil {
		return fmt.Errorf("%s: %w", o.config, err)
	}
	demand, err := plugin.Demand()
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%s: %d hosts, %d of them names; at least %d metrics per interval and %.6g packets per second\n",
		o.config, demand.Targets, demand.Names, demand.Rows, demand.Rate)
	errs := []error{checkRate(out, demand)}
	if log.failed() {
		errs = append(errs, errors.New("some hosts are left out"))
	}
	missing := map[wire.Family]error{}
	for _, family := range []wire.Family{wire.V4, wire.V6} {
		missing[family] = checkFamily(out, family)
	}
	for family, needed := range map[wire.Family]bool{
		wire.V4: demand.IPv4 > 0,
		wire.V6: demand.IPv6 > 0,
	} {
		if needed && missing[family] != nil {
			errs = append(errs, fmt.Errorf("%s hosts cannot be probed", family))
		}
	}
	if demand.Names > 0 && missing[wire.V4] != nil && missing[wire.V6] != nil {
		errs = append(errs, errors.New("names cannot be probed"))
	}
	for _, mark := range demand.Marks {
		errs = append(errs, checkMark(out, mark))
	}
	return errors.Join(errs...)
}

// checkFamily says which kinds of sockets there may be. The error is that of the
// better kind if there may be none.
func checkFamily(out io.Writer, family wire.Family) error {
	var failed error
	works := false
	for _, kind := range []struct {
		name   string
		policy icmpsock.Policy
	}{
		{"raw", icmpsock.RawOnly},
		{"datagram", icmpsock.DatagramOnly},
	} {
		facts, err := open(icmpsock.Config{Policy: kind.policy}, icmpsock.Class{Family: family})
		switch {
		case err != nil:
			fmt.Fprintf(out, "%s %s socket: %v\n", family, kind.name, err)
			failed = errors.Join(failed, err)
		case facts.Limit != "":
			fmt.Fprintf(out, "%s %s socket: permitted; its buffers are smaller than wanted: %s\n", family, kind.name, facts.Limit)
			works = true
		default:
			fmt.Fprintf(out, "%s %s socket: permitted\n", family, kind.name)
			works = true
		}
	}
	if works {
		return nil
	}
	return failed
}

// checkMark says whether packets may be marked.
func checkMark(out io.Writer, mark uint32) error {
	_, err := open(icmpsock.Config{}, icmpsock.Class{Family: wire.V4, Mark: mark})
	if err != nil {
		fmt.Fprintf(out, "fwmark %d: %v\n", mark, err)
		return fmt.Errorf("fwmark %d cannot be set", mark)
	}
	fmt.Fprintf(out, "fwmark %d: permitted\n", mark)
	return nil
}

// open opens a socket for a trial.
func open(config icmpsock.Config, class icmpsock.Class) (facts icmpsock.Facts, err error) {
	network, err := icmpsock.System(config)
	if err != nil {
		return facts, err
	}
	defer func() { err = errors.Join(err, network.Close()) }()
	conn, err := network.Open(class)
	if err != nil {
		return facts, err
	}
	return conn.Facts(), nil
}

// checkRate says how much this user may send.
func checkRate(out io.Writer, demand rawping.Demand) error {
	if !icmpsock.OrdinaryUser() {
		fmt.Fprintln(out, "rate: no limit but max_rate")
		return nil
	}
	fmt.Fprintf(out, "rate: at most %d packets per second for a user other than root, loopback not counted\n", echo.OrdinaryRate)
	if demand.Rate > echo.OrdinaryRate {
		return fmt.Errorf("%.6g packets per second are more than this user may send", demand.Rate)
	}
	return nil
}
