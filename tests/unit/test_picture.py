"""Any picture becomes a JPEG that may be sent."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from gemini_live_nb.errors import MediaError
from gemini_live_nb.picture import jpeg, mime_type


def read(data):
    return Image.open(io.BytesIO(data))


@pytest.mark.parametrize("longest", [768, 100])
def test_a_large_picture_is_made_smaller_and_keeps_its_shape(longest):
    small = read(jpeg(Image.new("RGB", (1600, 900), "teal"), longest=longest))
    assert small.format == "JPEG"
    assert max(small.size) == longest
    assert small.size[0] / small.size[1] == pytest.approx(16 / 9, rel=0.02)


def test_a_small_picture_keeps_its_size_and_colour():
    same = read(jpeg(Image.new("RGB", (64, 48), (200, 30, 40))))
    assert same.size == (64, 48)
    assert np.abs(np.asarray(same).reshape(-1, 3).mean(0) - (200, 30, 40)).max() < 4


@pytest.mark.parametrize("mode", ["RGBA", "L", "P"])
def test_every_kind_of_pixel_is_taken(mode):
    assert mime_type(jpeg(Image.new(mode, (20, 10)))) == "image/jpeg"


def test_arrays_files_and_bytes_are_taken(tmp_path):
    array = np.full((48, 64, 3), 120, np.uint8)
    Image.fromarray(array).save(tmp_path / "a.png")
    for given in (array, tmp_path / "a.png", str(tmp_path / "a.png"), (tmp_path / "a.png").read_bytes()):
        assert read(jpeg(given)).size == (64, 48)


@pytest.mark.parametrize("given", [b"no picture", "nowhere.png", 7, np.zeros((2, 2, 9))])
def test_what_is_no_picture_is_refused_in_words(given):
    with pytest.raises(MediaError) as refusal:
        jpeg(given)
    assert "Pillow image" in refusal.value.hint


def test_what_the_api_takes_is_known_by_its_first_bytes():
    for kind in ("jpeg", "png", "webp"):
        file = io.BytesIO()
        Image.new("RGB", (8, 8)).save(file, kind)
        assert mime_type(file.getvalue()) == f"image/{kind}"
    assert mime_type(b"%PDF-1.7") is None
