//go:build !linux

package icmpsock

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"

	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"

	"github.com/rawping/rawping/internal/wire"
)

// errFamily is the error of a send to an address of the other family.
var errFamily = errors.New("the address is of the other IP version than the socket")

// Send implements [Conn], one packet at a time.
func (c *conn) Send(ms []Out) (int, error) {
	for i := range ms {
		if err := c.send(&ms[i]); err != nil {
			if CauseOf(err) == TooBig {
				err = &TooBigError{Err: err}
			}
			return i, err
		}
	}
	return len(ms), nil
}

func (c *conn) send(m *Out) error {
	if !m.Dst.IsValid() || m.Dst.Is4() != (c.class.Family == wire.V4) {
		return errFamily
	}
	o := Options{Hops: c.normal.Hops, TrafficClass: c.normal.TrafficClass}
	if m.Options != nil {
		o.Source, o.Interface = m.Options.Source, m.Options.Interface
		if m.Options.Hops != 0 {
			o.Hops = m.Options.Hops
		}
		if m.Options.TrafficClass != 0 {
			o.TrafficClass = m.Options.TrafficClass
		}
	}
	if err := c.setOptions(o); err != nil {
		return err
	}
	var err error
	if c.p4 != nil {
		cm := &ipv4.ControlMessage{Src: ipOf(o.Source), IfIndex: o.Interface}
		if cm.Src == nil && cm.IfIndex == 0 {
			cm = nil
		}
		_, err = c.p4.WriteTo(m.Data, cm, c.address(m))
		return err
	}
	cm := &ipv6.ControlMessage{Src: ipOf(o.Source), IfIndex: o.Interface}
	if cm.Src == nil && cm.IfIndex == 0 {
		cm = nil
	}
	_, err = c.p6.WriteTo(m.Data, cm, c.address(m))
	return err
}

// setOptions sets the socket to the packet's TTL and traffic class: not every
// system takes them with the packet.
func (c *conn) setOptions(o Options) error {
	if o.Hops != c.options.Hops {
		var err error
		if c.p4 != nil {
			err = c.p4.SetTTL(o.Hops)
		} else {
			err = c.p6.SetHopLimit(o.Hops)
		}
		if err != nil {
			return fmt.Errorf("set TTL to %d: %w", o.Hops, err)
		}
		c.options.Hops = o.Hops
	}
	if o.TrafficClass != c.options.TrafficClass {
		var err error
		if c.p4 != nil {
			err = c.p4.SetTOS(o.TrafficClass)
		} else {
			err = c.p6.SetTrafficClass(o.TrafficClass)
		}
		if err != nil {
			return fmt.Errorf("set traffic class to %d: %w", o.TrafficClass, err)
		}
		c.options.TrafficClass = o.TrafficClass
	}
	return nil
}

// address is the destination as package net wants it: a raw socket's is an
// IPAddr, the datagram kind's a UDPAddr.
func (c *conn) address(m *Out) net.Addr {
	zone := ""
	if m.Scope != 0 {
		zone = strconv.Itoa(m.Scope)
	}
	if c.facts.Raw {
		return &net.IPAddr{IP: ipOf(m.Dst), Zone: zone}
	}
	return &net.UDPAddr{IP: ipOf(m.Dst), Zone: zone}
}

func ipOf(addr netip.Addr) net.IP {
	if !addr.IsValid() {
		return nil
	}
	return addr.AsSlice()
}

func addrOf(ip net.IP) netip.Addr {
	addr, _ := netip.AddrFromSlice(ip)
	return addr.Unmap()
}

// fromOf takes a source address apart. A zone may be a name or a number.
func fromOf(from net.Addr) (addr netip.Addr, scope int) {
	var ip net.IP
	var zone string
	switch from := from.(type) {
	case *net.IPAddr:
		ip, zone = from.IP, from.Zone
	case *net.UDPAddr:
		ip, zone = from.IP, from.Zone
	}
	if zone != "" {
		var err error
		if scope, err = strconv.Atoi(zone); err != nil {
			if iface, err := net.InterfaceByName(zone); err == nil {
				scope = iface.Index
			}
		}
	}
	return addrOf(ip), scope
}
