FROM python:3.11.11-slim-bookworm
WORKDIR /app
COPY requirements.lock pyproject.toml README.md LICENSE ./
RUN pip install --no-cache-dir --no-deps --require-hashes -r requirements.lock
COPY alerts alerts
COPY config config
COPY detectors detectors
COPY streams streams
RUN pip install --no-cache-dir --no-build-isolation --no-deps . && useradd --system sanzao
USER sanzao
ENTRYPOINT ["sanzao"]
CMD ["worker"]
