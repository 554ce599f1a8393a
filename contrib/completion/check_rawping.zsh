#compdef check_rawping
# Completion of check_rawping(1) for zsh. Made from the option table by make shipped.

_arguments -s -S \
	'*'{-H+,--hostname=}'[Name or address of a host; may be repeated, or given without -H]:HOST:_hosts' \
	'*--hosts-file=[Hosts from a file, one on a line, with thresholds of its own behind it if need be, such as: web1 warning=50,10% critical=100,20% p95=30,60; # begins a comment; -: standard input]:FILE:_files' \
	'(-4 --ipv4-only)'{-4,--ipv4-only}'[IPv4 only]' \
	'(-6 --ipv6-only)'{-6,--ipv6-only}'[IPv6 only]' \
	'(--family)--family=[Of a name, an address of any family, or one of both]:WHICH:(any both)' \
	'(--resolve)--resolve=[Of a name, the first address that this host has a route to, or all: each is checked]:WHICH:(first all)' \
	'(--dns-failure)--dns-failure=[What a name that does not resolve is: ok, warning, critical or unknown]:STATE:(ok warning critical unknown)' \
	'(--any-source)--any-source[A reply from another address than the one asked counts too (anycast, broadcast, multicast)]' \
	'*--accept=[Take what is otherwise no reply; truncated: a reply that is short, or zeroed after our token]:WHAT:(truncated)' \
	'(-n --packets)'{-n+,--packets=}'[Packets to send to each host]:N:' \
	'(-b --bytes)'{-b+,--bytes=}'[Bytes of data in a packet; under 16 there is no room for a secret token]:N:' \
	'(-l --ttl)'{-l+,--ttl=}'[Time to live, or hop limit, of what is sent]:N:' \
	'*'{-s+,--source=}'[Source address, or the interface to leave by; may be repeated: an address of each family, and an interface]:FROM:' \
	'(--dscp)--dscp=[Differentiated services code point, 0 to 63 or a name such as EF, AF41 or CS6]:POINT:' \
	'(--dont-fragment)--dont-fragment[Neither fragment here nor let routers do it]' \
	'(--fwmark)--fwmark=[Firewall mark of what is sent, such as 10 or 0x0a]:N:' \
	'(-i --interval)'{-i+,--interval=}'[From one packet to a host to the next; 0: the next goes on each reply]:TIME:' \
	'(-I --target-interval)'{-I+,--target-interval=}'[From the first packet to a host to that to the next host]:TIME:' \
	'(--packet-timeout)--packet-timeout=[How long a reply may take (default: the critical RTA, but 1s at least and -t at most)]:TIME:' \
	'(-t --timeout)'{-t+,--timeout=}'[When to be done with everything, in seconds (default: 10, or what -n and -i need)]:TIME:' \
	'(-w --warning)'{-w+,--warning=}'[WARNING from this mean round trip time or this loss on]:RTA,PL%:' \
	'(-c --critical)'{-c+,--critical=}'[CRITICAL from this mean round trip time or this loss on]:RTA,PL%:' \
	'*--threshold=[Thresholds for any figure, as ranges: '\''p95=~:50ms,~:0.1s'\'', in quotes because of the shell; may be repeated]:METRIC=WARN,CRIT:compadd -S "" - rta= min= max= median= p95= stddev= jitter= jitter_min= jitter_max= loss= lost= longest_loss_run= consecutive_lost= refused= not_sent= late= duplicates= out_of_order= corrupt= wrong_source= suspect= ttl= ttl_changes= mos= score=' \
	'(-R --rta-mode)'{-R+,--rta-mode=}'[Judge the mean round trip time, from these on]:WARN,CRIT:' \
	'(-P --loss-mode)'{-P+,--loss-mode=}'[Judge the loss, from these on]:WARN%,CRIT%:' \
	'(-J --jitter-mode)'{-J+,--jitter-mode=}'[Judge the mean difference from one round trip time to the next, from these on]:WARN,CRIT:' \
	'(-M --mos-mode)'{-M+,--mos-mode=}'[Judge the mean opinion score, 1 to 4.4, from these down]:WARN,CRIT:' \
	'(-S --score-mode)'{-S+,--score-mode=}'[Judge the R factor, 0 to 93.2, from these down]:WARN,CRIT:' \
	'(-O --order-mode)'{-O,--order-mode}'[CRITICAL if a reply comes out of order]' \
	'(-m --min-alive)'{-m+,--min-alive=}'[OK if so many of the hosts are; WARNING if so many are OK or WARNING]:N:' \
	'(--confirm)--confirm=[Before a verdict other than OK, send a host N packets more, and judge all of them]:N:' \
	'(--early-exit)--early-exit[Stop when no further packet can change the verdict]' \
	'(--trace-on-failure)--trace-on-failure[If a host does not answer, find out how far the path to it does]' \
	'(--output)--output=[nagios, json, influx or prometheus]:FORM:(nagios json influx prometheus)' \
	'(--no-data)--no-data=[What perfdata has for a figure without a value: U, or omit to leave it out]:WHAT:(U omit)' \
	'*'{-v,--verbose}'[More long output: -v figures, -vv each packet, -vvv what went on inside]' \
	'(--extra-opts)--extra-opts=-[More options, from a section of an ini file]::[SECTION][@FILE]: ' \
	'(--personality)--personality=[Be check_icmp, check_host, check_rta_multi, check_ping or check_fping: with its options, its verdict and its output]:NAME:(check_rawping check_icmp check_host check_rta_multi check_ping check_fping)' \
	'(-V --version)'{-V,--version}'[Show the version]' \
	'(-h --help)'{-h,--help}'[Show this help]' \
	'(--quiet)--quiet[Print nothing while all is OK]' \
	'(--state-file)--state-file=[Remember the state in this file]:FILE:_files' \
	'(--on-change)--on-change[Print only if the state has changed; needs --state-file]' \
	'(--remind)--remind=[Print again if a problem has stood for so long, such as 6h; needs --on-change]:TIME:' \
	'*:HOST:_hosts'
