# The doors to the project. Each works in a fresh clone, as root or with sudo: what is missing is installed first, from
# the distribution's packages (scripts/setup.sh). Everything that is made lies in build/.
.DEFAULT_GOAL := build
MAKEFLAGS += --no-print-directory
.PHONY: help setup build demo test test-all bench format lint clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "make %-10s %s\n", $$1, $$2}' Makefile

setup: ## install what the build and the tests need
	@scripts/setup.sh build test clients lint

build: ## build/release/keyshift
	@scripts/setup.sh build
	@mkdir -p build/logs
	@cmake --preset release -DKEYSHIFT_TESTS=OFF -DKEYSHIFT_BENCH=OFF >build/logs/configure.log || { cat build/logs/configure.log; exit 1; }
	@ninja -C build/release --quiet keyshift
	@echo "built build/release/keyshift"

demo: build ## three proxies take a million records to new names and back under load; ends with a report and its proof (DEMO_ARGS=...)
	@build/release/keyshift demo $(DEMO_ARGS)

test: ## every test that a change must pass (suites: test/suites.txt)
	@scripts/setup.sh build test clients
	@python3 test/run.py test

test-all: ## also lint, sanitizers, long fuzzing, every mode: hours
	@scripts/setup.sh build test clients lint
	@python3 test/run.py test ci all

bench: ## the proxy against direct, nutcracker and haproxy; BENCH_ARGS=--full for all cells; then the sweep
	@scripts/setup.sh build bench
	@cmake --preset release -DKEYSHIFT_TESTS=OFF -DKEYSHIFT_BENCH=ON >/dev/null
	@ninja -C build/release --quiet
	@python3 bench/run.py $(BENCH_ARGS)
	@python3 bench/sweep/run.py $(BENCH_SWEEP_ARGS)

format: ## clang-format-19 over all C++ sources
	@scripts/setup.sh lint
	@python3 test/lint/format.py --fix

lint: ## floors, sizes, names, hazards, links, format and clang-tidy
	@scripts/setup.sh build lint
	@cmake --preset dev >/dev/null
	@python3 test/run.py --only lint-self,floors,sizes,names,assertions,hazards,links,format,tidy,tidy-tests

clean: ## remove what was built; what was fetched (build/third_party, build/clients) stays
	@rm -rf build/release build/dev build/asan build/tsan build/fuzz build/headers build/coverage build/logs build/tidy
