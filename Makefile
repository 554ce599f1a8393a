# One target per job. What is longer than a line is a script of its own under scripts/.

SHELL := /bin/bash
.DEFAULT_GOAL := build

# The tag or commit, without the leading v; "devel" outside a git checkout.
VERSION ?= $(or $(patsubst v%,%,$(shell git describe --tags --always --dirty 2>/dev/null)),devel)

# Go keeps its caches there, and a service or a bare container may have no such variable.
export HOME ?= $(shell getent passwd "$$(id -u)" | cut -d: -f6)

PREFIX    ?= /usr/local
BINDIR    ?= $(PREFIX)/bin
PLUGINDIR ?= $(PREFIX)/lib/nagios/plugins
MANDIR    ?= $(PREFIX)/share/man
FUZZTIME  ?= 30s
SOAK      ?= 10m

# -buildvcs=false: VERSION says it already, and a checkout that belongs to another
# user (a container's mount) would stop the build.
GOBUILD := go build -trimpath -buildvcs=false
LDFLAGS  = -s -w -X main.version=$(VERSION)

PROGRAMS := bin/check_rawping bin/rawping bin/telegraf-rawping

.PHONY: build
build: ## Make the static programs in bin/
	CGO_ENABLED=0 $(GOBUILD) -ldflags '$(LDFLAGS)' -o bin/ ./cmd/...

.PHONY: demo
demo: ## Show the main job on this machine; no packet leaves it
	@scripts/packages demo
	@$(MAKE) --no-print-directory build
	@scripts/demo

.PHONY: test
test: ## Run every test, without and with -race (root: installs what they need)
	@scripts/packages test
	@scripts/test

.PHONY: lint
lint: ## Check format, vet, linters, scripts and go.mod
	@scripts/packages lint
	@scripts/lint

.PHONY: bench
bench: ## Measure ours, its peers and the machine's limit (BENCH=part, BENCH=parts)
	@scripts/packages bench
	@scripts/bench $(BENCH)

.PHONY: fuzz
fuzz: ## Run each fuzz target for FUZZTIME (30s)
	@scripts/fuzz $(FUZZTIME)

.PHONY: soak
soak: ## Probe a hostile network for SOAK (10m) and check every word
	@scripts/packages soak
	@scripts/soak $(SOAK) $(SEED)

.PHONY: truth-table
truth-table: ## Write docs/truth.md: what ping, fping, check_icmp and ours say
	@scripts/packages truth-table
	@scripts/truth-table

.PHONY: cross
cross: ## Build and vet for the other systems
	@scripts/cross

.PHONY: shipped
shipped: ## Make the check's man page and completions from its options
	go test ./cmd/check_rawping/native -run '^TestShipped$$' -update

# Installs what is built already, because root often has no Go in its PATH.
.PHONY: install
install: $(PROGRAMS) ## Install under DESTDIR and PREFIX (/usr/local)
	install -d '$(DESTDIR)$(BINDIR)' '$(DESTDIR)$(PLUGINDIR)'
	install -m 0755 bin/rawping bin/telegraf-rawping '$(DESTDIR)$(BINDIR)'
	install -m 0755 bin/check_rawping '$(DESTDIR)$(PLUGINDIR)'
	install -D -m 0644 docs/man/check_rawping.1 '$(DESTDIR)$(MANDIR)/man1/check_rawping.1'
	install -D -m 0644 contrib/completion/check_rawping.bash '$(DESTDIR)$(PREFIX)/share/bash-completion/completions/check_rawping'
	install -D -m 0644 contrib/completion/check_rawping.fish '$(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/check_rawping.fish'
	install -D -m 0644 contrib/completion/check_rawping.zsh '$(DESTDIR)$(PREFIX)/share/zsh/site-functions/_check_rawping'
	@if [ -z '$(DESTDIR)' ] && [ "$$(id -u)" = 0 ]; then \
		scripts/grant '$(BINDIR)/rawping' '$(BINDIR)/telegraf-rawping' '$(PLUGINDIR)/check_rawping'; \
	fi

$(PROGRAMS):
	@$(MAKE) --no-print-directory build

.PHONY: clean
clean: ## Remove all that these targets made
	rm -rf bin dist .build

.PHONY: help
help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' Makefile
