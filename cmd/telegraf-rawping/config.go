package main

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
	"github.com/influxdata/telegraf/plugins/inputs"

	"github.com/rawping/rawping/plugins/inputs/rawping"
)

// agentOptions are settings that a Telegraf agent takes from a plugin's block
// before the plugin sees it. A process of its own has no such agent.
var agentOptions = []string{
	"interval", "precision", "collection_jitter", "collection_offset", "name_override", "name_prefix", "name_suffix",
	"alias", "tags", "log_level", "startup_error_behavior", "time_source",
	"namepass", "namedrop", "fieldpass", "fielddrop", "fieldinclude", "fieldexclude",
	"tagpass", "tagdrop", "taginclude", "tagexclude", "metricpass",
}

// load reads the configuration as Telegraf's shim does, with the variables of the
// environment in place, but accepts nothing that it would not use: the shim
// takes the first block and passes over unknown settings in silence.
func load(file string) (*rawping.RawPing, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var tables struct {
		Inputs map[string][]toml.Primitive `toml:"inputs"`
	}
	text := os.Expand(strings.TrimPrefix(string(content), "\ufeff"), environment) // Windows editors begin a file with it
	meta, err := toml.Decode(text, &tables)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, mistake(err, text))
	}
	for name := range tables.Inputs {
		if name != "rawping" {
			return nil, fmt.Errorf("%s: [[inputs.%s]]: this program has no input but rawping", file, name)
		}
	}
	blocks := tables.Inputs["rawping"]
	if len(blocks) != 1 {
		return nil, fmt.Errorf("%s: %d blocks [[inputs.rawping]]: there must be one", file, len(blocks))
	}
	plugin, ok := inputs.Inputs["rawping"]().(*rawping.RawPing)
	if !ok {
		return nil, errors.New("another input is registered as rawping")
	}
	if err := meta.PrimitiveDecode(blocks[0], plugin); err != nil {
		return nil, fmt.Errorf("%s: %w", file, mistake(err, text))
	}
	if unknown := meta.Undecoded(); len(unknown) > 0 {
		return nil, fmt.Errorf("%s: %w", file, misplaced(unknown[0]))
	}
	return plugin, nil
}

// misplaced says where a setting belongs that this program has no use for.
func misplaced(key toml.Key) error {
	if key[0] != "inputs" {
		return fmt.Errorf("%s: this belongs in Telegraf's own configuration: this file has one [[inputs.rawping]] block, and nothing else", key)
	}
	if len(key) > 2 && slices.Contains(agentOptions, key[2]) {
		return fmt.Errorf("%s: this belongs in the [[inputs.execd]] block of Telegraf's own configuration", key)
	}
	return fmt.Errorf("%s: there is no such setting", key)
}

// environment returns a variable's value so that it can stand in a string.
func environment(name string) string {
	return strings.NewReplacer(`"`, `\"`, `\`, `\\`).Replace(os.Getenv(name))
}
