# The front door. `make` alone lists what there is; meson.build is the build behind it.
# make runs nothing side by side here: ninja and scripts/test use the cores themselves.
.NOTPARALLEL:
.PHONY: help deps build run demo test tidy bench bench-scale bench-paging bench-quiet bench-oncall bench-lang fuzz crash package format clean web-budget screenshots

ROUNDS  ?= 100
SECONDS ?= 60
ARGS    ?=

help: ## lists the targets
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' Makefile | expand -t 16

deps: ## installs what is missing from Debian
	@scripts/deps

build: ## compiles build/tocsin
	@scripts/build build --buildtype=release -- tocsin

run: build ## serves from ./tocsin-data (ARGS="--listen 0.0.0.0:8080" adds options)
	build/tocsin serve $(ARGS)

demo: deps build ## serves sample teams, schedules and a stream of alerts from a fresh folder
	build/tocsin demo $(ARGS)

test: deps ## runs every test; the last line is the total
	@scripts/python
	@scripts/test

tidy: ## checks what a machine can: layers, banned calls, sizes, layout
	@scripts/tidy

bench: deps build ## measures, side by side with Alertmanager
	python3 tests/bench/bench.py $(ARGS)

bench-scale: deps build ## measures what grows: engines, nodes, open alerts, streams, the API (ARGS="--only open --open 1000000")
	python3 tests/bench/scale.py $(ARGS)

bench-paging: deps build ## measures 10,000 pages that are due in the same second, at a provider that takes 50 ms and 100 connections
	python3 tests/bench/paging.py $(ARGS)

bench-quiet: deps build ## measures what silences and inhibition rules cost an alert, also over 100,000 open ones (ARGS="--db postgres")
	@scripts/bench-c quiet
	@scripts/python
	@.venv/bin/python tests/bench/quiet_open.py $(ARGS)

bench-oncall: deps build ## measures what a year of a schedule costs, and the question who is on call
	@scripts/bench-c oncall

bench-lang: deps build ## measures the languages, beside jansson, simdjson, jq, Lua, chevron
	@scripts/python
	@.venv/bin/python scripts/bench-lang

fuzz: deps ## fuzzes each target for SECONDS=60
	@scripts/test --only fuzz --fuzz-seconds $(SECONDS)

crash: deps ## kills the server ROUNDS=100 times under load and looks for what was lost
	@scripts/python
	@scripts/test --only crash --crash-rounds $(ROUNDS)

web-budget: build ## what a browser loads of the page, against what it may; fails when it is over
	@node web/scripts/budget.mjs

screenshots: deps build ## every screen in light, dark and on a phone, into docs/img
	@scripts/page --install
	@cd web && node scripts/screenshots.mjs $(ARGS)

package: build ## makes a Debian package in build/package
	@scripts/package

format: ## lays out the C code by .clang-format
	@find src tests -name '*.[ch]' | xargs clang-format -i

clean: ## removes the build folders
	rm -rf build build-clang build-asan build-tsan
