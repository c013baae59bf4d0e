# glyphcam for amd64 and arm64. The build reads the demo; the image serves the drawing pad until it gets other arguments:
#
#   docker build -t glyphcam .
#   docker run --rm -p 127.0.0.1:8080:8080 -e GLYPHCAM_TOKEN=choose-your-own glyphcam
#   docker run --rm glyphcam --demo --jsonl -
FROM python:3.12-slim

WORKDIR /app
COPY README.md LICENSE setup.cfg pyproject.toml run_camera.py ./
COPY realtime realtime
COPY synth synth
COPY train train
COPY models models

# OpenCV without windows needs no system libraries. Versions: setup.cfg says which ones fit.
# hadolint ignore=DL3013
RUN pip install --no-cache-dir '.[web,mqtt]' && \
    pip uninstall --yes opencv-python && \
    pip install --no-cache-dir opencv-python-headless && \
    useradd --uid 1000 --create-home --groups video glyphcam && \
    install --directory --owner=1000 /data

USER 1000
WORKDIR /data
RUN glyphcam --demo --jsonl - --log-level warning

EXPOSE 8080
VOLUME /data
ENTRYPOINT ["glyphcam"]
CMD ["--draw", "--serve", "0.0.0.0:8080"]
