"""What the doctor says of speech models: whether each language's folder is a model that an installed engine can load."""

from __future__ import annotations

from collections.abc import Iterator

from callcenter.doctor import Finding
from callcenter.settings import Settings
from recordings import engines
from recordings.engines import folders

DOWNLOAD = "callcenter models download NAME --into FOLDER"


def check_speech(settings: Settings) -> Iterator[Finding]:
    """Look into the folder of every configured model."""
    fix: tuple[str, ...]
    known = engines.Engines(settings.speech.models)
    if not known.models:
        fix = (DOWNLOAD, "[speech.models]", 'en = "FOLDER OF A VOSK MODEL"')
        yield Finding("speech", "warn", "no model: recordings wait to be transcribed", fix)
    for language in sorted(known.models):
        try:
            folder = known.folder(language)
        except engines.NoModel as problem:
            fix = ("[speech.models]", f'{language} = "FOLDER OF A MODEL"', DOWNLOAD)
            if folders.INSTALL_WHISPER in str(problem):
                fix = (folders.INSTALL_WHISPER,)
            yield Finding("speech", "fail", f"{language}: {problem}", fix)
        else:
            yield Finding("speech", "ok", f"{language}: {folder}, {folders.kind(folder)}")
