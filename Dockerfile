# The gateway with its demo, as an image:
#
#   docker build -t ferry .
#   docker run -p 8443:8443/tcp -p 8443:8443/udp -v ferry-data:/data ferry
#
# WebTransport is on the port's UDP side: with TCP alone every call goes by WebSocket.
#
# The pages and the SDK come from the first stage: an image that has Emscripten, because ./dev's own way to it needs to mount
# file systems, which a docker build may not. The second stage compiles the gateway; the last has only what runs.

FROM emscripten/emsdk:6.0.5 AS pages
WORKDIR /ferry
COPY . .
RUN ./dev build web

FROM debian:13 AS gateway
WORKDIR /ferry
COPY . .
RUN ./dev build gateway && strip -o /ferry-gateway build/release/gateway/ferry-gateway

FROM debian:13-slim
COPY --from=gateway /ferry-gateway /opt/ferry/bin/ferry-gateway
COPY --from=pages /ferry/web/dist/ /opt/ferry/web/
COPY --from=pages /ferry/js-api/dist/ /opt/ferry/sdk/
RUN useradd --system --home-dir /data ferry && mkdir /data && chown ferry /data
USER ferry
WORKDIR /data
VOLUME /data
EXPOSE 8443/tcp 8443/udp
ENTRYPOINT ["/opt/ferry/bin/ferry-gateway"]
CMD ["--demo", "--demo-dir", "/opt/ferry/web", "--sdk-dir", "/opt/ferry/sdk", "--data-dir", "/data"]
