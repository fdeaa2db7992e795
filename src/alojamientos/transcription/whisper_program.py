"""Listen to one file with faster-whisper and print what was said: MODEL FILE -> one JSON object.

`confidence` is the mean probability of a word piece, as Whisper's own log-probability gives it.
"""

import math
import os
import sys
from collections.abc import Iterator

import av
import numpy as np
import orjson
from faster_whisper import WhisperModel
from numpy.typing import NDArray

LONGEST_S = 120  # what is said later is not listened to; a small file can hold hours
RATE = 16_000  # Hz, what Whisper was trained with
_THREADS = 2
_NICENESS = 5  # guests who write do not wait for one who speaks
# Words that are likely here are heard more easily; a date would be heard where none was said.
_HINT = "Consulta por una cabaña: llegada y salida, noches, el finde, la seña, personas, mascotas."


def main(model: str, file: str) -> None:
    os.nice(_NICENESS)
    os.environ["HF_HUB_OFFLINE"] = "1"
    whisper = WhisperModel(
        model, device="cpu", compute_type="int8", cpu_threads=_THREADS, local_files_only=True
    )
    pieces, _ = whisper.transcribe(
        samples(file),
        language="es",
        initial_prompt=_HINT,
        condition_on_previous_text=False,
        vad_filter=True,
    )
    said = list(pieces)
    seconds = sum(piece.end - piece.start for piece in said)
    mean = sum(piece.avg_logprob * (piece.end - piece.start) for piece in said) / (seconds or 1)
    heard = {
        "text": " ".join(piece.text.strip() for piece in said),
        "confidence": math.exp(mean) if said else 0.0,
    }
    sys.stdout.buffer.write(orjson.dumps(heard))


def samples(file: str) -> NDArray[np.float32]:
    """Return the first two minutes of the sound in `file`; raises av's errors when it is none."""
    parts = [np.zeros(0, dtype=np.float32)]
    left = LONGEST_S * RATE
    with av.open(file, metadata_errors="ignore") as container:
        for part in _decoded(container):
            parts.append(part[:left])
            left -= len(parts[-1])
            if left <= 0:
                break
    return np.concatenate(parts)


def _decoded(container: av.container.InputContainer) -> Iterator[NDArray[np.float32]]:
    resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE)
    for frame in container.decode(audio=0):
        for resampled in resampler.resample(frame):
            yield resampled.to_ndarray().reshape(-1).astype(np.float32) / 32_768.0
    for resampled in resampler.resample(None):
        yield resampled.to_ndarray().reshape(-1).astype(np.float32) / 32_768.0


if __name__ == "__main__":
    main(*sys.argv[1:])
