// Package icmpsock opens the sockets that echo requests leave by and replies
// come in by, and hides what differs between their kinds and systems.
//
// # Two kinds of sockets
//
// A raw socket (raw(7)) sees every ICMP message that the host receives. A
// filter in the kernel lets pass echo replies with the connection's own
// identifier, and all destination unreachable, packet too big, time exceeded
// and parameter problem messages: ICMP errors arrive as packets, with the
// router as their source. The sender chooses the identifier. IPv4 checksums
// are the caller's to write and to verify; the kernel does both for ICMPv6,
// and a message with a bad checksum is never seen there.
//
// A datagram socket (icmp(7), IPPROTO_ICMP) needs no capability. The kernel
// owns the identifier, writes the checksums, and delivers only intact replies
// that carry the identifier. ICMP errors come by the socket's error queue, as
// [Error], with what they quote of our own message.
//
// To an IPv6 datagram socket the kernel says "sent" whatever becomes of the packet
// on its way out, as where a local firewall refuses it (ping_v6_sendmsg). What left is
// known from its departure stamp. Of what has none, [Conn].Withheld asks the kernel
// (rtnetlink(7)) whether it could have left; the ioctl SIOCETHTOOL tells whether the
// interface stamps at all. Neither needs a right. Before Linux 5.18 such a socket stamps
// nothing that leaves and ignores control messages: [Facts].NoOptions.
//
// # Rights
//
// A raw socket needs CAP_NET_RAW when it is opened, never later. A program
// that has the capability as permitted, but not as effective (setcap
// cap_net_raw+p), is enough: Open raises it on its own thread, opens, and puts
// it back. A datagram socket needs that one of the process's groups lies in
// the range net.ipv4.ping_group_range, which counts for IPv6 too. A firewall
// mark needs CAP_NET_RAW or CAP_NET_ADMIN when the socket is opened. Buffers
// beyond net.core.rmem_max and net.core.wmem_max need CAP_NET_ADMIN; without
// it the kernel gives what these allow and [Facts] says so. [DropRights] gives
// up all of these.
//
// TTL, traffic class, source address and interface go with each packet and
// need no capability.
//
// In sandboxes some of it is refused. Filters, the error queue and the batches must be
// there; without stamps, SO_MEMINFO or rtnetlink less is known.
//
// # Time
//
// Arrivals and departures are stamped by the kernel (SO_TIMESTAMPING, software
// stamps, Documentation/networking/timestamping.rst), in the wall clock's
// nanoseconds. A departure's stamp carries the sender's own key, which needs
// Linux 6.13 (SCM_TS_OPT_ID); older kernels number the packets by themselves,
// and a packet that a local firewall refuses shifts the numbers of all that
// follow. There the stamp brings the packet back, and its beginning says whose
// it is: [Facts].StampQuotes.
//
// # Other systems
//
// On macOS, the BSDs and Windows the package works on golang.org/x/net/icmp:
// plain sends, a reader of its own for each connection, arrival times that
// this process took, no filter, no count of dropped messages. The datagram
// kind exists on macOS too. Windows has raw sockets only, which need an
// administrator.
package icmpsock
