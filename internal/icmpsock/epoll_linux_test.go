package icmpsock

import (
	"net"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/rawping/rawping/internal/wire"
)

func TestReady(t *testing.T) {
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			n, c := openIn(t, Config{Policy: k.policy}, Class{Family: k.family}, nil)
			out := []Out{{Dst: k.host, Data: request(t, k.family, c.facts.ID, 1, 16)}}
			for range 50 {
				drain(t, n)
				_, err := c.Send(out)
				require.NoError(t, err)
				select {
				case <-n.Ready():
				case <-time.After(patience):
					t.Fatal("not ready")
				}
				collect(t, c, packets(c, 1))
			}
			drain(t, n)
		})
	}
}

// drain takes what was signalled before the last message was read, which a busy
// machine may be late to do.
func drain(t *testing.T, n Network) {
	t.Helper()
	for range 50 {
		select {
		case <-n.Ready():
		case <-time.After(2 * time.Millisecond):
			return
		}
	}
	t.Fatal("ready again and again with nothing to read")
}

// TestReadyIsLevel asks again without having read.
func TestReadyIsLevel(t *testing.T) {
	n, c := openIn(t, Config{}, Class{Family: wire.V4}, nil)
	_, err := c.Send([]Out{{Dst: kinds[0].host, Data: request(t, wire.V4, c.facts.ID, 1, 16)}})
	require.NoError(t, err)
	for range 100 {
		select {
		case <-n.Ready():
		case <-time.After(patience):
			t.Fatal("not ready, and still unread")
		}
	}
}

// TestReadyOfAStamp has nothing to read but the error queue, of which Go's own
// poller says that it cannot be polled.
func TestReadyOfAStamp(t *testing.T) {
	n, c := openIn(t, Config{}, Class{Family: wire.V4}, func() {
		writeSetting(t, "net/ipv4/icmp_echo_ignore_all", "1")
	})
	for range 10 {
		_, err := c.Send([]Out{{Dst: kinds[0].host, Key: 5, Data: request(t, wire.V4, c.facts.ID, 1, 16)}})
		require.NoError(t, err)
		select {
		case <-n.Ready():
		case <-time.After(patience):
			t.Fatal("not ready")
		}
		ins := collect(t, c, func(ins []In) bool { return len(ins) == 1 })
		assert.Equal(t, Stamp, ins[0].Kind)
		drain(t, n)
	}
}

// TestUnarmedIsQuiet lets a thousand messages come while nobody has asked.
func TestUnarmedIsQuiet(t *testing.T) {
	n, c := openIn(t, Config{}, Class{Family: wire.V4}, nil)
	e := newEchoes(t, c, kinds[0].host)
	e.outs = e.outs[:restFrom/8] // so few that the socket stays in the epoll
	_, err := c.Send(e.outs)
	require.NoError(t, err)
	<-n.Ready() // takes the value: nobody waits now
	for range 500 {
		e.round(t)
	}
	time.Sleep(5 * time.Millisecond)
	require.False(t, c.resting)
	assert.Empty(t, n.waiter.signal)
	assert.False(t, n.waiter.armed.Load())
}

// TestRest has a socket leave the epoll under load, and be heard again as soon as
// somebody waits: of what came before, and of what comes then.
func TestRest(t *testing.T) {
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			n, c := openIn(t, Config{Policy: k.policy}, Class{Family: k.family}, nil)
			e := newEchoes(t, c, k.host)
			heard := func(ready <-chan struct{}) {
				t.Helper()
				select {
				case <-ready:
				case <-time.After(patience):
					t.Fatal("not ready")
				}
				collect(t, c, packets(c, 1))
				drain(t, n)
			}
			one := []Out{{Dst: k.host, Data: request(t, k.family, c.facts.ID, 1, 16)}}
			for range 10 {
				e.round(t)
				collect(t, c, func([]In) bool { return true })
				require.True(t, c.resting)
				require.Len(t, n.resting, 1)
				_, err := c.Send(one)
				require.NoError(t, err)
				heard(n.Ready())
				require.False(t, c.resting)
				require.Empty(t, n.resting)

				e.round(t)
				require.True(t, c.resting)
				drain(t, n)
				ready := n.Ready()
				_, err = c.Send(one)
				require.NoError(t, err)
				heard(ready)
			}
			e.round(t)
			require.True(t, c.resting)
			require.NoError(t, c.Close())
			require.Empty(t, n.resting, "a number that is another's by then must not get in")
		})
	}
}

// TestRestForLackOfRoom has the system refuse to watch a socket anew: the owner is
// woken all the same, and not all the time.
func TestRestForLackOfRoom(t *testing.T) {
	n, c := openIn(t, Config{}, Class{Family: wire.V4}, nil)
	n.rest(c)
	fd := c.fd
	c.fd = -1
	woken, began := 0, time.Now()
	for ; woken < 5; woken++ {
		select {
		case <-n.Ready():
		case <-time.After(patience):
			t.Fatal("not woken")
		}
	}
	require.GreaterOrEqual(t, time.Since(began), 5*againWait)
	c.fd = fd
	_ = n.Ready()
	require.False(t, c.resting)
	require.Empty(t, n.resting)
}

// TestNothingLeft opens and closes everything in every order.
func TestNothingLeft(t *testing.T) {
	needRoot(t)
	cycle := func(ready, closeConns bool) {
		n, err := System(Config{})
		require.NoError(t, err)
		if ready {
			_ = n.Ready()
		}
		var conns []Conn
		for _, family := range []wire.Family{wire.V4, wire.V6} {
			c, err := n.Open(Class{Family: family})
			require.NoError(t, err)
			conns = append(conns, c)
		}
		if closeConns {
			for _, c := range conns {
				require.NoError(t, c.Close())
				require.NoError(t, c.Close())
			}
		}
		require.NoError(t, n.Close())
		require.NoError(t, n.Close())
		for _, c := range conns {
			require.NoError(t, c.Close())
			_, err := c.Recv()
			assert.Equal(t, SocketLost, CauseOf(err))
		}
		_, err = n.Open(Class{Family: wire.V4})
		assert.ErrorIs(t, err, net.ErrClosed)
		select { // the owner of a closed network must not wait for ever
		case <-n.Ready():
		case <-time.After(patience):
			t.Error("Ready of a closed network blocks")
		}
	}
	cycle(true, true) // opens Go's poller
	files, goroutines := openFiles(t), runtime.NumGoroutine()
	for i := range 20 {
		cycle(i%2 == 0, i%4 < 2)
	}
	assert.Equal(t, files, openFiles(t))
	for range 100 { // one that has said that it is done still counts for a moment
		if runtime.NumGoroutine() <= goroutines {
			return
		}
		time.Sleep(time.Millisecond)
	}
	t.Errorf("%d goroutines left", runtime.NumGoroutine()-goroutines)
}

// TestUnwatched opens sockets that the system refuses to watch, as an engine does that
// tries again and again. An IPv6 datagram socket has the most besides itself.
func TestUnwatched(t *testing.T) {
	inNamespace(t, func() {
		n, err := System(Config{Policy: DatagramOnly})
		require.NoError(t, err)
		sockets := n.(*network).waiter.sockets
		n.(*network).waiter.sockets = -1
		files := openFiles(t)
		for range 3 {
			_, err = n.Open(Class{Family: wire.V6})
			assert.ErrorIs(t, err, unix.EBADF)
		}
		assert.Equal(t, files, openFiles(t))
		n.(*network).waiter.sockets = sockets
		require.NoError(t, n.Close())
	})
}

// TestCloseWhileWaiting closes under an owner that waits.
func TestCloseWhileWaiting(t *testing.T) {
	n, _ := openIn(t, Config{}, Class{Family: wire.V4}, nil)
	ready := n.Ready()
	time.AfterFunc(10*time.Millisecond, func() { assert.NoError(t, n.Close()) })
	select {
	case <-ready:
	case <-time.After(patience):
		t.Fatal("not woken by Close")
	}
	assert.NoError(t, n.Close())
}

func openFiles(t *testing.T) int {
	t.Helper()
	files, err := os.ReadDir("/proc/self/fd")
	require.NoError(t, err)
	return len(files)
}
