// Package lawtest holds the laws of ARCHITECTURE.md that a compiler does not know, over
// every package of the tree: what it may link, that it says what it is for, and that
// nothing runs before main. Its test fails when a commit breaks one.
package lawtest

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
)

// Module is this tree's module path.
const Module = "github.com/rawping/rawping"

// Package is what the laws need of a package, as "go list -deps -json" prints it.
type Package struct {
	ImportPath string
	Dir        string
	Doc        string
	Standard   bool     // of the standard library
	Deps       []string // everything that it links, import paths
	GoFiles    []string // non-test files, this system's
	Module     *struct{ Path string }
}

// module is the path of the module that the package belongs to, "" for the standard library.
func (p Package) module() string {
	if p.Standard || p.Module == nil {
		return ""
	}
	return p.Module.Path
}

// rule says which modules a part of the tree may link, beside the tree itself and the
// standard library.
type rule struct {
	part    string // import path below Module; the packages below it follow the same rule
	any     bool   // may link whatever it needs
	modules []string
}

// engine is what every package may link that no rule names: the engine stays small, and
// can be read to its end.
var engine = []string{"golang.org/x/net", "golang.org/x/sys", "github.com/dchest/siphash"}

// rules are the exceptions. Telegraf brings some 50 modules along, so only the programs
// that are Telegraf's may link it.
var rules = []rule{
	{part: "plugins/inputs/rawping", any: true},
	{part: "cmd/telegraf-rawping", any: true},
	{part: "cmd/check_rawping", modules: []string{"github.com/jessevdk/go-flags"}},
	{part: "cmd/rawping", modules: []string{"github.com/jessevdk/go-flags"}},
	{part: "internal/bundles", modules: []string{"github.com/jessevdk/go-flags"}},
	{part: "internal/steady", modules: []string{"github.com/rogpeppe/go-internal", "golang.org/x/tools"}}, // tests only
}

// within says whether the package is the part of the tree, or below it.
func within(importPath, part string) bool {
	part = Module + "/" + part
	return importPath == part || strings.HasPrefix(importPath, part+"/")
}

// Links returns a line for each module that a package of the tree links and may not.
// packages holds the tree's packages and all that they link.
func Links(packages []Package) []string {
	moduleOf := make(map[string]string, len(packages))
	for _, p := range packages {
		moduleOf[p.ImportPath] = p.module()
	}
	var broken []string
	for _, p := range packages {
		if p.module() != Module {
			continue
		}
		allowed := append([]string{"", Module}, engine...)
		free := false
		for _, r := range rules {
			if within(p.ImportPath, r.part) {
				allowed = append(allowed, r.modules...)
				free = free || r.any
			}
		}
		if free {
			continue
		}
		for _, dep := range p.Deps {
			module, known := moduleOf[dep]
			switch {
			case !known && dep != "C" && dep != "unsafe":
				broken = append(broken, fmt.Sprintf("%s links %s, which is not in the list", p.ImportPath, dep))
			case !slices.Contains(allowed, module):
				allowed = append(allowed, module) // one line per module
				broken = append(broken, fmt.Sprintf("%s may not link %s (by %s)", p.ImportPath, module, dep))
			}
		}
	}
	return broken
}

// Docs returns a line for each package of the tree without a package comment.
func Docs(packages []Package) []string {
	var broken []string
	for _, p := range packages {
		if p.module() == Module && len(p.GoFiles) > 0 && p.Doc == "" {
			broken = append(broken, p.ImportPath+" has no package comment")
		}
	}
	return broken
}

// mayInit are the parts where init registers a plugin.
var mayInit = []string{Module + "/plugins/inputs/rawping", Module + "/cmd/telegraf-rawping"}

// Inits returns a line for each init function where none may be, in the files of every
// system.
func Inits(packages []Package) ([]string, error) {
	var broken []string
	for _, p := range packages {
		if p.module() != Module || slices.Contains(mayInit, p.ImportPath) {
			continue
		}
		files, err := filepath.Glob(filepath.Join(p.Dir, "*.go"))
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			fset := token.NewFileSet()
			parsed, err := parser.ParseFile(fset, file, nil, parser.SkipObjectResolution)
			if err != nil {
				return nil, err
			}
			for _, decl := range parsed.Decls {
				if f, ok := decl.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "init" {
					broken = append(broken, fmt.Sprintf("%s: %s may have no init function", fset.Position(f.Pos()), p.ImportPath))
				}
			}
		}
	}
	return broken, nil
}
