"""What the voice tells of a picture: measured, never guessed."""

from __future__ import annotations

import io
import random
from datetime import datetime

import numpy as np
import pytest
from PIL import Image

from gemini_live_nb.emulator.speech.rules import Rules
from gemini_live_nb.emulator.speech.scene import Memory
from gemini_live_nb.emulator.speech.see import look
from gemini_live_nb.protocol.content import Blob

NOW = datetime(2026, 11, 22, 18, 45).astimezone()


def blob(picture, kind="PNG"):
    file = io.BytesIO()
    picture.save(file, kind)
    return Blob(mime_type=f"image/{kind.lower()}", data=file.getvalue())


def plain(color, size=(64, 48)):
    return Image.new("RGB", size, color)


def ask(text, seen):
    return Rules(Memory(look=seen), {}, NOW, random.Random(0)).reply(text).words


@pytest.mark.parametrize(
    ("color", "name"),
    [
        ((220, 20, 20), "red"),
        ((20, 200, 40), "green"),
        ((30, 60, 220), "blue"),
        ((250, 230, 40), "yellow"),
        ((110, 60, 10), "brown"),
        ((5, 5, 8), "black"),
        ((128, 128, 130), "gray"),
        ((255, 255, 255), "white"),
    ],
)
def test_colors(color, name):
    assert look([blob(plain(color))], None).colors == (name,)


def test_the_larger_color_is_named_first():
    picture = plain((30, 60, 220), (100, 100))
    picture.paste((220, 20, 20), (0, 0, 100, 30))
    assert (
        ask("What colors do you see?", look([blob(picture)], None)) == "The picture is mostly blue and red."
    )


@pytest.mark.parametrize(
    ("level", "word"), [(8, "very dark"), (128, "of medium brightness"), (250, "very bright")]
)
def test_light(level, word):
    assert (
        ask("Is it dark in the picture?", look([blob(plain((level,) * 3))], None))
        == f"The picture is {word}."
    )


def test_size_and_honesty():
    words = ask("What do you see?", look([blob(plain((9, 9, 9), (320, 200)), "JPEG")], None))
    assert "320 by 200 pixels" in words
    assert "cannot tell" in words


def test_movement_is_told_between_pictures_and_not_for_noise():
    rng = np.random.default_rng(0)
    first = Image.fromarray(rng.integers(100, 110, (48, 64, 3), np.uint8))
    noisy = Image.fromarray(rng.integers(100, 110, (48, 64, 3), np.uint8))
    moved = first.copy()
    moved.paste((250, 250, 250), (10, 10, 30, 30))
    before = look([blob(first)], None)
    assert before.moved is None
    assert look([blob(noisy)], before).moved is False
    after = look([blob(first), blob(moved)], None)
    assert ask("Did anything move?", after).startswith("Yes")


def test_a_qr_code_is_read():
    zxing = pytest.importorskip("zxingcpp", reason='needs the extra: pip install "gemini-live-nb[offline]"')
    code = zxing.create_barcode("https://example.org", zxing.BarcodeFormat.QRCode)
    picture = Image.fromarray(np.array(zxing.write_barcode_to_image(code, scale=6)))
    assert (
        ask("What does the QR code say?", look([blob(picture)], None)) == "The code says https://example.org."
    )
    assert "no code" in ask("Read the barcode", look([blob(plain((200, 200, 200)))], None))


def test_with_no_picture_it_says_how_to_show_one():
    assert "Switch the camera on" in ask("What do you see?", None)
    typed = Rules(Memory(frames=3), {}, NOW, random.Random(0)).reply("What colour is it?").words
    assert "spoken questions only" in typed


@pytest.mark.parametrize("data", [None, b"", b"no picture", blob(plain((1, 2, 3))).data[:60]])
def test_what_is_no_picture_is_passed_over(data):
    assert look([Blob(mime_type="image/png", data=data)], None) is None
    good = blob(plain((220, 20, 20)))
    assert look([good, Blob(mime_type="image/png", data=data)], None).colors == ("red",)
