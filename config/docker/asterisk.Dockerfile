# An exchange for trying the product in containers; in production yours stands where it is.
FROM debian:sid-slim
RUN apt-get update \
 && apt-get install -y --no-install-recommends asterisk asterisk-core-sounds-en-wav \
 && rm -rf /var/lib/apt/lists/*
COPY config/asterisk/ /etc/asterisk/callcenter/
EXPOSE 5060/udp 5038 8088
CMD ["asterisk", "-f", "-U", "asterisk", "-C", "/etc/asterisk/callcenter/asterisk.conf"]
