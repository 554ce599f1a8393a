// Command grafana writes the Grafana dashboards and alert rules of contrib/grafana,
// once in InfluxQL and once in Flux, from one list of panels and rules:
//
//	go run ./contrib/grafana
package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	dir := flag.String("o", "contrib/grafana", "`directory` to write to")
	flag.Parse()
	if err := write(*dir); err != nil {
		fmt.Fprintln(os.Stderr, "grafana:", err)
		os.Exit(1)
	}
}

func write(dir string) error {
	for _, l := range languages() {
		for name, content := range map[string]object{
			"dashboard-" + l.name() + ".json": dashboard(l),
			"alerts-" + l.name() + ".json":    alerts(l),
		} {
			if err := writeJSON(filepath.Join(dir, name), content); err != nil {
				return err
			}
		}
	}
	return nil
}

// object is one of JSON. Its keys are written in order.
type object map[string]any

func writeJSON(path string, content object) error {
	var text bytes.Buffer
	e := json.NewEncoder(&text)
	e.SetEscapeHTML(false) // queries are to be read
	e.SetIndent("", "  ")
	if err := e.Encode(content); err != nil {
		return err
	}
	return os.WriteFile(path, text.Bytes(), 0o644) //nolint:gosec // G306: for everybody to read
}
