"""Files that are not there, or cannot be read."""

import os
from pathlib import Path

import pytest

from nmt_attn.errors import InputError
from nmt_attn.text.streams import Bytes
from tests.text.packed_text import put


def test_a_file_that_is_not_there_or_none(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nowhere: no such file$"):
        Bytes.of(tmp_path / "nowhere")
    with pytest.raises(InputError, match=r"text/below: no such file$"):
        Bytes.of(put(tmp_path, b"") / "below")
    with pytest.raises(InputError, match=r"is a folder; expected a file$"):
        Bytes.of(tmp_path)
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(InputError, match=r"loop: cannot be read: "):
        Bytes.of(tmp_path / "loop")
    with pytest.raises(InputError, match=r"cannot be read: "):
        Bytes.of(tmp_path / ("x" * 1000))


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read(tmp_path: Path) -> None:
    put(tmp_path, b"").chmod(0)
    with pytest.raises(InputError, match=r"text: cannot be read: Permission denied"):
        Bytes.of(tmp_path / "text")
