# 三早 sanzao — every target does its own set-up.  `make help` lists them.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
ARGS ?=
DATA ?=
BROKER ?= embedded
DATA_ARGS = $(if $(DATA),--data "$(DATA)")

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-kafka check format lock verify-real verify-kill bench-path \
	bench-quality bench-states clean

help:  ## 列出所有命令
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed, this is %d.%d; set PYTHON=python3.11" % sys.version_info[:2])'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing into $(VENV) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps -e .
	@touch $@

setup: $(STAMP)  ## 安装依赖（锁定版本与哈希）

demo: $(STAMP)  ## 演示：一台机器、不用 Docker（ARGS=--keep 保持运行，ARGS=--short 短演示）
	@$(BIN)/sanzao demo $(ARGS)

test: $(STAMP)  ## 全部测试：单元、契约、场景、端到端（内嵌 Kafka 与 Redis）
	@$(BIN)/python -m pytest -q -n 3 $(ARGS)

test-kafka: $(STAMP)  ## 端到端测试，使用 Apache Kafka 4（KRaft；需要 java 17 与 mvn）
	@$(BIN)/python -m pytest -q -m e2e --broker=apache tests/e2e $(ARGS)

check: $(STAMP)  ## 格式、风格、类型、导入契约、测试
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache | tail -n 3
	@$(BIN)/interrogate -q -c pyproject.toml detectors alerts streams config tests
	@$(MAKE) --no-print-directory test

format: $(STAMP)  ## 自动整理格式
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

lock:  ## 重新锁定依赖版本（需要 uv）
	uv pip compile pyproject.toml --extra devstack --extra dev --universal --python-version 3.11 \
		--generate-hashes --no-emit-index-url --no-annotate --no-header -o requirements.lock

verify-real: $(STAMP)  ## 真实数据全程核对（DATA=数据目录 BROKER=embedded|apache）
	@$(BIN)/python -m tests.bench.verify real $(DATA_ARGS) --broker $(BROKER) $(ARGS)

verify-kill: $(STAMP)  ## 同上，其间随机 kill -9 五次，并有第二个进程加入和退出
	@$(BIN)/python -m tests.bench.verify kill $(DATA_ARGS) --broker $(BROKER) $(ARGS)

bench-path: $(STAMP)  ## 吞吐与延迟：裸读、原版 Faust、全程、纯核心
	@$(BIN)/python -m tests.bench.bench_path $(DATA_ARGS) $(ARGS)

bench-quality: $(STAMP)  ## 在线学习的质量（ROC AUC、平均精度）
	@$(BIN)/python -m tests.bench.bench_quality $(DATA_ARGS) $(ARGS)

bench-states: $(STAMP)  ## 一百万户企业在 Redis 中占多少内存
	@$(BIN)/python -m tests.bench.bench_states $(ARGS)

clean:  ## 删除运行产生的文件（不删 .venv）
	rm -rf run build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
