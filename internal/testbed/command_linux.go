package testbed

import (
	"context"
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// commandTime bounds a command that Run or Output runs.
const commandTime = 30 * time.Second

// Command returns a command that will run in the namespace, a child of this
// process with the usual pipes and exit code. It ends with the bed at the latest.
func (ns *Namespace) Command(name string, args ...string) *exec.Cmd {
	return exec.Command("nsenter", ns.enter(name, args)...)
}

// CommandContext is Command with a context that ends it.
func (ns *Namespace) CommandContext(ctx context.Context, name string, args ...string) *exec.Cmd {
	return exec.CommandContext(ctx, "nsenter", ns.enter(name, args)...)
}

// enter returns the arguments of nsenter(1), which becomes the program itself:
// signals, exit codes and descriptors are the program's.
func (ns *Namespace) enter(name string, args []string) []string {
	return append([]string{"--net=" + ns.Path(), "--", name}, args...)
}

// Output runs a command in the namespace and returns what it printed, on both
// outputs. The error names the command, and says what it printed.
func (ns *Namespace) Output(name string, args ...string) (string, error) {
	return ns.input("", name, args...)
}

// Run is Output for a command that must succeed.
func (ns *Namespace) Run(t testing.TB, name string, args ...string) string {
	t.Helper()
	out, err := ns.Output(name, args...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// Nft adds a ruleset to the namespace's packet filter, in the language of nft(8).
func (ns *Namespace) Nft(ruleset string) error {
	_, err := ns.input(ruleset, "nft", "-f", "-")
	return err
}

// IP runs ip(8) commands, one a line, in the namespace.
func (ns *Namespace) IP(batch string) error {
	_, err := ns.input(batch, "ip", "-batch", "-")
	return err
}

func (ns *Namespace) input(stdin, name string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), commandTime)
	defer cancel()
	cmd := ns.CommandContext(ctx, name, args...)
	cmd.Stdin = strings.NewReader(stdin)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return string(out), fmt.Errorf("%s: %s %s: %w: %s", ns.name, name, strings.Join(args, " "), err, out)
	}
	return string(out), nil
}
