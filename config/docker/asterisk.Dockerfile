# An exchange for trying the product in containers; in production yours stands where it is.
FROM debian:sid-slim
RUN apt-get update \
 && apt-get install -y --no-install-recommends asterisk asterisk-core-sounds-en-wav \
 && rm -rf /var/lib/apt/lists/*
COPY config/asterisk/ /usr/share/callcenter/asterisk/
COPY config/docker/asterisk.sh /usr/local/bin/callcenter-asterisk
EXPOSE 5060/udp 5038
ENTRYPOINT ["callcenter-asterisk"]
