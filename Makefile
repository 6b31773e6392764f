# The few commands of daily work. HACKING.md says more.
.DEFAULT_GOAL := help
.PHONY: help up down test fuzz bench load soak lint format programs

BIN := build/release/bin

help: ## list these commands
	@sed -n 's/^\([a-z]*\): .*## \(.*\)/  make \1 - \2/p' Makefile | awk -F' - ' '{printf "%-15s%s\n", $$1, $$2}'

up: programs ## install what is missing, build, bring the shipped stack up
	@$(BIN)/exai up -f configs/exai.toml
	@command -v exai >/dev/null || echo 'exai is not on your PATH yet: export PATH="$(CURDIR)/$(BIN):$$PATH"'

down: ## stop the stack; nothing of it is left running
	@if [ -x $(BIN)/exai ]; then $(BIN)/exai down -f configs/exai.toml; else echo "nothing is built, so nothing runs"; fi

test: ## every tier in dev; unit and integration under asan and ubsan
	@scripts/setup.sh test
	@tests/run

fuzz: ## every fuzz target for a minute (FUZZ_SECONDS=…), with address and undefined-behaviour sanitizers
	@scripts/setup.sh lint
	@tests/fuzz/run

bench: ## exaid, exai validate, the supervisor and the capture of logs, each beside its peers
	@scripts/setup.sh bench
	@tests/bench/run
	@tests/bench/config
	@tests/bench/supervisor
	@tests/bench/logs/run

soak: ## an hour (SOAK_SECONDS=…) of random disturbance of a stack; nothing may grow
	@scripts/setup.sh test
	@[ -e build/dev/build.ninja ] || cmake --preset dev
	@ninja -C build/dev integration_supervisor
	@SOAK_SECONDS=$${SOAK_SECONDS:-3600} build/dev/bin/integration_supervisor 'a soak of*'

load: ## 1000 clients for 10 minutes (LOAD_SECONDS=…), and 10000 that die at random instants; nothing may be left
	@scripts/setup.sh test
	@[ -e build/release/build.ninja ] && grep -q 'EXAI_TESTS:BOOL=ON' build/release/CMakeCache.txt || cmake --preset release -DEXAI_TESTS=ON
	@ninja -C build/release load
	@build/release/bin/load all

lint: ## the project's own rules, then clang-tidy on changed files (ALL=1: on all)
	@scripts/setup.sh lint
	@scripts/lint.sh $(if $(ALL),--all)

format: ## clang-format on the lines that differ from the main branch
	@scripts/setup.sh lint
	@scripts/format.sh

programs:
	@scripts/setup.sh run
	@[ -e build/release/build.ninja ] || cmake --preset release
	@ninja -C build/release exai exai-supervisor exaid
