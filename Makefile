# docker-proxy. `make help` tells the targets.

CC      ?= cc
PREFIX  ?= /usr/local
DESTDIR ?=
VERSION := 0.1.0

# Variants build side by side: build/ for the product, build/<variant>/ for
# asan, tsan, clang, cover, fuzz.
VARIANT ?=
B       := build$(if $(VARIANT),/$(VARIANT))

PKGS     := libevent_core libevent_pthreads jansson libfyaml libpcre2-8 \
	    libseccomp
# Of the TLS module alone.
TLS_PKGS := libssl libcrypto
WARNINGS := -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes \
	    -Wmissing-prototypes -Wundef -Wformat=2 -Wcast-qual -Wvla \
	    -Wswitch-enum -Wimplicit-fallthrough
HARDEN    = -fstack-protector-strong -fstack-clash-protection \
	    -fcf-protection=full $(AUTO_INIT)
FORTIFY  := -D_FORTIFY_SOURCE=3
OPT      := -O2 -g
WERROR   ?=

ifeq ($(VARIANT),asan)
SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=undefined \
	    -fno-omit-frame-pointer
FORTIFY  :=
OPT      := -O1 -g
else ifeq ($(VARIANT),tsan)
SANITIZE := -fsanitize=thread
FORTIFY  :=
OPT      := -O1 -g
else ifeq ($(VARIANT),cover)
SANITIZE := --coverage -fprofile-update=atomic
FORTIFY  :=
OPT      := -O0 -g
else ifeq ($(VARIANT),clang)
CC       := clang-14
else ifeq ($(VARIANT),fuzz)
CC       := clang-14
SANITIZE := -fsanitize=fuzzer-no-link,address,undefined \
	    -fno-sanitize-recover=undefined -fno-omit-frame-pointer
FORTIFY  :=
OPT      := -O1 -g
endif

# clang 14 knows this one by another name. Asked when it is first needed, and
# once: before `make deps` there may be no compiler to ask.
AUTO_INIT = $(eval AUTO_INIT := $(shell $(CC) -ftrivial-auto-var-init=zero \
	    -E -x c /dev/null >/dev/null 2>&1 && \
	    echo -ftrivial-auto-var-init=zero))$(AUTO_INIT)

# Structs are cleared by vectors, not by `rep stos`, which takes as long to
# start as a hundred instructions run. Nothing newer than x86-64 is used.
TUNE = $(eval TUNE := $(shell $(CC) -mtune=skylake -E -x c /dev/null \
	    >/dev/null 2>&1 && echo -mtune=skylake))$(TUNE)

CPPFLAGS += -I. -D_GNU_SOURCE -DDOCKER_PROXY_VERSION='"$(VERSION)"' $(FORTIFY) \
	    $(if $(SANITIZE),-DDOCKER_PROXY_INSTRUMENTED)
CFLAGS   += -std=gnu17 $(OPT) $(TUNE) $(WARNINGS) $(WERROR) $(HARDEN) -fPIE \
	    -pthread -ffile-prefix-map=$(CURDIR)=. $(SANITIZE) \
	    $(shell pkg-config --cflags $(PKGS) 2>/dev/null)
# Packed, the addresses of the constant tables take no 100 KiB to be read.
LDFLAGS  += -pie -pthread -Wl,-z,relro,-z,now,-z,noexecstack \
	    -Wl,-z,pack-relative-relocs $(SANITIZE)
# libmd is one function: linked in, it is no file more to map at each start.
LDLIBS   += $(shell pkg-config --libs $(PKGS) 2>/dev/null) -l:libmd.a
TLS_LIBS := $(shell pkg-config --libs $(TLS_PKGS) 2>/dev/null)

RUNTIME  := $(wildcard runtime/*.c)
COMPILER := $(wildcard compiler/*.c)
POLICIES := $(addsuffix .yaml,$(sort $(basename $(wildcard policies/*.yaml))))
TLS      := daemon/tls.c daemon/leg_tls.c daemon/tls_export.c
DAEMON   := $(filter-out daemon/main.c $(TLS),$(wildcard daemon/*.c))
UNIT     := $(wildcard tests/unit/test_*.c)
DIFF     := $(wildcard tests/diff/test_*.c)
FUZZERS  := $(wildcard tests/fuzz/fuzz_*.c)
HEADERS  := $(wildcard runtime/*.h compiler/*.h daemon/*.h)
SOURCES  := $(RUNTIME) $(COMPILER) $(DAEMON) $(TLS) daemon/main.c $(HEADERS) \
	    $(wildcard runtime/*.def daemon/*.def) $(UNIT) $(DIFF) \
	    $(wildcard tests/bench/*.[ch] tests/unit/*.h tests/diff/*.h) \
	    $(wildcard tests/diff/language*.c) \
	    $(wildcard tests/fuzz/*.[ch]) \
	    tests/flow/alloc_fail.c tests/flow/explain_each.c \
	    tests/port/sctp.c

obj       = $(patsubst %.c,$(B)/obj/%.o,$(1))
LIBS     := $(B)/libdaemon.a $(B)/libcompiler.a $(B)/libruntime.a
UNITBIN  := $(patsubst tests/%.c,$(B)/tests/%,$(UNIT))
DIFFBIN  := $(patsubst tests/%.c,$(B)/tests/%,$(DIFF))
FUZZBIN  := $(patsubst tests/%.c,$(B)/tests/%,$(FUZZERS))

export DOCKER_PROXY := $(abspath $(B)/docker-proxy)

# Of each command what it makes: `CC build/obj/daemon/flow.o`. V=1 shows all of
# it, -s nothing.
V     ?=
Q     := $(if $(V),,@)
SILENT = $(findstring s,$(firstword -$(MAKEFLAGS)))
say    = $(if $(V)$(SILENT),,@echo '$(1) $@')

.PHONY: all
all: $(B)/docker-proxy $(B)/docker-proxy-tls.so ## build build/docker-proxy

# The module calls back into the program, by the symbols of this list.
SYMBOLS  := daemon/tls_module.symbols
$(B)/docker-proxy: $(call obj,daemon/main.c) $(LIBS) $(SYMBOLS)
	$(call say,LD)
	$(Q)$(CC) $(LDFLAGS) -Wl,--dynamic-list=$(SYMBOLS) -o $@ \
		$(filter-out $(SYMBOLS),$^) $(LDLIBS)

$(call obj,$(TLS)): CFLAGS += -fPIC -fvisibility=hidden
$(B)/docker-proxy-tls.so: $(call obj,$(TLS))
	$(call say,LD)
	$(Q)$(CC) $(filter-out -pie,$(LDFLAGS)) -shared -o $@ $^ $(TLS_LIBS) \
		-levent_core

$(B)/libruntime.a: $(call obj,$(RUNTIME))
$(B)/libcompiler.a: $(call obj,$(COMPILER)) $(B)/obj/policies/ready.o
$(B)/libdaemon.a: $(call obj,$(DAEMON))
$(B)/%.a:
	$(call say,AR)
	$(Q)rm -f $@
	$(Q)$(AR) rcs $@ $^

# The ready policies, as a table in C.
$(B)/policies/ready.c: compiler/ready.awk $(POLICIES)
	@mkdir -p $(@D)
	$(call say,AWK)
	$(Q)awk -f compiler/ready.awk $(POLICIES) >$@.new
	$(Q)mv $@.new $@

$(B)/obj/policies/ready.o: $(B)/policies/ready.c Makefile
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(B)/obj/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

# Part of the program, by .incbin.
$(call obj,daemon/status_page.c): daemon/status/page.html

# What Docker's own tells with -v: the commit, which each one changes.
$(call obj,daemon/port_args.c): CPPFLAGS += -DDOCKER_PROXY_COMMIT='"$(or \
	$(shell git rev-parse --short HEAD 2>/dev/null),unknown)"'
$(call obj,daemon/port_args.c): $(wildcard .git/logs/HEAD)

# Preloaded into the proxy by tests/flow/test_allocations.py.
ALLOC_FAIL := $(B)/tests/alloc_fail.so
$(ALLOC_FAIL): tests/flow/alloc_fail.c Makefile
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CC) -std=gnu17 -O2 -g $(WARNINGS) $(WERROR) -shared -fPIC -o $@ $<

# Preloaded into the proxy by tests/port/test_sctp.py.
SCTP := $(B)/tests/sctp.so
$(SCTP): tests/port/sctp.c Makefile
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CC) -std=gnu17 -D_GNU_SOURCE -O2 -g $(WARNINGS) $(WERROR) -shared \
		-fPIC -o $@ $<

$(B)/tests/%: $(B)/obj/tests/%.o $(LIBS)
	@mkdir -p $(@D)
	$(call say,LD)
	$(Q)$(CC) $(LDFLAGS) -o $@ $(filter %.o,$^) $(LIBS) $(LDLIBS) -lcmocka

# OpenSSL's own opinion, and its other side.
WITH_TLS := $(patsubst %,$(B)/tests/unit/test_%,leg_tls sha256 siphash settings)
$(WITH_TLS): LDLIBS += $(TLS_LIBS)
$(B)/tests/unit/test_leg_tls: $(call obj,daemon/tls.c daemon/leg_tls.c)

# The definition of the language that the compiler and the VM must agree with.
$(filter $(B)/tests/diff/test_language% $(B)/tests/diff/test_lint,\
	$(DIFFBIN)): $(call obj,\
	$(wildcard tests/diff/language*.c))

# libFuzzer is their main program, or a loop over files.
ifeq ($(VARIANT),fuzz)
$(FUZZBIN): LDFLAGS += -fsanitize=fuzzer
else
$(FUZZBIN): $(call obj,tests/fuzz/replay.c)
endif

# A worker in a world with a clock of its own.
$(B)/tests/fuzz/fuzz_flow: $(call obj,tests/fuzz/world.c)
$(B)/tests/fuzz/fuzz_flow: LDFLAGS += -Wl,--wrap=clock_gettime

.SECONDARY:
-include $(shell find $(B)/obj -name '*.d' 2>/dev/null)

# --- run -------------------------------------------------------------------

.PHONY: run
run: all ## build and start on loopback, before the local Engine or a demonstration one
	$(B)/docker-proxy serve --demo

# --- tests -----------------------------------------------------------------

PYTEST  := /usr/bin/python3 -B -m pytest -q -p no:cacheprovider
# Many at a time, where a suite is more than a few seconds.
WORKERS ?= $(shell n=$$(nproc); [ $$n -lt 4 ] && echo $$n || echo 4)
PYTESTS  = $(PYTEST) -n $(WORKERS) --dist $(1)

.PHONY: check check-tests check-unit check-diff check-fuzz check-golden \
	check-flow check-port check-engine check-layers check-headers \
	check-packaging
check: clang check-tests ## pass all the tests, and no warning from clang
	@echo "all checks passed"

check-tests: check-layers check-headers check-unit check-diff check-fuzz \
	check-golden check-flow check-page check-port check-packaging \
	check-engine

check-unit: $(UNITBIN) ## cmocka programs of tests/unit
	@tests/run-each $(UNITBIN)

check-diff: $(DIFFBIN) ## differential tests against recorded or naive verdicts
	@tests/run-each $(DIFFBIN)

check-fuzz: $(FUZZBIN) ## replay the corpora of the fuzz targets
	@set -e; for t in $(FUZZBIN); do \
		$$t tests/fuzz/corpus/$${t##*/fuzz_}; \
	done

check-golden: all ## error texts and listings
	$(call PYTESTS,load) tests/golden

# Started by tests/flow/test_explain_agrees.py.
EXPLAIN_EACH := $(B)/tests/flow/explain_each

check-flow: all $(ALLOC_FAIL) $(EXPLAIN_EACH) ## scripted conversations with a fake Engine
	$(call PYTESTS,load) tests/flow

check-packaging: all ## what packaging/ ships, as far as it needs no Engine
	$(PYTEST) tests/packaging

check-port: all $(SCTP) ## published ports, ours beside the machine's own docker-proxy
	$(call PYTESTS,load) tests/port

# 20.10 is this machine's own; the others are fetched, ENGINES="20.10 26 28".
ENGINES ?= 20.10

check-engine: all ## a real Docker Engine and real clients; ENGINES="20.10 26 28"
	@for e in $(ENGINES); do \
		echo "Engine $$e"; \
		ENGINE=$$e $(call PYTESTS,loadfile) tests/engine || exit 1; \
	done

.PHONY: check-oracle
check-oracle: all ## the Engine as the judge alone: ORACLE_CASES=45 ORACLE_SEED=1
	@for e in $(ENGINES); do \
		echo "Engine $$e"; \
		ENGINE=$$e $(PYTEST) tests/engine/test_oracle.py || exit 1; \
	done

.PHONY: engines
engines: ## fetch the ENGINES that are not this machine's own into build/engines
	@for e in $(or $(filter-out 20.10,$(ENGINES)),26 28); do \
		tests/engine/fetch $$e build/engines/$$e || exit 1; \
	done

check-layers: ## a folder includes only what stands to its right
	tests/check-layers

check-headers: ## every header compiles alone
	@for h in $(HEADERS); do \
		$(CC) $(CPPFLAGS) $(CFLAGS) -Werror -fsyntax-only -x c $$h \
			|| exit 1; \
	done

# Debian's promtool is one file of a package that would start a server.
$(B)/promtool:
	@mkdir -p $(B)/prometheus
	cd $(B)/prometheus && apt-get download prometheus && \
		dpkg-deb --fsys-tarfile prometheus_*.deb | \
		tar -xO ./usr/bin/promtool >../promtool.new
	chmod +x $@.new && mv $@.new $@

.PHONY: check-page
check-page: all ## the status page in Chromium; PICTURES=folder keeps pictures of it
	$(PYTEST) tests/page

.PHONY: check-promtool
check-promtool: all $(B)/promtool ## a scrape before Prometheus' own checker
	PROMTOOL=$(abspath $(B)/promtool) $(PYTEST) tests/promtool

.PHONY: soak
soak: all ## mixed load for TIME seconds; REAL=1: the real Engine (root)
	tests/soak/soak.py --time $(TIME) --engine $(if $(REAL),docker,demo)

.PHONY: check-slow
check-slow: all ## 10,000 slow clients must not slow others; needs a quiet machine
	tests/soak/slow.py

.PHONY: asan tsan valgrind clang
asan: ## unit, golden, flow and port tests under ASan, LeakSanitizer and UBSan
	$(MAKE) VARIANT=asan WERROR=-Werror \
		check-unit check-diff check-fuzz check-golden check-flow \
		check-port

tsan: ## flow tests under ThreadSanitizer
	$(MAKE) VARIANT=tsan WERROR=-Werror check-flow

# Not the unit tests that write where no memory is, to see that none is there,
# and that forbid themselves system calls; of the flow tests those without
# figures for time and memory.
NO_JIT   := $(B)/tests/no_jit.so
VALGRIND := valgrind -q --error-exitcode=99 --leak-check=full \
	    --errors-for-leak-kinds=definite \
	    --suppressions=$(abspath tests/valgrind.supp)
PATIENT  := $(filter-out %/test_environment %/test_sandbox,$(UNITBIN))
valgrind: all $(UNITBIN) $(NO_JIT) ## unit tests, and some flow tests, under memcheck
	@set -e; export LD_PRELOAD=$(abspath $(NO_JIT)); \
	for t in $(PATIENT); do \
		$(VALGRIND) $$t >$(B)/valgrind.txt 2>&1 || \
			{ cat $(B)/valgrind.txt; exit 1; }; \
	done
	UNDER='env LD_PRELOAD=$(abspath $(NO_JIT)) $(VALGRIND)' $(PYTEST) \
		$(patsubst %,tests/flow/test_%.py,heads pipelining \
		held_bodies refusals upgrades redaction)

$(NO_JIT): tests/no_jit.c
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CC) -O2 -Wall -fPIC -shared -o $@ $<

clang: ## build all with clang, warnings as errors
	$(MAKE) VARIANT=clang WERROR=-Werror all units

# --- benchmarks ------------------------------------------------------------

BENCHBIN := $(patsubst tests/%.c,$(B)/tests/%,$(wildcard tests/bench/*.c))

.PHONY: bench
bench: all $(BENCHBIN) ## side by side with HAProxy, nginx and a bare relay: BENCH="--quick"
	@tests/bench/bench $(BENCH)

# Of a stream, in MiB; of addresses, how many.
BENCH_MIB       ?= 1024
BENCH_ADDRESSES ?= 10000000

.PHONY: bench-port
bench-port: all ## published ports beside the machine's own docker-proxy: BENCH="--quick"
	@tests/bench/port $(BENCH)

.PHONY: bench-redact bench-bucket
bench-redact: $(BENCHBIN) ## redaction against memcpy and jansson; a stream of 1 GiB, and its memory
	$(B)/tests/bench/bench_redact
	$(B)/tests/bench/bench_redact_stream $(BENCH_MIB)

bench-bucket: $(BENCHBIN) ## 10 million addresses against one rate limit, and its memory
	$(B)/tests/bench/bench_bucket $(BENCH_ADDRESSES)

.PHONY: units
units: $(UNITBIN) $(DIFFBIN) $(FUZZBIN) $(BENCHBIN)

# --- coverage --------------------------------------------------------------

.PHONY: cover
cover: ## lines that the tests run, by folder; root, for the Engine's tests
	@find build/cover -name '*.gcda' -delete 2>/dev/null || true
	$(MAKE) VARIANT=cover all units
	find build/cover/obj -type d -exec chmod a+w {} +
	umask 0 && $(MAKE) VARIANT=cover check-unit check-diff check-fuzz check-golden \
		check-flow check-port check-engine
	tests/coverage build/cover/obj runtime=95 compiler=95 daemon=85

# --- fuzzing ---------------------------------------------------------------

# What is found goes to build/fuzz/: inputs of new coverage to corpus/, those
# that crash to crash-*.
FUZZ    ?=
TIME    ?= 60
TARGETS := $(patsubst tests/fuzz/fuzz_%.c,%,$(FUZZERS))

.PHONY: fuzz fuzz-all fuzz-merge
fuzz: ## run a fuzz target: FUZZ=json TIME=60 (seconds); clang
	@tests/fuzz/fuzz run "$(FUZZ)" $(TIME)

fuzz-all: ## run each fuzz target for TIME seconds, one after the other
	@for f in $(TARGETS); do tests/fuzz/fuzz run $$f $(TIME) || bad=1; \
	done; [ -z "$$bad" ]

fuzz-merge: ## take what FUZZ=... has found into its corpus
	@tests/fuzz/fuzz merge "$(FUZZ)"

# --- lint ------------------------------------------------------------------

.PHONY: lint
lint: ## clang-tidy, cppcheck and gcc's analyzer over the product
	@tests/lint/lint $(RUNTIME) $(COMPILER) $(DAEMON) $(TLS) daemon/main.c

# --- format ----------------------------------------------------------------

CLANG_FORMAT ?= clang-format-14
FORMATTED    := $(filter-out %.def,$(SOURCES))

.PHONY: fmt fmt-check
fmt: ## format the sources
	$(CLANG_FORMAT) -i $(FORMATTED)

fmt-check: ## are the sources formatted?
	@$(CLANG_FORMAT) --dry-run -Werror $(FORMATTED)

# --- documentation ---------------------------------------------------------

.PHONY: docs
docs: all ## write anew what docs/ repeats of the program: keys, commands
	docs/generate

# --- install -----------------------------------------------------------------

# Where the parts go; a distribution's package says otherwise.
DOCDIR   ?= $(PREFIX)/share/doc/docker-proxy
UNITDIR  ?= $(PREFIX)/lib/systemd/system
USERSDIR ?= $(PREFIX)/lib/sysusers.d
SHAREDIR ?= $(PREFIX)/share
MANDIR   ?= $(SHAREDIR)/man

# Of each shell, where it looks below SHAREDIR.
COMPLETIONS := bash-completion/completions zsh/vendor-completions \
	       fish/vendor_completions.d

.PHONY: install deps clean help
install: all ## into $(DESTDIR)$(PREFIX)
	install -D -m 755 $(B)/docker-proxy $(DESTDIR)$(PREFIX)/bin/docker-proxy
	install -D -m 644 $(B)/docker-proxy-tls.so \
		$(DESTDIR)$(PREFIX)/lib/docker-proxy/docker-proxy-tls.so
	install -D -m 644 -t $(DESTDIR)$(DOCDIR) docker-proxy.conf.example \
		README.md
	install -D -m 644 -t $(DESTDIR)$(MANDIR)/man1 docs/man/docker-proxy.1
	install -D -m 644 -t $(DESTDIR)$(MANDIR)/man5 \
		docs/man/docker-proxy.conf.5
	install -d $(addprefix $(DESTDIR)$(SHAREDIR)/,$(COMPLETIONS))
	$(B)/docker-proxy completion bash \
		>$(DESTDIR)$(SHAREDIR)/bash-completion/completions/docker-proxy
	$(B)/docker-proxy completion zsh \
		>$(DESTDIR)$(SHAREDIR)/zsh/vendor-completions/_docker-proxy
	$(B)/docker-proxy completion fish \
		>$(DESTDIR)$(SHAREDIR)/fish/vendor_completions.d/docker-proxy.fish
	install -D -m 644 -t $(DESTDIR)$(UNITDIR) \
		packaging/systemd/docker-proxy.service \
		packaging/systemd/docker-proxy.socket
	sed -i -e 's|/usr/local/bin/|$(PREFIX)/bin/|' \
		-e 's|/usr/local/share/doc/docker-proxy/|$(DOCDIR)/|' \
		$(DESTDIR)$(UNITDIR)/docker-proxy.service
	install -D -m 644 packaging/systemd/docker-proxy.sysusers \
		$(DESTDIR)$(USERSDIR)/docker-proxy.conf

# --- shipping ----------------------------------------------------------------

# Of what is packed: files are as old as the last commit, and nobody's.
SOURCE_DATE_EPOCH ?= $(shell git log -1 --format=%ct 2>/dev/null || echo 0)
export SOURCE_DATE_EPOCH
PACK := tar --sort=name --format=gnu --owner=0 --group=0 --numeric-owner \
	--mode=u+rw,go=rX,a-s --mtime=@$(SOURCE_DATE_EPOCH)

# What is linked in and not beside it: its licence and its name go along.
ARCHIVES = $(shell $(CC) -print-file-name=libmd.a)

# Where the Dockerfile says that the program is.
IMAGE_PREFIX := /opt/docker-proxy
IMAGE        := $(B)/image

.PHONY: image
image: all ## build/image, and as a tarball: all that `docker build` needs
	rm -rf $(IMAGE)
	$(MAKE) -s install DESTDIR=$(IMAGE)/root PREFIX=$(IMAGE_PREFIX)
	packaging/image/prepare $(IMAGE)/root $(IMAGE_PREFIX) $(ARCHIVES)
	mkdir $(IMAGE)/run
	cp packaging/Dockerfile $(IMAGE)
	$(PACK) -C $(IMAGE) -cf - . | gzip -9n >$(IMAGE).tar.gz
	@du -sh $(IMAGE)/root
	@echo "docker build -t docker-proxy $(IMAGE)"

# Not in the PATH of an Engine, as with PREFIX.
DEB := $(B)/docker-proxy_$(VERSION)_$(shell dpkg --print-architecture \
	2>/dev/null).deb

.PHONY: deb check-lintian
deb: all ## a Debian package
	rm -rf $(B)/deb
	$(MAKE) -s install DESTDIR=$(B)/deb PREFIX=/usr/lib/docker-proxy \
		SHAREDIR=/usr/share DOCDIR=/usr/share/doc/docker-proxy \
		UNITDIR=/lib/systemd/system USERSDIR=/usr/lib/sysusers.d
	packaging/deb/build $(B)/deb $(VERSION) $(DEB)
	@echo $(DEB)

# What is released, by its names; the same bytes from the same commit.
ARCH     := $(shell dpkg --print-architecture 2>/dev/null)
DIST     := $(B)/dist
RELEASE  := $(DIST)/docker-proxy-$(VERSION)
UNPACKED := $(B)/unpacked

.PHONY: dist binaries check-dist
binaries: image deb
	rm -rf $(DIST) $(UNPACKED)
	mkdir -p $(DIST)
	$(MAKE) -s install DESTDIR=$(UNPACKED) PREFIX=$(IMAGE_PREFIX)
	find $(UNPACKED)$(IMAGE_PREFIX) -type f -exec sh -c \
		'head -c 4 "$$1" | grep -q ELF && strip --strip-unneeded "$$1"' \
		sh {} ';'
	$(PACK) -C $(UNPACKED) -cf - . | gzip -9n >$(RELEASE)-$(ARCH).tar.gz
	packaging/sbom $(VERSION) $(UNPACKED) $(ARCHIVES) \
		>$(RELEASE)-$(ARCH).spdx.json
	cp $(IMAGE).tar.gz $(RELEASE)-image-$(ARCH).tar.gz
	cp $(DEB) $(DIST)

dist: binaries ## build/dist: source, binaries, image, package, SBOM, checksums
	@[ -n "$(DIRTY)" ] || [ -z "$$(git status --porcelain)" ] || \
		{ echo "not all is committed; DIRTY=1 does not mind"; exit 1; }
	git archive --prefix=docker-proxy-$(VERSION)/ HEAD | \
		gzip -9n >$(RELEASE).tar.gz
	cd $(DIST) && sha256sum * >SHA256SUMS
	@cat $(DIST)/SHA256SUMS

check-dist: ## two builds from the source tarball must be the same bytes
	tests/packaging/reproduce $(SOURCE_DATE_EPOCH)

check-lintian: deb ## Debian's checker over the package; needs lintian
	lintian --fail-on error,warning $(DEB)

# --- dependencies ------------------------------------------------------------

# What building and testing need, by Debian 12's names.
DEPS := build-essential clang-14 clang-format-14 clang-tidy-14 \
	libclang-rt-14-dev cppcheck valgrind \
	pkg-config libevent-dev libssl-dev libmd-dev libjansson-dev libfyaml-dev \
	libpcre2-dev libseccomp-dev libcmocka-dev python3 python3-pytest \
	python3-pytest-xdist python3-docker docker.io docker-compose \
	busybox-static iptables iproute2 haproxy nginx-light wrk strace systemd \
	python3-jsonschema python3-yaml python3-kubernetes mandoc zsh fish \
	chromium chromium-driver python3-selenium

deps: ## install what building and testing need (apt; root or sudo)
	@if dpkg-query -W -f '$${db:Status-Status}\n' $(DEPS) 2>/dev/null \
		| grep -cx installed | grep -qx $(words $(DEPS)); then \
		echo "deps: all installed"; \
	else \
		sudo=; [ "$$(id -u)" = 0 ] || sudo=sudo; \
		$$sudo apt-get update -qq && \
		$$sudo env DEBIAN_FRONTEND=noninteractive apt-get install \
			-y -qq --no-install-recommends $(DEPS); \
	fi

clean: ## remove build/
	rm -rf build

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' Makefile | \
		sed -E 's/^([a-z-]+):[^#]*## /\1\t/' | \
		awk -F '\t' '{printf "  make %-14s %s\n", $$1, $$2}'
