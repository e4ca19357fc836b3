"""Which parts does a workbook's archive have, and are they small enough to be read?

XLSX and ODS files are ZIP archives, and a few kilobytes of those can hold gigabytes.  Sizes are judged by the
archive's directory before anything is read, and again while it is.
"""

import io
import zipfile
from collections.abc import Mapping
from typing import BinaryIO

from api.files.table import TableError

MAX_PART_BYTES = 256 * 1024 * 1024
"""Largest part of a workbook, unpacked, in bytes; chosen: two million cells with text take half of it."""

MAX_PARTS_BYTES = 1024 * 1024 * 1024
"""Largest sum of all parts, unpacked, in bytes; pictures among them (chosen, not measured)."""

MAX_RATIO = 300
"""Most bytes that one packed byte may stand for.  Deflate's limit is 1032; a sheet that repeats one row 10,000 times
stays below 60 (measured)."""

RATIO_FROM_BYTES = 8 * 1024 * 1024
"""Size of a part, unpacked, below which its ratio does not matter, in bytes."""

MAX_PARTS_COUNT = 20_000
"""Most parts; a workbook has some dozens."""

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""First bytes of Microsoft's old container, which also holds whatever is protected by a password."""


class Package:
    """A workbook's archive, judged.

    Args:
        data: the whole file.

    Raises:
        TableError: it is no archive, or too large.
    """

    def __init__(self, data: bytes) -> None:
        if data.startswith(OLE):
            raise TableError(
                "the workbook is protected by a password, or an old .xls file under another name; "
                "save it again as .xlsx, without a password"
            )
        try:
            self._archive = zipfile.ZipFile(io.BytesIO(data))
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
            raise TableError(f"not a workbook: {str(error).lower()}") from None
        self._infos = {info.filename.lstrip("/"): info for info in self._archive.infolist()}
        self._refuse_large()

    def _refuse_large(self) -> None:
        infos = self._archive.infolist()
        if len(infos) > MAX_PARTS_COUNT:
            raise TableError(f"the workbook has {len(infos)} parts; {MAX_PARTS_COUNT} are read at most")
        for info in infos:
            size, ratio = info.file_size, info.file_size / max(info.compress_size, 1)
            if size > MAX_PART_BYTES:
                raise TableError(
                    f"the workbook's part {info.filename[:80]} is {size / 1e6:.0f} MB unpacked; "
                    f"{MAX_PART_BYTES / 1e6:.0f} MB are read at most. Save the list as CSV"
                )
            if size > RATIO_FROM_BYTES and ratio > MAX_RATIO:
                raise TableError(
                    f"the workbook's part {info.filename[:80]} unpacks to {ratio:.0f} times its size; "
                    f"{MAX_RATIO} times are read at most. Save the list as CSV"
                )
            if info.flag_bits & 1:
                raise TableError("the workbook is protected by a password; save it without one")
        total = sum(info.file_size for info in infos)
        if total > MAX_PARTS_BYTES:
            raise TableError(
                f"the workbook is {total / 1e6:.0f} MB unpacked; {MAX_PARTS_BYTES / 1e6:.0f} MB are read at most. "
                "Save the list as CSV"
            )

    def __contains__(self, name: str) -> bool:
        """Say whether there is a part."""
        return name in self._infos

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all parts."""
        return tuple(self._infos)

    def read(self, name: str) -> bytes:
        """Read one part.

        Raises:
            TableError: there is no such part, or it is damaged.
        """
        try:
            with self._archive.open(self._infos[name]) as part:
                data = part.read(MAX_PART_BYTES + 1)
        except KeyError:
            raise TableError(f"the workbook has no part {name}") from None
        except (zipfile.BadZipFile, OSError, EOFError, NotImplementedError, RuntimeError) as error:
            raise TableError(f"the workbook's part {name} cannot be read: {error}") from None
        if len(data) > MAX_PART_BYTES:
            raise TableError(f"the workbook's part {name} is too large")
        return data

    def write(self, changed: Mapping[str, bytes], removed: frozenset[str], file: BinaryIO) -> None:
        """Write the archive again, with some parts changed and some left out."""
        with zipfile.ZipFile(_Sink(file), "w", zipfile.ZIP_DEFLATED) as out:
            for info in self._archive.infolist():
                name = info.filename.lstrip("/")
                if name in removed:
                    continue
                copy = zipfile.ZipInfo(info.filename, info.date_time)
                copy.compress_type = zipfile.ZIP_DEFLATED if info.compress_type else zipfile.ZIP_STORED
                copy.external_attr = info.external_attr
                out.writestr(copy, changed[name] if name in changed else self.read(name))


class _Sink(io.RawIOBase):
    """A file that is only appended to, so that a pipe will do."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def writable(self) -> bool:
        return True

    def write(self, data: "bytes | bytearray | memoryview") -> int:  # type: ignore[override]
        self._file.write(data)
        return len(data)
