"""One way in for text: the bytes of a file or of a pipe to lines, whatever packs them, encodes them and ends them."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator

from nmt_attn.errors import InputError
from nmt_attn.text.encoding import in_utf8, refuse_binary, refuse_tape, with_line_feeds
from nmt_attn.text.streams import STANDARD_INPUT, Bytes, peeked
from nmt_attn.text.unpacking import MAX_UNPACKED_BYTES, unpacked

MAX_LINE_BYTES = 1_000_000

_BEGINNING = 8192  # bytes that are looked at to tell text from what is none


class TextLines:
    """The lines of a text without their ends, and a count of those that were not what their encoding allows.

    Iterating (once) gives each line as soon as it has come in.
    """

    def __init__(
        self,
        content: Bytes,
        *,
        strict: bool = False,
        advice: str = "convert the file to UTF-8",
        max_line_bytes: int = MAX_LINE_BYTES,
        max_unpacked: int | None = MAX_UNPACKED_BYTES,
    ) -> None:
        """Prepare to read.

        Args:
            content: where the bytes come from.
            strict: refuse a line that is not valid text, instead of putting a mark (U+FFFD) for each wrong byte.
            advice: what to do about such a line.
            max_line_bytes: longest line taken.
            max_unpacked: see :func:`~nmt_attn.text.unpacking.unpacked`.
        """
        self.name = content.name
        self.count = 0
        """Lines so far."""
        self.replaced = 0
        """Lines so far in which bytes were replaced by marks."""
        self.first_replaced: int | None = None
        """Number of the first of them, counted from 1."""
        self.with_nul = 0
        """Lines so far that hold NUL bytes."""
        self._content = content
        self._strict, self._advice = strict, advice
        self._max_line_bytes, self._max_unpacked = max_line_bytes, max_unpacked

    def __iter__(self) -> Generator[str, None, None]:
        """Yield the lines.

        Raises:
            InputError: the content is damaged, packed in a way that is not known here, no text, or (``strict``) a line
                is not valid.
        """
        chunks = unpacked(self._content, most=self._max_unpacked)
        if self._content.size is not None:
            beginning, chunks = peeked(chunks, lambda beginning: len(beginning) >= _BEGINNING)
            refuse_binary(beginning, self.name)
        else:  # a pipe is not waited for: what comes first tells enough of an archive
            beginning, chunks = peeked(chunks, lambda _: True)
            refuse_tape(beginning, self.name)
        encoding, chunks = in_utf8(chunks)
        for raw in _split(with_line_feeds(chunks), self._max_line_bytes + 1):
            self.count += 1
            if len(raw) > self._max_line_bytes:
                raise InputError(
                    f"{self._place()}: longer than {self._max_line_bytes:,} bytes; this is no file of sentences"
                )
            self.with_nul += b"\0" in raw
            yield self._decoded(raw.rstrip(b"\r"), encoding)

    def _decoded(self, raw: bytes, encoding: str) -> str:
        try:
            return raw.decode("utf-8")
        except UnicodeDecodeError as error:
            if self._strict:
                kind = "UTF-8 text" if encoding == "utf-8" else f"valid {encoding.upper()[:6]} text"
                raise InputError(f"{self._place()}: not {kind} (byte {error.start + 1}); {self._advice}") from None
            self.replaced += 1
            self.first_replaced = self.first_replaced or self.count
            return raw.decode("utf-8", errors="replace")

    def _place(self) -> str:
        return f"{'' if self.name == STANDARD_INPUT else f'{self.name}, '}line {self.count}"

    def remark(self) -> str | None:
        """Say in one line how many lines were no proper text; None where all were."""
        found = []
        if self.replaced:
            lines = "1 line was" if self.replaced == 1 else f"{self.replaced:,} lines were"
            first = "" if self.replaced == 1 else "the first is "
            mark = "a mark \ufffd stands for what could not be read"
            found.append(f"{lines} not UTF-8 ({first}line {self.first_replaced}); {mark}")
        if self.with_nul:
            lines = "1 line holds" if self.with_nul == 1 else f"{self.with_nul:,} lines hold"
            found.append(f"{lines} NUL bytes, as text does not")
        return f"warning: {self.name}: {'; '.join(found)}" if found else None


def _split(chunks: Iterable[bytes], most: int) -> Iterator[bytes]:
    """Yield lines without LF, each as soon as it is whole; of one of more than ``most`` bytes what there is by then."""
    parts: list[bytes] = []
    size = 0
    for chunk in chunks:
        *lines, rest = chunk.split(b"\n")
        for line in lines:
            yield b"".join([*parts, line]) if parts else line
            parts, size = [], 0
        if rest:
            parts.append(rest)
            size += len(rest)
            if size > most:
                break
    if parts:
        yield b"".join(parts)
