#!/bin/sh
# Fill in the samples of config/asterisk for a container, and start the exchange. AMI_SECRET is required; PHONE_SECRET is
# made up when it is not given, and printed once.
set -eu
: "${AMI_SECRET:?set AMI_SECRET}"
etc=${ETC:-/etc/asterisk/callcenter}
PHONE_SECRET=${PHONE_SECRET:-$(head -c 12 /dev/urandom | od -An -tx1 | tr -d ' \n')}
root=${ROOT:-} # the test of this file runs it below a folder of its own
mkdir -p "$etc" "$root/var/spool/asterisk/monitor" "$root/var/lib/asterisk" "$root/var/log/asterisk/cdr-csv" "$root/var/run/asterisk"
phones=
for number in 1001 1002 1003 1004 1005 1006 1007 1008; do
  phones="$phones[$number](phone)\\nauth = $number\\naors = $number\\ncallerid = Agent $number <$number>\\nmailboxes = $number@default\\n[$number](phone-auth)\\nusername = $number\\n[$number](phone-aor)\\n"
done
for sample in "${SAMPLES:-/usr/share/callcenter/asterisk}"/*.conf; do
  sed -e "s|@etc@|$etc|g" -e "s|@var@|$root/var/lib/asterisk|g" -e "s|@data@|${DATA:-/usr/share/asterisk}|g" \
      -e "s|@spool@|$root/var/spool/asterisk|g" -e "s|@log@|$root/var/log/asterisk|g" -e "s|@run@|$root/var/run/asterisk|g" \
      -e "s|@modules@|${MODULES:-/usr/lib/x86_64-linux-gnu/asterisk/modules}|g" \
      -e "s|@recordings@|$root/var/spool/asterisk/monitor|g" -e 's|@name@|name|g' \
      -e "s|@ami_port@|${AMI_PORT:-5038}|g" -e 's|@ami_user@|callcenter|g' -e "s|@ami_secret@|$AMI_SECRET|g" \
      -e "s|@http_port@|${HTTP_PORT:-8088}|g" -e "s|@sip_port@|${SIP_PORT:-5060}|g" -e "s|@trunk_port@|${TRUNK_PORT:-5062}|g" \
      -e 's|@rtp_first@|10000|g' -e 's|@rtp_last@|10200|g' -e "s|@phone_secret@|$PHONE_SECRET|g" \
      -e 's|@ring_seconds@|25|g' -e 's|@member_seconds@|15|g' -e 's|@queue_seconds@|120|g' \
      -e 's|@drop_seconds@|10|g' -e 's|@wrapup_seconds@|0|g' -e "s|@phones@|$phones|g" \
      -e "s|^bindaddr = 127.0.0.1|bindaddr = ${BIND:-0.0.0.0}|" -e "s|^bind = 127.0.0.1|bind = ${BIND:-0.0.0.0}|" \
      -e "s|^permit = 127.0.0.1/255.255.255.255|permit = ${PERMIT:-172.16.0.0/255.240.0.0}|" "$sample" >"$etc/${sample##*/}"
done
chmod 600 "$etc"/*.conf
echo "The phones' secret is $PHONE_SECRET"
exec "${ASTERISK:-asterisk}" -f -C "$etc/asterisk.conf"
