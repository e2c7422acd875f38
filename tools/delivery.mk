# What users get: the static binary, the wheel, the source archive, what is installed.
.PHONY: static fetch-isal check-static wheel dist release check-builds check-ci check-clone shared install uninstall
DIST    ?= build/dist
VERSION := $(shell sed -n 's/^\#define ENVCHECK_VERSION "\(.*\)"/\1/p' src/cmd/outputs.h)

static:
	$(MAKE) MODE=static all
	@ls -l build/static/envcheck

fetch-isal: # the only target that fetches sources: ISA-L's, from Debian, checked by apt's keys; needs nasm
	tools/fetch-isal build/isal
	rm -rf build/static

check-static: static # the cases and scripts of `make check` with the static binary
	MODE=static tests/run.sh build/static

wheel: static
	$(MAKE) -s MODE=static shared
	python3 tools/wheel.py build/static/envcheck $(VERSION) $(DIST) $(subst $O/,build/static/,$(SHARED))

release: wheel dist # all that a release offers, with its hashes: what ci/github/install.sh fetches
	install -m 755 build/static/envcheck $(DIST)/envcheck-$(VERSION)-linux-$(shell uname -m)
	cd $(DIST) && sha256sum *-$(VERSION)-* *-$(VERSION).tar.gz >SHA256SUMS

dist:
	tools/dist $(DIST)/envcheck-$(VERSION).tar.gz

check-builds: # as root, with docker.io, buildah, mmdebstrap: real builds that stop at the gate. Bases are kept in BUILDS_CACHE
	sh tests/real/builds.sh $(or $(BUILDS_CACHE),build/real) "$(ONLY)"

check-ci: $O/envcheck wheel # fetches actionlint, check-jsonschema, pre-commit, gitlab-ci-local, uv into CI_CACHE; says what it could not
	sh tests/real/ci.sh $(or $(CI_CACHE),build/ci) $< $(DIST)/envcheck-$(VERSION)-py3-none-*.whl

check-clone: # as root, with mmdebstrap: a bare Debian, where a clone's ./try and ./test do as README says
	sh tests/real/clone.sh $(or $(CLONE_ROOT),build/clone)

# What is installed, below PREFIX and in the wheel, but the program: PLACE=FILE. Completions are what the program writes.
SHARED := share/man/man1/envcheck.1=man/envcheck.1 share/man/man5/envcheck-host.5=man/envcheck-host.5 \
	share/man/man5/envcheck.json.5=man/envcheck.json.5 share/man/man7/envcheck-rules.7=$O/envcheck-rules.7 \
	share/bash-completion/completions/envcheck=$O/completions/bash share/zsh/site-functions/_envcheck=$O/completions/zsh \
	share/fish/vendor_completions.d/envcheck.fish=$O/completions/fish

$O/completions/%: $O/envcheck
	@mkdir -p $(@D)
	$< completions $* >$@

shared: $(foreach f,$(SHARED),$(lastword $(subst =, ,$f)))

define newline


endef

install: all shared
	install -D -m 755 $O/envcheck $(DESTDIR)$(PREFIX)/bin/envcheck
	$(foreach f,$(SHARED),install -D -m 644 $(lastword $(subst =, ,$f)) $(DESTDIR)$(PREFIX)/$(firstword $(subst =, ,$f))$(newline)	)

uninstall:
	rm -f $(DESTDIR)$(PREFIX)/bin/envcheck $(foreach f,$(SHARED),$(DESTDIR)$(PREFIX)/$(firstword $(subst =, ,$f)))
