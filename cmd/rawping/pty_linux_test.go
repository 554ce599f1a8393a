package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// terminalPair returns the two ends of a pseudo-terminal: the person's and the
// program's (pts(4)).
func terminalPair(t testing.TB) (person, program *os.File) {
	t.Helper()
	person, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		skip(t, "needs pseudo-terminals: "+err.Error())
	}
	t.Cleanup(func() { _ = person.Close() })
	fd := int(person.Fd())
	require.NoError(t, unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0))
	n, err := unix.IoctlGetUint32(fd, unix.TIOCGPTN)
	require.NoError(t, err)
	program, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	require.NoError(t, err)
	return person, program
}

// seated is the program at a terminal, with what it has printed so far.
type seated struct {
	t     testing.TB
	keys  *os.File
	cmd   *exec.Cmd
	lines chan string
}

// sit starts the program at a terminal of its own. The window has no size, as under
// script(1). A shell has the session: when its leader ends, what the program wrote last
// can be lost.
func sit(t testing.TB, bin string, args ...string) *seated {
	t.Helper()
	needRoot(t)
	person, program := terminalPair(t)
	s := &seated{t: t, keys: person, lines: make(chan string, 1000)}
	const shell = `trap : INT QUIT; "$0" "$@"; code=$?; read enter; exit $code`
	s.cmd = exec.Command("sh", append([]string{"-c", shell, filepath.Join(bin, "rawping")}, args...)...)
	s.cmd.Stdin, s.cmd.Stdout, s.cmd.Stderr = program, program, program
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	require.NoError(t, s.cmd.Start())
	t.Cleanup(func() { _ = s.cmd.Process.Kill() })
	require.NoError(t, program.Close())
	go func() {
		defer close(s.lines)
		for scan := bufio.NewScanner(person); scan.Scan(); { // ends with EIO, when the program has
			s.lines <- scan.Text()
		}
	}()
	return s
}

// until returns the lines up to the first that has text in it.
func (s *seated) until(text string) []string {
	s.t.Helper()
	var seen []string
	late := time.After(time.Minute)
	for {
		select {
		case line, ok := <-s.lines:
			seen = append(seen, line)
			if strings.Contains(line, text) {
				return seen
			}
			if !ok {
				s.t.Fatalf("no %q in %q", text, seen)
			}
		case <-late:
			s.t.Fatalf("no %q in %q after a minute", text, seen)
		}
	}
}

func (s *seated) press(key byte) {
	_, err := s.keys.Write([]byte{key})
	require.NoError(s.t, err)
}

// leave lets the session end, and returns the program's error.
func (s *seated) leave() error {
	s.press('\n')
	return s.cmd.Wait()
}

const (
	ctrlC         = 0x03
	ctrlBackslash = 0x1c
)

func testCtrlC(t testing.TB, bin string) {
	s := sit(t, bin, "-i", "0.05", "127.0.0.1")
	s.until("icmp_seq=3 ")
	s.press(ctrlC)
	s.until("--- 127.0.0.1 ping statistics ---")
	s.until(" received, 0% packet loss, time ")
	s.until("rtt min/avg/max/mdev = ")
	require.NoError(t, s.leave(), "every host has answered")
}

func testCtrlBackslash(t testing.TB, bin string) {
	s := sit(t, bin, "-i", "0.05", "127.0.0.1")
	s.until("icmp_seq=2 ")
	s.press(ctrlBackslash)
	seen := s.until(" packets, 0% loss, min/avg/max = ")
	require.Contains(t, seen[len(seen)-1], "rawping: ")
	s.until("icmp_seq=") // it goes on
	s.press(ctrlC)
	s.until("packet loss")
	require.NoError(t, s.leave())
}

// testEarlyStatus asks for the status while the hosts are still being read.
func testEarlyStatus(t testing.TB, bin string) {
	needRoot(t)
	list := filepath.Join(t.TempDir(), "list")
	require.NoError(t, unix.Mkfifo(list, 0o600))
	var stdout, stderr strings.Builder
	cmd := exec.Command(filepath.Join(bin, "rawping"), "-q", "-c", "1", "-f", list)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	require.NoError(t, cmd.Start())
	hosts, err := os.OpenFile(list, os.O_WRONLY, 0) // waits until the program reads it
	require.NoError(t, err)
	require.NoError(t, cmd.Process.Signal(syscall.SIGQUIT))
	_, err = hosts.WriteString("127.0.0.1\n")
	require.NoError(t, err)
	require.NoError(t, hosts.Close())
	require.NoError(t, cmd.Wait(), "%s", stderr.String())
	require.Contains(t, stdout.String(), "127.0.0.1 : xmt/rcv/%loss = 1/1/0%")
	require.NotContains(t, stderr.String(), "goroutine")
}

func testStatusOfSeveralHosts(t testing.TB, bin string) {
	s := sit(t, bin, "-i", "0.05", "127.0.0.1", "127.0.0.2")
	s.until("127.0.0.2: icmp_seq=2 ")
	s.press(ctrlBackslash)
	s.until("rawping: 2 hosts: ")
	s.press(ctrlC)
	s.until("--- 127.0.0.1 ping statistics ---")
	s.until("--- 127.0.0.2 ping statistics ---")
	require.NoError(t, s.leave())
}

// testStoppedReader holds that a pipe that nobody reads does not
// stop the engine, and that nothing is lost for it.
func testStoppedReader(t testing.TB, bin string) {
	needRoot(t)
	read, write, err := os.Pipe()
	require.NoError(t, err)
	defer read.Close() //nolint:errcheck // only read
	_, err = unix.FcntlInt(write.Fd(), unix.F_SETPIPE_SZ, 4096)
	require.NoError(t, err)
	var stderr strings.Builder
	cmd := exec.Command(filepath.Join(bin, "rawping"), "-c", "1000", "-i", "1ms", "127.0.0.1")
	cmd.Stdout, cmd.Stderr = write, &stderr
	require.NoError(t, cmd.Start())
	require.NoError(t, write.Close())
	time.Sleep(1500 * time.Millisecond) // longer than the run; about 60 kB wait now
	out, err := io.ReadAll(read)
	require.NoError(t, err)
	require.NoError(t, cmd.Wait())
	require.Empty(t, stderr.String())
	require.Equal(t, 1000, strings.Count(string(out), " bytes from "))
	require.Contains(t, string(out), "1000 packets transmitted, 1000 received, 0% packet loss")
}

// testSecondSignal holds that a pipe that nobody reads does not keep a second
// signal from ending the program.
func testSecondSignal(t testing.TB, bin string) {
	needRoot(t)
	read, write, err := os.Pipe()
	require.NoError(t, err)
	defer read.Close() //nolint:errcheck // only read
	_, err = unix.FcntlInt(write.Fd(), unix.F_SETPIPE_SZ, 4096)
	require.NoError(t, err)
	cmd := exec.Command(filepath.Join(bin, "rawping"), "-i", "1ms", "127.0.0.1")
	cmd.Stdout = write
	require.NoError(t, cmd.Start())
	require.NoError(t, write.Close())
	require.Eventually(t, func() bool { // that it probes
		n, err := unix.IoctlGetInt(int(read.Fd()), unix.TIOCINQ)
		return err == nil && n > 0 // a write for which there is no room leaves as little as it found
	}, time.Minute, 10*time.Millisecond)
	time.Sleep(time.Second) // more lines than the pipe has room for
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	require.NoError(t, cmd.Process.Signal(syscall.SIGTERM))
	select {
	case err := <-ended:
		t.Fatalf("it ended although nobody has read its output: %v", err)
	case <-time.After(300 * time.Millisecond):
	}
	late := time.After(time.Minute)
	for {
		_ = cmd.Process.Signal(syscall.SIGTERM) // again, as the first may be pending still
		select {
		case err := <-ended:
			require.ErrorContains(t, err, "signal: terminated")
			return
		case <-time.After(100 * time.Millisecond):
		case <-late:
			t.Fatal("the second signal did not end it")
		}
	}
}
