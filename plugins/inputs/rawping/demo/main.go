// Command demo runs a Telegraf agent with the rawping input in this process, for a time,
// on a configuration file: what "make demo" shows. It is also the shortest example of a
// Telegraf that embeds the plugin.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/influxdata/telegraf/agent"
	"github.com/influxdata/telegraf/config"
	_ "github.com/influxdata/telegraf/plugins/outputs/file"
	_ "github.com/influxdata/telegraf/plugins/serializers/influx"

	_ "github.com/rawping/rawping/plugins/inputs/rawping"
)

func main() {
	file := flag.String("config", "sample.conf", "Telegraf configuration `file`")
	duration := flag.Duration("for", 3*time.Second, "how long the agent runs")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, *duration)
	defer cancel()

	if err := run(ctx, *file); err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

// run is Telegraf's own order: load, link, then the agent until the context ends. The
// agent initializes the plugins, and flushes its outputs before it returns.
func run(ctx context.Context, file string) error {
	c := config.NewConfig()
	if err := c.LoadAll(file); err != nil {
		return err
	}
	return agent.NewAgent(c).Run(ctx)
}
