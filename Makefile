# ADIT: `make run` starts it with its demo, `make test` runs everything that CI runs.
# CARGO_TARGET_DIR is honoured; the first build takes minutes, later ones seconds.
# Development builds choose targets by name and never packages: a package alone has other features, and everything would be built again.

CARGO ?= cargo
TARGET := $(or $(CARGO_TARGET_DIR),target)
DATA ?= data

# The stage of `make deploy`.
STAGE ?=

# Python of the de-identification tests, remade when its requirements change.
VENV := $(TARGET)/deid-venv

# Programs that `make` builds for itself.
TOOLS := $(abspath $(TARGET))/tools

# The local cloud: directory of its data and logs; PORT is that of its endpoint, 0 for any free one.
DIR ?= $(TARGET)/cloud
PORT ?= 4566

.PHONY: run build page functions test check licences unit peers browser deid deid-bench fuzz fuzz-api bench tools
.PHONY: cloud test-cloud cloud-life cost cloud-large cloud-tools cloud-start cloud-stop cloud-reset cloud-smoke cloud-tool-tests infra-lint deploy deploy-local

run: build ## Build what is needed and start ADIT with two demo archives
	@echo "[adit] starting with the demo; stop with Ctrl-C"
	@$(TARGET)/release/adit serve --demo --data-dir $(DATA)

build: page
	@echo "[adit] building the server"
	@$(CARGO) build --release --locked -p adit-standalone --features embed-web

page:
	@command -v node >/dev/null || { echo "Node.js 20 or newer is needed to build the web page: https://nodejs.org"; exit 1; }
	@$(CARGO) xtask dist

functions: ## The Lambda functions as a zip, its size (6 MB are wanted), and their cold start; FOR=--aws or FOR=--arm64 builds for AWS
	@echo "[adit] building the Lambda functions"
	@CARGO_TARGET_DIR=$(abspath $(TARGET)) scripts/package-functions $(FOR)
	@test -n "$(FOR)" || scripts/measure-init $(TARGET)/functions/adit-lambda

test: check licences unit peers browser deid infra-lint test-cloud ## Everything that CI runs
	@echo "[adit] all tests passed"

check: ## Formatting, lints, dependency rules, builds for the browser
	@echo "[adit] formatting and lints"
	@$(CARGO) fmt --all --check
	@$(CARGO) clippy --workspace --all-targets --locked -- -D warnings
	@$(CARGO) check --locked --target wasm32-unknown-unknown -p adit-domain -p adit-api -p adit-deid
	@scripts/dependency-rules

licences: ## Licences, sources and banned crates of all dependencies, by cargo-deny, which is built when it is missing
	@echo "[adit] licences and sources of dependencies"
	@command -v cargo-deny >/dev/null || test -x $(TOOLS)/bin/cargo-deny || { \
		CARGO_PROFILE_RELEASE_OPT_LEVEL=1 CARGO_PROFILE_RELEASE_LTO=off $(CARGO) install cargo-deny --version 0.20.2 --locked --no-default-features \
			--quiet --root $(TOOLS) --target-dir $(TARGET)/tools-build && rm -rf $(TARGET)/tools-build; }
	@PATH="$$PATH:$(TOOLS)/bin" cargo-deny --locked --log-level error check licenses bans sources

unit: ## Unit, contract and flow tests
	@echo "[adit] unit, contract and flow tests"
	@scripts/install-peers
	@scripts/test-workspace

peers: ## Journeys with Orthanc and DCMTK (installed by scripts/install-peers), log-in at an OpenID Connect issuer, a mail server, DICOMweb clients
	@echo "[adit] tests with Orthanc and DCMTK"
	@scripts/install-peers
	@$(CARGO) build --locked --workspace --bin adit
	@$(CARGO) test --locked --workspace --test peers
	@cd tests/issuer && npm ci --no-audit --no-fund --loglevel=error
	@$(CARGO) test --locked --workspace --test issuer
	@python3 -m venv $(TARGET)/mail-venv
	@$(TARGET)/mail-venv/bin/pip install --quiet --disable-pip-version-check --requirement shared/mail/tests/smtp/requirements.txt
	@ADIT_MAIL_PYTHON=$(abspath $(TARGET))/mail-venv/bin/python $(CARGO) test --locked --workspace --test smtp
	@python3 -m venv $(TARGET)/dicomweb-venv
	@$(TARGET)/dicomweb-venv/bin/pip install --quiet --disable-pip-version-check --requirement tests/peers/tests/dicomweb/requirements.txt
	@$(TARGET)/dicomweb-venv/bin/pip install --quiet --disable-pip-version-check --no-deps --ignore-requires-python --requirement tests/peers/tests/dicomweb/clients.txt
	@ADIT_DICOMWEB_PYTHON=$(abspath $(TARGET))/dicomweb-venv/bin/python $(CARGO) test --locked --workspace --test dicomweb -- --nocapture

browser: ## Journeys in Chromium
	@echo "[adit] browser tests"
	@scripts/install-peers
	@$(CARGO) xtask dist --dev
	@$(CARGO) build --locked --workspace --bin adit
	@cd tests/browser && npm ci --no-audit --no-fund --loglevel=error
	@cd tests/browser && ADIT_BINARY=$(abspath $(TARGET))/debug/adit node --test --test-concurrency=1 --test-reporter=spec

deid: $(VENV)/ready ## De-identification: planted identifiers, judged for each profile, foreign files, and the browser's build
	@echo "[adit] de-identification tests"
	@scripts/install-peers
	@$(CARGO) build --locked --workspace --bin adit
	@$(CARGO) xtask deid $(TARGET)/deid-module
	@$(VENV)/bin/python tests/deid/run.py $(TARGET)/deid --adit $(TARGET)/debug/adit --module $(TARGET)/deid-module

deid-bench: $(VENV)/ready ## Speed and memory of de-identification, beside cp and dicognito
	@$(CARGO) build --release --locked -p adit-standalone
	@$(VENV)/bin/python tests/deid/bench.py --adit $(TARGET)/release/adit
	@$(VENV)/bin/python tests/deid/bench.py --adit $(TARGET)/release/adit --memory

$(VENV)/ready: tests/deid/requirements.txt
	@scripts/install-peers
	@python3 -m venv $(VENV)
	@$(VENV)/bin/pip install --quiet --disable-pip-version-check --requirement tests/deid/requirements.txt
	@touch $@

infra-lint: ## The cloud template: cfn-lint, checkov, tests
	@echo "[adit] template of the cloud home"
	@infra/lint

deploy: ## To AWS: make deploy STAGE=name, a file infra/stages/name.yaml (docs/deploy-aws.md)
	@test -n "$(STAGE)" || { echo "[adit] say which stage: make deploy STAGE=name (a file in infra/stages)"; exit 1; }
	@$(CARGO) xtask dist
	@scripts/package-functions $$(grep -Eq '^ *Architecture: *x86_64' infra/stages/$(STAGE).yaml && echo --aws || echo --arm64)
	@infra/deploy aws --stage $(STAGE) --page dist

deploy-local: ## To the local cloud: make deploy-local DIR=directory of `localstack/cloud start`
	@$(CARGO) xtask dist
	@scripts/package-functions
	@infra/deploy local --dir $(DIR) --page dist

fuzz-api: ## Made-up requests after the OpenAPI description, to an ADIT of its own: none may end in a 5xx; EXAMPLES=30
	@$(CARGO) build --locked --workspace --bin adit
	@python3 -m venv $(TARGET)/api-venv
	@$(TARGET)/api-venv/bin/pip install --quiet --disable-pip-version-check --requirement tests/api-fuzz/requirements.txt
	@$(TARGET)/api-venv/bin/python tests/api-fuzz/run.py $(abspath $(TARGET))/debug/adit $(or $(EXAMPLES),30)

fuzz: ## Fuzzing of one door: make fuzz DOOR=scanner SECONDS=600 (or rules, frames, assembler, command, multipart, locate, instances); needs cargo-fuzz
	@mkdir -p fuzz/corpus/$(or $(DOOR),scanner)
	@RUSTC_BOOTSTRAP=1 $(CARGO) fuzz run $(or $(DOOR),scanner) fuzz/corpus/$(or $(DOOR),scanner) $(wildcard fuzz/seeds/$(or $(DOOR),scanner)) --fuzz-dir fuzz -- -max_total_time=$(or $(SECONDS),600)

bench: ## Figures of the quality bars; PART=orthanc, scp, scu, memory, delay, live or dicomweb prints one part
	@scripts/install-peers
	@$(CARGO) build --release --locked -p adit-standalone
	@$(CARGO) run --release --locked -p adit-test-peers --bin bench -- $(PART)

cloud: cloud-tools functions page ## The cloud home on this machine: emulator, stack, bridges, page, demo archives
	@$(CARGO) build --release --locked -p adit-bridge -p adit-test-cloud --bins
	@$(TARGET)/release/cloud-home --dir $(DIR)

cloud-programs: cloud-tools
	@scripts/install-peers
	@$(CARGO) xtask dist --dev
	@$(CARGO) build --locked --workspace --bin adit-bridge --bin cloud-home
	@CARGO_TARGET_DIR=$(abspath $(TARGET)) scripts/package-functions --debug

test-cloud: cloud-tool-tests cloud-life cloud-programs ## Everything that needs a cloud, on LocalStack
	@echo "[adit] tests on the local cloud"
	@localstack/cloud start --dir $(TARGET)/cloud-contract --port 0
	@. $(TARGET)/cloud-contract/env && ADIT_TEST_AWS_ENDPOINT=$$AWS_ENDPOINT_URL $(CARGO) test --locked --workspace --test aws --test metering; \
		code=$$?; localstack/cloud stop --dir $(TARGET)/cloud-contract; exit $$code
	@$(CARGO) test --locked --workspace --test proofs
	@cd tests/browser && npm ci --no-audit --no-fund --loglevel=error
	@cd tests/browser && ADIT_CLOUD_HOME=$(abspath $(TARGET))/debug/cloud-home node --test --test-reporter=spec journeys.test.mjs

cloud-life: cloud-tools ## The stack's life on a local cloud: from zero, the same again, changed, broken, deleted
	@localstack/cloud start --dir $(TARGET)/cloud-life --port 0
	@infra/python infra/tests/on_local_cloud.py --dir $(TARGET)/cloud-life; code=$$?; localstack/cloud stop --dir $(TARGET)/cloud-life; exit $$code

cost: cloud-programs ## Requests per terabyte on the cloud home, with prices
	@$(CARGO) test --locked --workspace --test proofs -- cost

cloud-large: cloud-tools ## A job of ten thousand tasks with eight consumers on DynamoDB and SQS
	@localstack/cloud start --dir $(TARGET)/cloud-large --port 0
	@. $(TARGET)/cloud-large/env && ADIT_TEST_AWS_ENDPOINT=$$AWS_ENDPOINT_URL $(CARGO) test --locked --workspace --test large -- --nocapture; \
		code=$$?; localstack/cloud stop --dir $(TARGET)/cloud-large; exit $$code

cloud-tools: ## Install what the local cloud needs: LocalStack and the DynamoDB engine
	@scripts/install-peers
	@localstack/cloud install

cloud-start: cloud-tools ## Start an empty local cloud: make cloud-start DIR=target/cloud PORT=4566
	@localstack/cloud start --dir $(DIR) --port $(PORT)

cloud-stop: ## Stop the local cloud and remove its data
	@localstack/cloud stop --dir $(DIR)

cloud-reset: ## Empty the local cloud; its address stays
	@localstack/cloud reset --dir $(DIR)

cloud-smoke: cloud-tools ## What ADIT asks of the emulator, on a cloud of its own
	@localstack/cloud start --dir $(TARGET)/cloud-smoke --port 0
	@localstack/smoke.py --dir $(TARGET)/cloud-smoke; code=$$?; localstack/cloud stop --dir $(TARGET)/cloud-smoke; exit $$code

cloud-tool-tests: cloud-tools ## Tests of the local cloud's own tool and plug-in
	@cd localstack && PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=.:plugin "$$(./cloud python)" -m unittest discover --start-directory tests --top-level-directory .
