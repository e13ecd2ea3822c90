# Everything a contributor needs; `make` alone lists it. Tests start their own PostgreSQL and Chromium, see .ci/install.

GO ?= go

# The browser stories run apart from the rest: under the race detector a page takes seconds.
STORIES  = ./e2e/...
PACKAGES = $$($(GO) list ./... | grep -v /e2e)
# One package more than there are cores: each of them waits for a disk or for another process most of the time.
ATONCE   = $$(($$(getconf _NPROCESSORS_ONLN) + 1))

.DEFAULT_GOAL := help
.PHONY: help build test quick bench demo e2e fmt clean

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z0-9]+:.*## / { printf "  make %-7s %s\n", $$1, $$2 }' Makefile

build: ## compile the one binary into bin/
	CGO_ENABLED=0 $(GO) build -trimpath -o bin/vestibule ./cmd/vestibule

test: ## all tests: vet, format, PostgreSQL with the race detector, SQLite, browser stories
	@bash .ci/install
	@unformatted=$$(gofmt -l .); test -z "$$unformatted" || { echo "run make fmt for:" $$unformatted; exit 1; }
	$(GO) vet ./...
	VESTIBULE_TEST_ENGINES=postgres $(GO) test -count=1 -race -p $(ATONCE) $(PACKAGES)
	VESTIBULE_TEST_ENGINES=sqlite $(GO) test -count=1 -p $(ATONCE) $(PACKAGES)
	$(GO) test -count=1 $(STORIES)

quick: ## the tests that need nothing installed: SQLite only, no browser
	VESTIBULE_TEST_ENGINES=sqlite $(GO) test -short $(PACKAGES)

bench: ## measure each operation against its floor, on both engines
	$(GO) test -run '^$$' -bench . -benchmem $(PACKAGES)

demo: ## the provider, two products and a mailbox on localhost
	$(GO) run ./cmd/vestibule demo

e2e: ## browser stories; screenshots go to e2e/artifacts
	$(GO) test -count=1 -v $(STORIES)

fmt: ## format the sources
	gofmt -w .

clean: ## remove what the other targets made
	rm -rf bin e2e/artifacts
