//go:build linux

// Rights is run by TestDropRights, as other users and with file capabilities.
// It opens a socket, drops its rights, and says what it can then.
package main

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/rawping/rawping/internal/icmpsock"
	"github.com/rawping/rawping/internal/wire"
)

func main() {
	network, err := icmpsock.System(icmpsock.Config{})
	if err != nil {
		fmt.Println("network:", err)
		os.Exit(1)
	}
	var threads sync.WaitGroup
	for range 8 { // threads that exist before the rights are dropped
		threads.Add(1)
		go func() {
			runtime.LockOSThread()
			threads.Done()
			select {}
		}()
	}
	threads.Wait()
	first := open("before", network)
	fmt.Println("ordinary:", icmpsock.OrdinaryUser())
	printCapabilities("opened")
	fmt.Println("drop:", icmpsock.DropRights())
	printCapabilities("dropped")
	open("after", network)
	if first != nil {
		fmt.Println("first:", echo(first))
	}
}

func open(when string, network icmpsock.Network) icmpsock.Conn {
	c, err := network.Open(icmpsock.Class{Family: wire.V4})
	switch {
	case err != nil:
		fmt.Println(when+":", err)
		return nil
	case c.Facts().Raw:
		fmt.Println(when + ": raw")
	default:
		fmt.Println(when + ": datagram")
	}
	return c
}

// printCapabilities prints the sets of all threads, each different one once.
func printCapabilities(when string) {
	files, _ := filepath.Glob("/proc/self/task/*/status")
	seen := make(map[string]bool)
	for _, file := range files {
		status, err := os.ReadFile(file)
		if err != nil {
			fmt.Println(when, err)
			continue
		}
		var sets []string
		for line := range strings.Lines(string(status)) {
			name, value, _ := strings.Cut(strings.TrimSpace(line), ":")
			if name == "CapInh" || name == "CapPrm" || name == "CapEff" || name == "CapAmb" {
				sets = append(sets, name+"="+strings.TrimSpace(value))
			}
		}
		if s := strings.Join(sets, " "); !seen[s] {
			seen[s] = true
			fmt.Println(when+":", s)
		}
	}
	fmt.Println(when+" threads:", len(files) > 8)
}

// echo pings the loopback by a connection opened while there were rights.
func echo(c icmpsock.Conn) string {
	m := []byte{8, 0, 0, 0, byte(c.Facts().ID >> 8), byte(c.Facts().ID), 0, 1}
	sum := ^(0x0800 + uint32(c.Facts().ID) + 1)
	if carry := 0x0800 + uint32(c.Facts().ID) + 1; carry > 0xffff {
		sum = ^(carry&0xffff + 1)
	}
	m[2], m[3] = byte(sum>>8), byte(sum)
	if _, err := c.Send([]icmpsock.Out{{Dst: netip.MustParseAddr("127.0.0.1"), Data: m}}); err != nil {
		return err.Error()
	}
	for range 100 {
		ins, err := c.Recv()
		if err != nil {
			return err.Error()
		}
		for _, in := range ins {
			if in.Kind == icmpsock.Packet {
				return "works"
			}
		}
		time.Sleep(time.Millisecond)
	}
	return "no reply"
}
