"""Files that a browser sends: written to the disk as they come, off the loop, and never larger than allowed."""

from __future__ import annotations

import asyncio
from pathlib import Path

from aiohttp import BodyPartReader, web

BLOCK = 256 * 1024
LONGEST_FIELD = 2000
MOST_FIELDS = 20


async def form(request: web.Request) -> tuple[dict[str, str], BodyPartReader | None]:
    """Return the fields that stand before the file of a form, and the file; None where none was chosen."""
    fields: dict[str, str] = {}
    if request.content_type != "multipart/form-data":
        return fields, None
    async for part in await request.multipart():
        if not isinstance(part, BodyPartReader) or len(fields) >= MOST_FIELDS:
            break
        if part.name == "file" and part.filename:
            return fields, part
        if part.name and part.filename is None:
            sent = await part.read_chunk(LONGEST_FIELD)
            fields[part.name] = sent.decode("utf-8", "replace")
    return fields, None


async def store(part: BodyPartReader, path: Path, largest: int) -> bool:
    """Write what is sent as it comes; say whether it was small enough, else nothing is left of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    size = 0
    with path.open("wb") as file:
        while block := await part.read_chunk(BLOCK):
            size += len(block)
            if size > largest:
                break
            await asyncio.to_thread(file.write, block)
    if size > largest:
        await asyncio.to_thread(path.unlink)
    return size <= largest
