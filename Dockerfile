# A server for a team.  CPU:  docker build -t graft .
#                       GPU:  docker build -t graft:gpu --build-arg REQUIREMENTS=requirements-gpu.txt .
# Run:  the line in README.md: reachable from this machine alone, read-only but for /workspace and /tmp, no capabilities.
FROM python:3.12.12-slim-bookworm
ARG REQUIREMENTS=requirements.txt
WORKDIR /graft
COPY requirements*.txt ./
RUN pip install --no-cache-dir --require-hashes -r ${REQUIREMENTS}
COPY app.py pyproject.toml ./
COPY engine engine
COPY pages pages
COPY .streamlit .streamlit
RUN useradd --create-home graft && mkdir /workspace && chown graft /workspace
USER graft
# Everything that is written lies in the workspace, or in /tmp: the rest may be read-only.
ENV GRAFT_WORKSPACE=/workspace KERAS_HOME=/workspace/keras XDG_CACHE_HOME=/tmp/cache
VOLUME /workspace
EXPOSE 8501
HEALTHCHECK CMD python -c "import urllib.request as r; r.urlopen('http://127.0.0.1:8501/_stcore/health')"
CMD ["streamlit", "run", "app.py", "--server.address", "0.0.0.0", "--server.headless", "true"]
