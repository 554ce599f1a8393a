package lawtest

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// list returns the packages of the patterns, and all that they link, for a system.
func list(t *testing.T, system string, patterns ...string) []Package {
	t.Helper()
	args := append([]string{"list", "-deps", "-json=ImportPath,Dir,Doc,Standard,Deps,GoFiles,Module"}, patterns...)
	cmd := exec.Command("go", args...)
	cmd.Dir = filepath.Join("..", "..")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+system, "GOARCH=amd64")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, stderr.String())
	}
	var packages []Package
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p Package
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		packages = append(packages, p)
	}
	return packages
}

func report(t *testing.T, broken []string) {
	t.Helper()
	for _, line := range broken {
		t.Error(line)
	}
}

func TestTree(t *testing.T) {
	packages := list(t, "linux", "./...")
	if !slices.ContainsFunc(packages, func(p Package) bool { return p.module() == Module }) {
		t.Fatalf("go list found no package of %s", Module)
	}
	report(t, Links(packages))
	report(t, Docs(packages))
	inits, err := Inits(packages)
	if err != nil {
		t.Fatal(err)
	}
	report(t, inits)
}

// The engine has files of its own for other systems.
func TestOtherSystems(t *testing.T) {
	for _, system := range []string{"darwin", "freebsd", "windows"} {
		t.Run(system, func(t *testing.T) {
			packages := list(t, system, "./internal/...")
			report(t, Links(packages))
			report(t, Docs(packages))
		})
	}
}

// pkg makes a package of a module; the standard library's is "".
func pkg(importPath, module string, deps ...string) Package {
	p := Package{ImportPath: importPath, Standard: module == "", Deps: deps, GoFiles: []string{"x.go"}, Doc: "Package x."}
	if module != "" {
		p.Module = &struct{ Path string }{module}
	}
	return p
}

func TestLinks(t *testing.T) {
	const (
		telegraf = "github.com/influxdata/telegraf"
		goflags  = "github.com/jessevdk/go-flags"
	)
	outside := []Package{
		pkg("net", ""),
		pkg("vendor/golang.org/x/net/dns/dnsmessage", ""),
		pkg("golang.org/x/net/icmp", "golang.org/x/net"),
		pkg("golang.org/x/sys/unix", "golang.org/x/sys"),
		pkg("golang.org/x/text/width", "golang.org/x/text"),
		pkg("github.com/dchest/siphash", "github.com/dchest/siphash"),
		pkg(goflags, goflags),
		pkg(telegraf, telegraf),
		pkg(telegraf+"/config", telegraf),
		pkg(Module+"/internal/wire", Module),
	}
	tests := []struct {
		part string
		deps []string
		want []string // what each line contains
	}{
		{"internal/echo", []string{"net", "vendor/golang.org/x/net/dns/dnsmessage", "unsafe", Module + "/internal/wire"}, nil},
		{"internal/echo", []string{"golang.org/x/net/icmp", "golang.org/x/sys/unix", "github.com/dchest/siphash"}, nil},
		{"internal/echo", []string{telegraf, telegraf + "/config"}, []string{"internal/echo may not link " + telegraf}},
		{"internal/echo/echotest", []string{"golang.org/x/text/width"}, []string{"golang.org/x/text"}},
		{"internal/nagios", []string{goflags}, []string{goflags}},
		{"internal/echo", []string{"example.org/unlisted"}, []string{"example.org/unlisted"}},
		{"cmd/check_rawping", []string{goflags, "golang.org/x/sys/unix"}, nil},
		{"cmd/rawping", []string{goflags}, nil},
		{"cmd/rawping", []string{telegraf, goflags}, []string{telegraf}},
		{"cmd/telegraf-rawping", []string{telegraf, "golang.org/x/text/width"}, nil},
		{"plugins/inputs/rawping", []string{telegraf}, nil},
		{"plugins/inputs/rawping/demo", []string{telegraf}, nil},
		{"plugins/inputs/rawpingx", []string{telegraf}, []string{telegraf}},
		{"plugins/inputs", []string{telegraf}, []string{telegraf}},
		{"cmd/other", []string{goflags}, []string{goflags}},
	}
	for _, test := range tests {
		t.Run(test.part, func(t *testing.T) {
			got := Links(append(slices.Clone(outside), pkg(Module+"/"+test.part, Module, test.deps...)))
			if len(got) != len(test.want) {
				t.Fatalf("got %q, want %d lines", got, len(test.want))
			}
			for i := range got {
				if !strings.Contains(got[i], test.want[i]) {
					t.Errorf("got %q, want it to name %q", got[i], test.want[i])
				}
			}
		})
	}
}

func TestDocs(t *testing.T) {
	bare := pkg(Module+"/internal/bare", Module)
	bare.Doc = ""
	onlyTests := bare
	onlyTests.GoFiles = nil
	other := pkg("example.org/other", "example.org/other")
	other.Doc = ""
	got := Docs([]Package{pkg(Module+"/internal/good", Module), onlyTests, other, bare})
	if want := []string{Module + "/internal/bare has no package comment"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestInits(t *testing.T) {
	dir := t.TempDir()
	files := map[string]string{
		"method.go":     "package x\n\ntype T struct{}\n\nfunc (T) init() {}\n",
		"x_plan9.go":    "package x\n\nfunc init() {}\n",
		"inits_test.go": "package x\n\nfunc init() {}\n",
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, test := range []struct {
		part string
		want int
	}{
		{"internal/x", 1},
		{"cmd/check_rawping", 1},
		{"plugins/inputs/rawping/demo", 1},
		{"plugins/inputs/rawping", 0},
		{"cmd/telegraf-rawping", 0},
	} {
		p := pkg(Module+"/"+test.part, Module)
		p.Dir = dir
		got, err := Inits([]Package{p})
		if err != nil {
			t.Fatal(err)
		}
		if len(got) != test.want {
			t.Errorf("%s: got %q, want %d lines", test.part, got, test.want)
		}
		if len(got) == 1 && !strings.Contains(got[0], "x_plan9.go:3") {
			t.Errorf("%s: got %q, want it to name x_plan9.go:3", test.part, got)
		}
	}
}
