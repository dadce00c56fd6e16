"""Official texts on this machine: added to the user's data folder, or in an installed package.

An added text is the file `<folder>/<declared hash>.txt`, or `<declared hash>.any-version.txt` if it is another version
than the declared one. Dialects that declare the same text share it.
"""

import os
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path, PurePosixPath

from screenwright._home import home_folder

from .declaration import SHOWN_DIGITS, LoadedPrompt, OfficialPrompt, OfficialText, text_sha256
from .extract import ExtractionError, extract_texts

ANY_VERSION = "any-version"


@dataclass(frozen=True, slots=True)
class AddedText:
    """A text that was added: its declaration, and the hash of what was found."""

    declared: OfficialText
    sha256: str


def prompts_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """The folder of added texts, in the user's data folder: `$XDG_DATA_HOME` or `~/.local/share`."""
    data = environ.get("XDG_DATA_HOME", "")
    home = Path(data) if Path(data).is_absolute() else home_folder() / ".local" / "share"
    return home / "screenwright" / "prompts"


def load_official(choices: Iterable[OfficialPrompt], folder: Path | None = None) -> LoadedPrompt | None:
    """The first of `choices` whose texts are all available: added to `folder`, or in an installed package.

    Raises:
        ValueError: an added text was changed.
    """
    folder = folder or prompts_folder()
    for prompt in choices:
        for lookup in (_added, _installed):
            found = {key: lookup(text, prompt.package, folder) for key, text in prompt.texts.items()}
            texts = {key: text for key, text in found.items() if text is not None}
            if texts and len(texts) == len(found):
                return LoadedPrompt(_source(prompt, texts, packaged=lookup is _installed), texts)
    return None


def add_from(
    source: Path, prompts: Sequence[OfficialPrompt], folder: Path, *, any_version: bool = False
) -> tuple[AddedText, ...]:
    """Add the texts of `prompts` that `source` contains: a checkout, a wheel, or one of the files.

    With `any_version`, a text that is not the declared one is added as well.

    Raises:
        ValueError: `source` contains none of them, or another version.
    """
    read = _reader(source)
    added: dict[OfficialText, str] = {}
    missing: list[str] = []
    for prompt in prompts:
        for text in prompt.texts.values():
            content = read(text.path)
            if content is None:
                missing.append(prompt.published)
            elif text not in added:
                added[text] = _checked(content, text, source, any_version=any_version)
    if not added:
        wanted = "; ".join(dict.fromkeys(missing))
        raise ValueError(f"{source} contains none of the files of the official prompt: it is published in {wanted}")
    folder.mkdir(parents=True, exist_ok=True)
    for text, found in added.items():
        _remove(text, folder)
        exact = text_sha256(found) == text.sha256
        name = f"{text.sha256}.txt" if exact else f"{text.sha256}.{ANY_VERSION}.txt"
        (folder / name).write_bytes(found.encode())
    _added.cache_clear()
    return tuple(AddedText(text, text_sha256(found)) for text, found in added.items())


def remove_texts(prompts: Iterable[OfficialPrompt], folder: Path) -> int:
    """Remove the added texts of `prompts`; returns how many there were."""
    removed = sum(_remove(text, folder) for prompt in prompts for text in prompt.texts.values())
    _added.cache_clear()
    return removed


def _remove(text: OfficialText, folder: Path) -> bool:
    files = [file for file in _files(text, folder) if file.exists()]
    for file in files:
        file.unlink()
    return bool(files)


def _files(text: OfficialText, folder: Path) -> tuple[Path, Path]:
    return folder / f"{text.sha256}.txt", folder / f"{text.sha256}.{ANY_VERSION}.txt"


def _source(prompt: OfficialPrompt, texts: Mapping[str, str], *, packaged: bool) -> str:
    paths = ", ".join(dict.fromkeys(text.path for text in prompt.texts.values()))
    where = f"{prompt.package} {metadata.version(prompt.package)}" if packaged else f"{prompt.repository} {paths}"
    exact = all(text_sha256(text) == prompt.texts[key].sha256 for key, text in texts.items())
    return f"{where}{'' if exact else ', another version'}, sha256 {text_sha256(*texts.values())[:SHOWN_DIGITS]}"


@cache
def _added(text: OfficialText, package: str, folder: Path) -> str | None:
    for file in _files(text, folder):
        try:
            found = file.read_bytes().decode()
        except (FileNotFoundError, NotADirectoryError):
            continue
        except UnicodeDecodeError:
            found = ""
        if ANY_VERSION not in file.name and text_sha256(found) != text.sha256:
            raise ValueError(f"{file} was changed: delete it, then use screenwright prompts add")
        return found
    return None


@cache
def _installed(text: OfficialText, package: str, folder: Path) -> str | None:
    """The declared text from the installed `package`; None if it is not installed or has another version."""
    if not package:
        return None
    try:
        files = metadata.files(package) or ()
    except metadata.PackageNotFoundError:
        return None
    path = _longest_match(text.path, [str(file) for file in files])
    located = next((file.locate() for file in files if str(file) == path), None)
    try:
        content = None if located is None else Path(str(located)).read_bytes()
        candidates = () if content is None else _candidates(content, text)
    except (OSError, ExtractionError):
        return None
    return next((found for found in candidates if text_sha256(found) == text.sha256), None)


def _reader(source: Path) -> Callable[[str], bytes | None]:
    """A function that reads a file of `source` by its path in the repository; None if it is not there."""
    if source.is_dir():
        paths = [source, *(folder for folder in source.iterdir() if folder.is_dir())]

        def from_folder(path: str) -> bytes | None:
            found = next((folder / path for folder in paths if (folder / path).is_file()), None)
            return None if found is None else found.read_bytes()

        return from_folder
    if not source.exists():
        raise ValueError(f"there is no file or folder {source}")
    if zipfile.is_zipfile(source):

        def from_archive(path: str) -> bytes | None:
            with zipfile.ZipFile(source) as archive:
                found = _longest_match(path, archive.namelist())
                return None if found is None else archive.read(found)

        return from_archive
    return lambda path: source.read_bytes() if PurePosixPath(path).name == source.name else None


def _longest_match(path: str, names: Sequence[str]) -> str | None:
    """The name that ends with `path`, or else with most of its last parts, at least a folder and a file."""
    parts = PurePosixPath(path).parts
    for start in range(len(parts) - 1 or 1):
        tail = "/".join(parts[start:])
        for name in names:
            if name == tail or name.endswith(f"/{tail}"):
                return name
    return None


def _candidates(content: bytes, text: OfficialText) -> tuple[str, ...]:
    try:
        source = content.decode().replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise ExtractionError("the file is not UTF-8") from error
    return extract_texts(source, text.name) if text.name else (source,)


def _checked(content: bytes, text: OfficialText, source: Path, *, any_version: bool) -> str:
    try:
        candidates = _candidates(content, text)
    except ExtractionError as error:
        raise ValueError(f"{source}, {text.path}: {error}") from error
    exact = next((found for found in candidates if text_sha256(found) == text.sha256), None)
    if exact is not None:
        return exact
    if not any_version:
        raise ValueError(
            f"{source}, {text.path}: the text {text.name or 'of the file'} has the sha256 "
            f"{text_sha256(candidates[0])}, not {text.sha256}: it is another version; --any-version adds it anyway"
        )
    return candidates[0]
