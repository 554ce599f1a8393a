package standin

// The help is ours: it says what the options do here.

// help returns what -h shows.
func (c *icmp) help() string {
	return c.name + ` stands in for the plugin of the Monitoring Plugins.

Usage:
 ` + c.name + ` [options] [-H] host1 host2 hostN

Options:
 -H HOST              host to check; may be repeated
 -4, -6               IPv4 or IPv6 only
 -w RTA,LOSS%         warning threshold (200ms,40%; check_host 1s,100%)
 -c RTA,LOSS%         critical threshold (500ms,80%; check_host 1s,100%)
 -n, -p N             packets to each host, at most 20 (5)
 -i TIME              from one packet to the next at most (80ms; check_host 1s,
                      check_rta_multi 50ms)
 -I TIME              from one host to the next at most (0)
 -t SECONDS           when to be done with everything (10)
 -m N                 so many hosts must be well (all)
 -l TTL               time to live (the system's)
 -b BYTES             bytes of data, 52 to 65507 (68)
 -s SOURCE            address or interface to send from
 -R, -P, -J, -M, -S WARN,CRIT
                      judge RTA (ms), packet loss (%), jitter (ms), MOS, score,
                      and print what check_icmp 2.4 prints
 -O                   CRITICAL if replies come out of order
 -v                   say more below the status line
 --extra-opts=[SECTION][@FILE]
                      read options from an ini file
 -V, -h               show the version, show this

Times take us, ms and s; a bare number is milliseconds. A threshold is met by
what is equal to it. docs/stand-ins.md says where this differs from the original.
`
}

// pingHelp is what -h of check_ping shows.
const pingHelp = `check_ping stands in for the plugin of the Monitoring Plugins.

` + pingUsage + `
Options:
 -H, --hostname=HOST[,HOST...]
                      host to check; of several, one must be alive
 -4, --use-ipv4       IPv4 only
 -6, --use-ipv6       IPv6 only
 -w, --warning=RTA,LOSS%
                      warning threshold, RTA in milliseconds
 -c, --critical=RTA,LOSS%
                      critical threshold
 -p, --packets=N      so many packets are to be answered, one a second (5)
 -t, --timeout=SECONDS
                      how long to try (10, or what -p and -c need)
 -L, --link           link to a traceroute CGI
 -n, --nohtml         do not
 -v, --verbose        say more below the status line
 --extra-opts=[SECTION][@FILE]
                      read options from an ini file
 -V, -h               show the version, show this

A threshold is met by what is equal to it. docs/stand-ins.md says where this
differs from the original.
`

// fpingHelp is what -h of check_fping shows.
const fpingHelp = `check_fping stands in for the plugin of the Monitoring Plugins.

` + fpingUsage + `
Options, which come after the host:
 -H, --hostname=HOST  host to check
 -4, --use-ipv4       IPv4 if the host has it
 -6, --use-ipv6       IPv6 if the host has it
 -w, --warning=RTA,LOSS%
                      warning threshold, RTA in milliseconds; either may be left
                      out
 -c, --critical=RTA,LOSS%
                      critical threshold
 -a, --alive          OK on the first reply
 -b, --bytes=BYTES    bytes of data (56)
 -n, --number=N       packets (1)
 -i, --interval=MS    from one packet to the next (1000)
 -T, --target-timeout=MS
                      how long a reply may take (the interval, at most 2000)
 -S, --sourceip=ADDRESS
 -I, --sourceif=INTERFACE
                      where to send from
 -v, --verbose        say more below the status line
 --extra-opts=[SECTION][@FILE]
                      read options from an ini file
 -V, -h               show the version, show this

Only what is above a threshold is over it. docs/stand-ins.md says where this
differs from the original.
`
