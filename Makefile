# docker-proxy. `make help` tells the targets.

CC      ?= cc
PREFIX  ?= /usr/local
DESTDIR ?=
VERSION := 0.1.0

# Variants build side by side: build/ for the product, build/<variant>/ for
# asan, ubsan, tsan, clang, cover.
VARIANT ?=
B       := build$(if $(VARIANT),/$(VARIANT))

PKGS     := libevent_core libevent_pthreads libcrypto jansson libfyaml \
	    libpcre2-8
WARNINGS := -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes \
	    -Wmissing-prototypes -Wundef -Wformat=2 -Wcast-qual -Wvla \
	    -Wswitch-enum -Wimplicit-fallthrough
HARDEN   := -fstack-protector-strong -fstack-clash-protection \
	    -fcf-protection=full -ftrivial-auto-var-init=zero
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
SANITIZE := --coverage
FORTIFY  :=
OPT      := -O0 -g
else ifeq ($(VARIANT),clang)
CC       := clang-14
endif

CPPFLAGS += -I. -D_GNU_SOURCE -DDOCKER_PROXY_VERSION='"$(VERSION)"' $(FORTIFY)
CFLAGS   += -std=gnu17 $(OPT) $(WARNINGS) $(WERROR) $(HARDEN) -fPIE -pthread \
	    $(SANITIZE) $(shell pkg-config --cflags $(PKGS) 2>/dev/null)
LDFLAGS  += -pie -pthread -Wl,-z,relro,-z,now,-z,noexecstack $(SANITIZE)
LDLIBS   += $(shell pkg-config --libs $(PKGS) 2>/dev/null)

RUNTIME  := $(wildcard runtime/*.c)
COMPILER := $(wildcard compiler/*.c)
DAEMON   := $(filter-out daemon/main.c,$(wildcard daemon/*.c))
UNIT     := $(wildcard tests/unit/test_*.c)
DIFF     := $(wildcard tests/diff/test_*.c)
HEADERS  := $(wildcard runtime/*.h compiler/*.h daemon/*.h)
SOURCES  := $(RUNTIME) $(COMPILER) $(DAEMON) daemon/main.c $(HEADERS) \
	    $(wildcard runtime/*.def) $(UNIT) $(DIFF) \
	    $(wildcard tests/unit/*.h)

obj       = $(patsubst %.c,$(B)/obj/%.o,$(1))
LIBS     := $(B)/libdaemon.a $(B)/libcompiler.a $(B)/libruntime.a
UNITBIN  := $(patsubst tests/%.c,$(B)/tests/%,$(UNIT))
DIFFBIN  := $(patsubst tests/%.c,$(B)/tests/%,$(DIFF))

export DOCKER_PROXY := $(abspath $(B)/docker-proxy)

.PHONY: all
all: $(B)/docker-proxy ## build build/docker-proxy

$(B)/docker-proxy: $(call obj,daemon/main.c) $(LIBS)
	$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(B)/libruntime.a: $(call obj,$(RUNTIME))
$(B)/libcompiler.a: $(call obj,$(COMPILER))
$(B)/libdaemon.a: $(call obj,$(DAEMON))
$(B)/%.a:
	rm -f $@
	$(AR) rcs $@ $^

$(B)/obj/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(B)/tests/%: $(B)/obj/tests/%.o $(LIBS)
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS) -lcmocka

.SECONDARY:
-include $(shell find $(B)/obj -name '*.d' 2>/dev/null)
