# The application, by role: serve (web and telephony) or worker. Built from this repository and a public base image.
FROM python:3.12-slim-bookworm
RUN useradd --system --create-home --home-dir /srv/callcenter callcenter
WORKDIR /srv/callcenter
COPY requirements.lock ./
RUN pip install --no-cache-dir --require-hashes -r requirements.lock
COPY --chown=callcenter . .
USER callcenter
VOLUME /srv/callcenter/var
EXPOSE 8080
ENTRYPOINT ["python", "-m", "callcenter"]
CMD ["serve"]
