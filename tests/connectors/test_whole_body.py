"""A body is read to its end or not at all, and never unpacks into more than was agreed."""

import gzip
from dataclasses import replace

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.http.body import RequestLimits, read_whole
from definitions.errors import SourceAnswerUnusableError, TryAgainError

LIMITS = RequestLimits()


class Chunks(httpx.SyncByteStream):
    def __init__(self, content: bytes, size: int) -> None:
        self.content, self.size = content, size

    def __iter__(self):
        return (self.content[at : at + self.size] for at in range(0, len(self.content), self.size))


def answer(content: bytes, *, size: int = 1000, **headers: str) -> httpx.Response:
    return httpx.Response(200, headers=headers, stream=Chunks(content, size))


def read(response: httpx.Response, limits: RequestLimits = LIMITS, *, is_late: bool = False) -> bytes:
    return read_whole(response, limits, lambda: is_late)


@given(st.binary(max_size=5000), st.integers(1, 700), st.integers(0, 9), st.booleans())
def test_law_what_was_packed_comes_out(content, size, level, is_packed):
    if is_packed:
        packed = gzip.compress(content, compresslevel=level)
        assert read(answer(packed, size=size, **{"content-encoding": "gzip"})) == content
    else:
        assert read(answer(content, size=size)) == content


@given(st.binary(min_size=1, max_size=3000), st.data())
def test_law_no_part_of_a_gzip_body_passes_for_the_whole(content, data):
    """F18."""
    packed = gzip.compress(content)
    kept = packed[: data.draw(st.integers(0, len(packed) - 1))]
    with pytest.raises(TryAgainError):
        read(answer(kept, **{"content-encoding": "gzip", "content-length": str(len(kept))}))


@given(st.binary(max_size=3000), st.integers(0, 4000))
def test_law_no_other_length_than_the_announced_passes(content, announced):
    response = answer(content, **{"content-length": str(announced)})
    if announced == len(content):
        assert read(response) == content
    else:
        with pytest.raises(TryAgainError, match="the body ended after"):
            read(response)


@pytest.mark.parametrize("extra", [b"x", gzip.compress(b"more")], ids=["a byte", "another member"])
def test_nothing_may_follow_the_end(extra):
    with pytest.raises(TryAgainError, match="goes on after"):
        read(answer(gzip.compress(b"{}") + extra, **{"content-encoding": "gzip"}))


def test_a_wrong_checksum_is_seen():
    packed = bytearray(gzip.compress(b'{"results":[]}'))
    packed[-6] ^= 1
    with pytest.raises(TryAgainError, match="damaged"):
        read(answer(bytes(packed), **{"content-encoding": "gzip"}))


@pytest.mark.parametrize(
    ("limits", "words"),
    [(LIMITS, "inflates more than 200 times"), (replace(LIMITS, body_bytes=1 << 20), "inflates beyond 1048576")],
)
def test_a_bomb_is_left_before_it_goes_off(limits, words):
    """F44."""
    packed = gzip.compress(b" " * (30 << 20))
    assert len(packed) < 40_000
    with pytest.raises(SourceAnswerUnusableError, match=words):
        read(answer(packed, size=65536, **{"content-encoding": "gzip"}), limits)


def test_gzip_in_gzip_is_unpacked_once():
    """F44."""
    inner = gzip.compress(b"{}")
    assert read(answer(gzip.compress(inner), **{"content-encoding": "gzip"})) == inner


def test_a_plain_body_has_a_limit_too():
    with pytest.raises(SourceAnswerUnusableError, match="longer than 100 bytes"):
        read(answer(b" " * 1000, size=10), replace(LIMITS, body_bytes=100))


def test_a_late_body_is_given_up():
    with pytest.raises(TryAgainError, match="not whole when its time was over"):
        read(answer(b"{}"), is_late=True)
