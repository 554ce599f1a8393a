package testbed

import (
	"encoding/binary"
	"slices"
	"time"
)

// Bounds of what is put together again (RFC 8200 section 4.5 gives 60 s).
const (
	maxIncomplete = 1024
	pieceTime     = 30 * time.Second
)

// pieceKey is what the fragments of one packet have in common: addresses and
// identification, as they stand in the header.
type pieceKey string

// incomplete is a packet of which fragments have come.
type incomplete struct {
	since  time.Duration
	header []byte // the first fragment's, as it will be
	data   []byte
	have   int // bytes of data that have come
	total  int // bytes that data will have; 0: not known yet
}

// reassembly puts fragments together.
type reassembly struct{ packets map[pieceKey]*incomplete }

// piece is a fragment, or a whole packet.
type piece struct {
	key      pieceKey
	header   []byte // without what says that it is a fragment
	data     []byte
	offset   int
	more     bool
	fragment bool
}

// add returns the packet that is whole with this one; nil if it is not whole yet.
func (a *reassembly) add(packet []byte, now time.Duration) []byte {
	p := parsePiece(packet)
	if !p.fragment {
		return packet
	}
	if a.packets == nil || len(a.packets) >= maxIncomplete {
		a.packets = make(map[pieceKey]*incomplete)
	}
	w := a.packets[p.key]
	if w == nil || now-w.since > pieceTime {
		w = &incomplete{since: now}
		a.packets[p.key] = w
	}
	if grow := p.offset + len(p.data) - len(w.data); grow > 0 {
		w.data = append(w.data, make([]byte, grow)...)
	}
	w.have += copy(w.data[p.offset:], p.data)
	if p.offset == 0 {
		w.header = p.header
	}
	if !p.more {
		w.total = p.offset + len(p.data)
	}
	if w.header == nil || w.total == 0 || w.have < w.total {
		return nil
	}
	delete(a.packets, p.key)
	return joined(w.header, w.data)
}

// joined makes one packet of header and data.
func joined(header, data []byte) []byte {
	whole := slices.Concat(header, data)
	if header[0]>>4 == 4 {
		binary.BigEndian.PutUint16(whole[2:], uint16(len(whole))) //nolint:gosec // G115: a packet's length
		binary.BigEndian.PutUint16(whole[10:], 0)
		binary.BigEndian.PutUint16(whole[10:], sum(whole[:len(header)]))
	} else {
		binary.BigEndian.PutUint16(whole[4:], uint16(len(whole)-headerLen6)) //nolint:gosec // G115: a packet's length
	}
	return whole
}

// parsePiece takes a packet apart. IPv6 fragments are understood where the
// fragment header is the first, as it is in what a host sends by itself.
func parsePiece(b []byte) piece {
	switch {
	case len(b) >= headerLen4 && b[0]>>4 == 4:
		field, n := binary.BigEndian.Uint16(b[6:]), int(b[0]&0x0f)*4
		if field&0x3fff == 0 || n < headerLen4 || len(b) < n {
			return piece{}
		}
		header := slices.Clone(b[:n])
		header[6], header[7] = 0, 0
		return piece{
			key: pieceKey(b[4:6]) + pieceKey(b[12:20]), header: header, data: b[n:],
			offset: int(field&0x1fff) * 8, more: field&0x2000 != 0, fragment: true,
		}
	case len(b) >= headerLen6+8 && b[0]>>4 == 6 && b[6] == protoFragment:
		h := b[headerLen6:]
		field := binary.BigEndian.Uint16(h[2:])
		header := slices.Clone(b[:headerLen6])
		header[6] = h[0]
		return piece{
			key: pieceKey(h[4:8]) + pieceKey(b[8:40]), header: header, data: h[8:],
			offset: int(field &^ 7), more: field&1 != 0, fragment: true,
		}
	}
	return piece{}
}

// cut cuts an IPv6 packet that is longer than every path carries (RFC 8200
// section 5): no router does it. IPv4 packets are left to the routers.
func cut(packet []byte, serial uint16) [][]byte {
	const room = (maxError6 - headerLen6 - 8) / 8 * 8
	if packet[0]>>4 != 6 || len(packet) <= maxError6 {
		return [][]byte{packet}
	}
	var pieces [][]byte
	data := packet[headerLen6:]
	for offset := 0; offset < len(data); offset += room {
		part := data[offset:min(offset+room, len(data))]
		p := slices.Concat(packet[:headerLen6], make([]byte, 8), part)
		binary.BigEndian.PutUint16(p[4:], uint16(8+len(part))) //nolint:gosec // G115: at most room
		h := p[headerLen6:]
		h[0], p[6] = p[6], protoFragment
		field := uint16(offset)
		if offset+room < len(data) {
			field |= 1
		}
		binary.BigEndian.PutUint16(h[2:], field)
		binary.BigEndian.PutUint32(h[4:], uint32(serial))
		pieces = append(pieces, p)
	}
	return pieces
}
