"""The client on real connections: what a mock cannot do wrong."""

import gzip
import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from pydantic import SecretStr

from connectors.http.body import RequestLimits
from connectors.http.client import Http
from connectors.http.rate_limit import Clock
from connectors.http.request import Call
from connectors.hubspot import streams as hubspot
from definitions.errors import ConfigurationError, SourceRefusedError, TryAgainError

CALL = Call(stream="contacts", path="/crm/objects/2026-03/contacts")
DECODER = msgspec.json.Decoder(dict[str, list[int]])
GOOD = {"results": [1, 2]}


@pytest.fixture
def raw_server() -> Iterator[Callable[[Callable[[socket.socket, int], None]], str]]:
    """Serve each connection by a function that gets the socket, after the request was read, and its number."""
    listener = socket.create_server(("127.0.0.1", 0))
    threads: list[threading.Thread] = []
    stop = threading.Event()

    def start(serve: Callable[[socket.socket, int], None], *, reads_first: bool = True) -> str:
        def run() -> None:
            number = 0
            while not stop.is_set():
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    if reads_first:
                        connection.recv(65536)
                    try:
                        serve(connection, number)
                    except OSError:
                        continue
                number += 1

        threads.append(threading.Thread(target=run, daemon=True))
        threads[-1].start()
        return f"http://127.0.0.1:{listener.getsockname()[1]}"

    yield start
    stop.set()
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    for thread in threads:
        thread.join(5)


BODY = json.dumps(GOOD).encode()
HEAD = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(BODY)


def real_client(base_url: str, **limits: float) -> Http:
    """Real time, but hurried: the waits between tries are skipped."""
    account = hubspot.Account(
        name="hubspot", token=SecretStr("token"), base_url=base_url, limits=replace(RequestLimits(), **limits)
    )
    return hubspot.open_http(account, Clock(monotonic=time.monotonic, sleep=lambda _: None, chance=lambda: 0.0))


@pytest.mark.parametrize("sixteenth", range(16))
def test_a_connection_cut_at_any_point_is_asked_again(raw_server, sixteenth):
    """F17."""
    whole = HEAD + BODY

    def serve(connection: socket.socket, number: int) -> None:
        connection.sendall(whole if number else whole[: len(whole) * sixteenth // 16])

    with_http = real_client(raw_server(serve))
    assert with_http.ask(CALL, DECODER).value == GOOD
    with_http.close()


def test_a_chunked_body_without_its_end_is_asked_again(raw_server):
    """F17."""
    chunk = b"HTTP/1.1 200 OK\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n" % (
        len(BODY),
        BODY,
    )

    def serve(connection: socket.socket, number: int) -> None:
        connection.sendall(chunk + (b"0\r\n\r\n" if number else b""))

    http = real_client(raw_server(serve))
    assert http.ask(CALL, DECODER).value == GOOD
    http.close()


@pytest.mark.parametrize("lost", ["half", "trailer"])
def test_a_gzip_body_without_its_end_is_asked_again(raw_server, lost):
    """F18: with a length header that matches what is sent."""
    packed = gzip.compress(BODY)

    def serve(connection: socket.socket, number: int) -> None:
        kept = packed if number else packed[: len(packed) // 2] if lost == "half" else packed[:-8]
        head = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(
            kept
        )
        connection.sendall(head + kept)

    http = real_client(raw_server(serve))
    assert http.ask(CALL, DECODER).value == GOOD
    http.close()


def drip(connection: socket.socket, content: bytes, stop: threading.Event) -> None:
    for byte in content:
        if stop.wait(0.02):
            return
        connection.sendall(bytes([byte]))


@pytest.mark.parametrize("part", ["headers", "body", "silence"])
def test_a_source_that_never_ends_is_left_at_the_deadline(raw_server, part):
    """F19: no read ever times out, yet the request does."""
    stop = threading.Event()

    def serve(connection: socket.socket, number: int) -> None:
        if part == "headers":
            drip(connection, b"HTTP/1.1 200 OK\r\n" + b"X-A: b\r\n" * 500, stop)
        elif part == "body":
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
            drip(connection, b" " * 100000, stop)
        else:
            stop.wait(5)

    http = real_client(raw_server(serve), deadline_seconds=0.2, retry_budget_seconds=0.0)
    with pytest.raises(
        TryAgainError,
        match=r"page 1: .*http://127\.0\.0\.1:\d+ (did not answer within 0.2 s|is not whole: the body was not whole)",
    ):
        http.ask(CALL, DECODER)
    stop.set()
    http.close()


def self_signed(folder: Path, host: str) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=2))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "pair.pem").write_bytes(certificate.public_bytes(pem) + secret)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "pair.pem")
    return context


def test_an_untrusted_certificate_is_refused_and_nothing_sent(raw_server, tmp_path):
    """F43: at once, for waiting would not make it trusted."""
    context, got = self_signed(tmp_path, "localhost"), []

    def serve(connection: socket.socket, number: int) -> None:
        with context.wrap_socket(connection, server_side=True) as secure:
            got.append(secure.recv(65536))

    port = raw_server(serve, reads_first=False).rpartition(":")[2]
    http = real_client(f"https://localhost:{port}")
    with pytest.raises(SourceRefusedError, match=r"certificate of https://localhost:\d+ is not trusted"):
        http.ask(CALL, DECODER)
    http.close()
    assert got == []


def test_a_token_that_no_header_can_hold_is_told_at_once(raw_server):
    """It would be as wrong the next time; and it is in no message."""
    account = hubspot.Account(name="hubspot", token=SecretStr("canary\n"), base_url=raw_server(lambda *_: None))

    def sleep(seconds: float) -> None:
        raise AssertionError("it was tried again")

    http = hubspot.open_http(account, Clock(monotonic=time.monotonic, sleep=sleep, chance=lambda: 0.5))
    with pytest.raises(ConfigurationError, match=r"hubspot: contacts: page 1: .* no HTTP header may hold") as refused:
        http.ask(CALL, DECODER)
    http.close()
    assert "canary" not in str(refused.value)
