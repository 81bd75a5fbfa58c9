# Everything a developer or a build machine does here. `make help` lists it.
#
# demo needs Go and make, nothing else. The other targets use what is there and
# say loudly what they had to leave out.

GO        ?= go
LINT      := $(GO) tool -modfile=tools/go.mod golangci-lint
FUZZTIME  ?= 20s
# Watchdogs, for what hangs: a package's race tests, ./scenarios, the invariants, and the SDKs. A
# slow machine does not reach them; the scenarios heal by themselves before they do.
RACE_LIMIT      ?= 20m
SCENARIO_LIMIT  ?= 40m
INVARIANT_LIMIT ?= 25m
SDK_LIMIT       ?= 5m

# Static binaries, so that a container image needs nothing but them. The race
# tests switch cgo on again.
export CGO_ENABLED := 0
# The tests find oaserver and the mocks on PATH.
export PATH := $(CURDIR)/bin:$(PATH)

.DEFAULT_GOAL := help
.PHONY: help build demo serve deps check fmt test doctor race sdkshort images scenarios measure crash full sdks peers fuzz vuln up down clean invariants

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  %-10s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

build: ## build the four binaries into bin/
	$(GO) build -trimpath -o bin/ ./cmd/...

demo: build ## run smoke and redpacket-stats on this machine: load, faults, verdicts, reports (≤ 3 min, ≤ 6 min the first time)
	@bin/oalab doctor
	bin/oalab run smoke redpacket-stats

# The seed file may be edited while it runs.
SEED ?= docker/compose/seed.yaml

serve: build ## server, mocks and a demonstration account on this machine, without Docker; prints the page of a follower's phone
	@bin/oalab serve $(SEED)

# What the tests can use of Debian: a C compiler for the race detector, SOAP
# clients of other languages for the mock carrier, a browser for the reports, what the
# base of the container images is made with where no registry gives it. promtool, which
# holds the alerts to their tests, is taken out of Debian's package prometheus: the package
# itself would start a server.
DEPS := gcc libc6-dev php-cli php-soap python3-zeep libsoap-lite-perl chromium debootstrap debian-archive-keyring

deps: ## install what the tests can use, on Debian and as root: $(DEPS) promtool
	@if ! command -v apt-get >/dev/null 2>&1; then \
		echo "make deps: no apt-get here, nothing done. The tests can use: $(DEPS) promtool"; exit 0; \
	fi; \
	missing=; for p in $(DEPS); do \
		dpkg-query -W -f '$${Status}' $$p 2>/dev/null | grep -q 'ok installed' || missing="$$missing $$p"; \
	done; \
	tool=; command -v promtool >/dev/null 2>&1 || tool=promtool; \
	if [ -z "$$missing$$tool" ]; then echo "make deps: all there: $(DEPS) promtool"; exit 0; fi; \
	sudo=; if [ "$$(id -u)" != 0 ]; then \
		sudo=sudo; command -v sudo >/dev/null 2>&1 || { echo "make deps: needs root or sudo to install:$$missing $$tool"; exit 1; }; \
	fi; \
	echo "make deps: installing with apt-get:$$missing $$tool"; \
	$$sudo apt-get update -qq || exit 1; \
	[ -z "$$missing" ] || $$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing || exit 1; \
	[ -z "$$tool" ] || { dir=$$(mktemp -d) && trap 'rm -rf "$$dir"' EXIT && cd "$$dir" && \
		apt-get -o APT::Sandbox::User=root download -qq prometheus && \
		dpkg-deb --fsys-tarfile prometheus_*.deb | tar -xf - ./usr/bin/promtool && \
		$$sudo install -m 755 usr/bin/promtool /usr/local/bin/promtool; }

check: ## format, vet, pinned linters, tidy go.mod, rules of the tree
	@echo "== format"
	@$(LINT) fmt --diff
	@echo "== go vet"
	@$(GO) vet ./...
	@$(GO) vet -tags defects ./...
	@echo "== golangci-lint"
	@$(LINT) run
	@echo "== go mod tidy"
	@$(GO) mod tidy -diff
	@echo "== rules of the tree (cmd/internal/arch)"
	@$(GO) test -count=1 ./cmd/internal/arch

fmt: ## format the Go files
	@$(LINT) fmt

test: doctor race sdkshort images scenarios ## all tests: with the race detector, then the scenarios in size short

# What this machine lacks, and the remedy, before anything is left out for want of it.
doctor: build
	@bin/oalab doctor

# The server's own packages are tested against a real MySQL, Redis and RabbitMQ too,
# which stand for as long as these tests run.
race: build
	@if stores=$$(bin/oalab up stores); then \
		for line in $$stores; do export "$$line"; done; \
		trap 'bin/oalab down "$$OALAB_TEST_STORES"' EXIT; \
	else \
		echo "!! SKIPPED: the tests against a real MySQL, Redis and RabbitMQ, because they could not be started."; \
		echo "!! Remedy: see what bin/oalab doctor says of docker."; \
	fi; \
	packages=$$($(GO) list ./... | grep -vx oalab/scenarios); \
	if why=$$(CGO_ENABLED=1 $(GO) test -race -c -o /dev/null ./cmd/internal/exit 2>&1); then \
		echo "== tests with the race detector"; \
		CGO_ENABLED=1 $(GO) test -race -timeout $(RACE_LIMIT) $$packages; \
	else \
		echo "$$why" | tail -n 1; \
		echo "!! SKIPPED: the race detector, because there is no working C compiler."; \
		echo "!! Remedy: make deps (Debian), or install gcc and the C library's headers."; \
		echo "== tests without the race detector"; \
		$(GO) test -timeout $(RACE_LIMIT) $$packages; \
	fi

# Where docker scenarios cannot run, the tests that need them say so themselves.
images: build ## build the container images that are missing
	@if why=$$(bin/oalab doctor | grep '^docker scenarios  *no: '); then \
		echo "!! SKIPPED: the container images. $$why"; \
	else \
		echo "== container images"; \
		bin/oalab images; \
	fi

# Compiled before, so that the limit is for running only. Not under the race
# detector: it would make the generator late.
scenarios: build
	@echo "== scenarios, size short"
	@$(GO) build -trimpath -tags defects -o bin/defective/ ./cmd/oaserver
	$(GO) test -tags defects -run Defect ./server/...
	@$(GO) test -c -o bin/scenarios.test ./scenarios
	@rm -f bin/inconclusive.txt
	OALAB_LOUD=$(CURDIR)/bin/inconclusive.txt $(GO) test -count=1 -p 1 -timeout $(SCENARIO_LIMIT) ./scenarios
	@if [ -e bin/inconclusive.txt ]; then cat bin/inconclusive.txt; fi

# An inconclusive run is told in lines that begin with !!, and is no error.
invariants: build images ## masters, scaler, redundant stores and app servers without their database in containers, size short: nothing lost, bands in order, equal again, texts answered
	@echo "== invariants, size short"
	OALAB_INVARIANTS=1 $(GO) test -count=1 -p 1 -v -timeout $(INVARIANT_LIMIT) -run '^TestInvariants$$' ./scenarios

measure: build images ## the scenarios on containers with all their limits: on a machine with nothing else to do
	OALAB_MEASURE=1 $(GO) test -count=1 -p 1 -v -timeout 45m -run 'TestLBFailover|TestMySQLFailover|TestSingleVsDistributed|TestOverloadOnContainers|TestNetworkBaseline|TestUsageAnalysis|TestAppScaling|TestScalerMutants|TestAppMutants|TestRedundantStores|TestAppServersControls' ./scenarios

crash: build images ## the server killed 500 times at random moments on SQLite, and 500 times on MySQL and RabbitMQ, each also with a carrier that acts on every call (by hand, hours)
	bin/oalab run crash --size full --arms all --out reports/out/crash-sqlite
	bin/oalab run crash --size full --arms all --topology docker --out reports/out/crash-stores

full: build fuzz sdks ## every scenario in size full with all arms, and every fuzz target; reports into reports/out/full (by hand, long)
	bin/oalab run --size full --arms all --out reports/out/full '*'

# The SDKs are a module of their own, so that the project does not depend on them.
sdks: ## public SDKs, unmodified, against the mock platform; their table is docs/sdks.md
	cd mockwechat/sdktest && $(GO) test -count=1 -timeout 20m .

# The short form, a part of make test, leaves out the SDK that takes longest to compile.
sdkshort: build
	@echo "== public SDKs against the mock platform, short form"
	cd mockwechat/sdktest && $(GO) test -count=1 -tags short -timeout $(SDK_LIMIT) .

# What the peers need is a module of its own. The driver has the second processor where
# there are two, the servers the first one; MySQL and Redis take what is left.
PEERS ?=

peers: build ## what a user would pick instead, beside oaserver, on a real MySQL and Redis (docs/peers.md; PEERS='-rounds 3' adds flags)
	@cd scenarios/peers && $(GO) build -trimpath -o $(CURDIR)/bin/peers/ . github.com/tsenart/vegeta/v12
	@stores=$$(bin/oalab up stores) || exit 1; \
	export $$(echo "$$stores" | grep -E '^OALAB_TEST_(STORES|MYSQL_DSN|REDIS_ADDR)='); \
	trap 'bin/oalab down "$$OALAB_TEST_STORES"' EXIT; \
	pin=; if [ -e /sys/devices/system/cpu/cpu1 ] && command -v taskset >/dev/null 2>&1; then pin='taskset -c 1'; fi; \
	$$pin bin/peers/peers -oaserver bin/oaserver -vegeta bin/peers/vegeta $(PEERS)

# The database is a public service's. VULNDB names a folder with a copy of it.
VULNDB ?=

vuln: ## known vulnerabilities in code that is called: govulncheck, first held against planted ones (VULNDB=DIR: a local database)
	@cd tools && $(GO) test -count=1 .
	@$(GO) tool -modfile=tools/go.mod govulncheck $(if $(VULNDB),-db file://$(abspath $(VULNDB))) ./... || { status=$$?; \
		[ $$status = 3 ] || echo "make vuln: nothing was looked for. If its database cannot be had here, fetch https://vuln.go.dev/vulndb.zip elsewhere, unpack it, and say VULNDB=DIR"; \
		exit $$status; }

fuzz: ## each fuzz target for FUZZTIME
	@grep -rnoE --include='*_test.go' '^func Fuzz[A-Za-z0-9_]+' . | sed 's/:[0-9]*:func /:/' | \
	while IFS=: read -r file target; do \
		echo "== $$target, $${file%/*}"; \
		(cd "$${file%/*}" && $(GO) test -run '^$$' -fuzz "^$$target$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 20x .) || exit 1; \
	done

up: build ## the whole architecture in containers, by Compose, until make down; prints the addresses
	@docker/compose.sh up

down: ## end what make up started, and its data
	@docker/compose.sh down

clean: ## remove bin/; run folders in reports/out stay
	rm -rf bin
