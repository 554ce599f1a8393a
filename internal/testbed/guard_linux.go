package testbed

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
	"time"
)

// guardScript kills every process whose network namespace is one of those it is
// given, as soon as its input ends. It looks until it finds none, because a
// process can start another while it looks. The first argument is the process
// that has the bed: one of its threads may be in a namespace just now.
const guardScript = `owner=$1; shift
read -r _
round=0
while [ $((round += 1)) -le 500 ]; do
	found=
	for line in $(stat -L -c '%i:%n' /proc/[0-9]*/ns/net 2>/dev/null); do
		inode=${line%%:*}; pid=${line#*:/proc/}; pid=${pid%%/*}
		[ "$pid" != "$owner" ] || continue
		case " $* " in *" $inode "*)
			# A process that is dead already, and waits for its parent, has no namespace.
			kill -9 "$pid" 2>/dev/null && found=1;;
		esac
	done
	[ -n "$found" ] || exit 0
	sleep 0.01
done
exit 1
`

// guardTime bounds how long the guard takes to end the processes of a bed.
const guardTime = 20 * time.Second

// guard ends the processes in the namespaces of a bed when the bed is closed,
// and when this process dies, by whatever signal. A death signal for each child
// (PR_SET_PDEATHSIG) would not do: the kernel sends it when the thread that
// started the child ends, and forgets it when the child changes its user.
type guard struct {
	cmd *exec.Cmd
	in  io.WriteCloser
}

// startGuard starts the guard: a shell that waits for the end of its input, the
// other end of which only this process has. It has the namespaces open too: as
// long as it looks, no other namespace can get their numbers.
func startGuard(spaces ...*Namespace) (*guard, error) {
	args := []string{"-c", guardScript, "testbed-guard", fmt.Sprint(os.Getpid())}
	var files []*os.File
	for _, ns := range spaces {
		args = append(args, fmt.Sprint(ns.inode))
		files = append(files, ns.file)
	}
	cmd := exec.Command("sh", args...)
	cmd.ExtraFiles = files
	cmd.Dir = "/"
	// A session of its own: the interrupt of a terminal ends this process, not the guard.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("guard: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("guard: %w", err)
	}
	return &guard{cmd: cmd, in: in}, nil
}

// close ends the processes in the bed's namespaces and returns when they are gone.
func (g *guard) close() error {
	late := time.AfterFunc(guardTime, func() { _ = g.cmd.Process.Kill() })
	defer late.Stop()
	_ = g.in.Close()
	if err := g.cmd.Wait(); err != nil {
		return fmt.Errorf("guard: processes are left in the namespaces: %w", err)
	}
	return nil
}
