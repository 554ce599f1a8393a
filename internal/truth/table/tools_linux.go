package main

import (
	"fmt"
	"net/netip"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
)

// probes is how many requests each tool sends to a host.
const probes = 10

// tool is a program, and how to read what it says.
type tool struct {
	name    string
	path    string
	version string
	flags   string           // as they stand on the page; before them, -6 for flag6
	flag6   string           // what it needs for IPv6
	hosts   string           // what comes before the address
	figures *regexp.Regexp   // sent, and received or lost of a hundred
	lost    bool             // the figure is the loss, in percent
	rtts    *regexp.Regexp   // the shortest and the longest
	remarks []*regexp.Regexp // words beyond figures; the first group is what to show
}

// args returns the arguments for an address.
func (t *tool) args(addr netip.Addr) []string {
	args := strings.Fields(t.flags)
	if addr.Is6() && t.flag6 != "" {
		args = append(args, t.flag6)
	}
	if t.hosts != "" {
		args = append(args, t.hosts)
	}
	return append(args, addr.String())
}

func several(patterns ...string) []*regexp.Regexp {
	var all []*regexp.Regexp
	for _, p := range patterns {
		all = append(all, regexp.MustCompile("(?m)"+p))
	}
	return all
}

// checkLost reads the line of either check.
var (
	checkLost    = regexp.MustCompile(`lost ([\d.]+)%`)
	checkRTTs    = regexp.MustCompile(`rtmax=([\d.]+)ms.*rtmin=([\d.]+)ms`)
	checkRemarks = []string{`^[A-Z]+ - \S+: ([^|\n]*?)(?: @ \S+)?\. rta`, `^\S+: \d+ ((?:corrupt|duplicate|late|reordered) repl)`, `(from another address)`}
)

const checkFlags = "-n 10 -i 100ms -w 500,40% -c 1000,80%"

// allTools returns the programs, in the order of the columns.
func allTools(programs string) ([]*tool, error) {
	pinged := regexp.MustCompile(`(\d+) packets transmitted, (\d+) received`)
	pingRTTs := regexp.MustCompile(`rtt min/avg/max/mdev = ([\d.]+)/[\d.]+/([\d.]+)/`)
	tools := []*tool{
		{
			name: "ping", path: "ping", flags: "-n -c 10 -i 0.1 -W 1", figures: pinged, rtts: pingRTTs,
			remarks: several(`^\S*ping: (.+?)(?: \(-?\d+us\).*)?$`, `^From \S+ icmp_seq=\d+ (.+)$`, `(wrong data byte)`, `(\(DUP!\))`, `(\(DIFFERENT ADDRESS!\))`, `(\(truncated\))`, `(\(BAD CHECKSUM!\))`),
		},
		{
			name: "fping", path: "fping", flags: "-c 10 -p 100 -t 1000",
			figures: regexp.MustCompile(`xmt/rcv/%loss = (\d+)/(\d+)/`),
			rtts:    regexp.MustCompile(`min/avg/max = ([\d.]+)/[\d.]+/([\d.]+)`),
			remarks: several(`^(ICMP .*?) from `, `(\[<- )`, `(duplicate) for`, `: (error while.*?|[Nn]etwork is unreachable|[Pp]ermission denied|.* not permitted)$`),
		},
		{
			name: "check_icmp", path: "/usr/lib/nagios/plugins/check_icmp", flags: checkFlags, flag6: "-6", hosts: "-H",
			figures: checkLost, lost: true, rtts: checkRTTs, remarks: several(checkRemarks...),
		},
		{
			name: "check_rawping", path: filepath.Join(programs, "check_rawping"), flags: checkFlags, hosts: "-H",
			figures: checkLost, lost: true, rtts: checkRTTs, remarks: several(checkRemarks...),
		},
		{
			name: "rawping", path: filepath.Join(programs, "rawping"), flags: "-c 10 -i 0.1 -W 1", figures: pinged, rtts: pingRTTs,
			remarks: several(`^not sent \d+: (.+)$`, `^refused \d+: (.+?)(?: from \S+)?$`, `\((corrupt|wrong source|late)[:)]`, `(\(DUP!\))`),
		},
	}
	for _, t := range tools {
		path, err := exec.LookPath(t.path)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", t.name, err)
		}
		if t.path, err = filepath.Abs(path); err != nil {
			return nil, err
		}
		t.version = version(t)
	}
	return tools, nil
}

// version asks a tool for its version. Ours is that of the tree, which changes
// with every commit: it is not told.
func version(t *tool) string {
	flag := map[string]string{"ping": "-V", "fping": "-v", "check_icmp": "-V"}[t.name]
	if flag == "" {
		return "of this tree"
	}
	out, _ := exec.Command(t.path, flag).CombinedOutput() // check_icmp ends with 3
	line, _, _ := strings.Cut(string(out), "\n")
	for _, prefix := range []string{t.path + ":", t.name, "from", "Version", ":"} {
		line = strings.TrimSpace(strings.TrimPrefix(line, prefix))
	}
	return strings.TrimPrefix(line, "Version ")
}
