"""Official texts on this machine: added to the user's data folder, or in an installed package.

An added text is the file `<folder>/<declared hash>.txt`, or `<declared hash>.any-version.txt` if it is another version
than the declared one. Dialects that declare the same text share it.
"""

import os
import shutil
import subprocess
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from importlib import metadata
from pathlib import Path, PurePosixPath

from screenwright._files import MAX_TEXT_BYTES, MIB, read_file
from screenwright._home import home_folder

from .declaration import SHOWN_DIGITS, LoadedPrompt, OfficialPrompt, OfficialText, text_sha256
from .extract import ExtractionError, extract_from_text, extract_texts

ANY_VERSION = "any-version"
_MAX_PLACES = 3


@dataclass(frozen=True, slots=True)
class AddedText:
    """A text that was added: its declaration, and the hash of what was found."""

    declared: OfficialText
    sha256: str


@dataclass(frozen=True, slots=True)
class AddedTexts:
    """The texts that were added, and for each one that was refused a line with the reason."""

    added: tuple[AddedText, ...]
    refused: tuple[str, ...] = ()


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


def add_from(source: Path, prompts: Sequence[OfficialPrompt], folder: Path, *, any_version: bool = False) -> AddedTexts:
    """Add the texts of `prompts` that `source` contains: a checkout, a wheel, or one of the files.

    A text that is not the declared one is refused, or, with `any_version`, added as well.

    Raises:
        ValueError: `source` contains none of the files.
    """
    read = _reader(source)
    declared: dict[tuple[str, str], dict[OfficialText, str]] = {}
    for prompt in prompts:
        for text in prompt.texts.values():
            declared.setdefault((text.path, text.name), {})[text] = prompt.commit
    added: dict[OfficialText, str] = {}
    refused: list[str] = []
    missing: list[str] = []
    for (path, name), versions in declared.items():
        contents = {content for commit in versions.values() if (content := read(path, commit)) is not None}
        if not contents:
            continue
        try:
            candidates = [text for content in contents for text in _candidates(content, path, name)]
        except ExtractionError as error:
            missing.append(f"{path}: {error}")
            continue
        by_hash = {text_sha256(candidate): candidate for candidate in candidates}
        exact = {text: by_hash[text.sha256] for text in versions if text.sha256 in by_hash}
        if exact or any_version:
            added |= exact or dict.fromkeys(versions, candidates[0])
        else:
            refused.append(f"{path}: {_other_version(name, versions, candidates[0])}")
    refused += () if added else missing  # else the files only have the same name
    if not added and not refused:
        places = list(dict.fromkeys(prompt.published for prompt in prompts))
        more = f" and {len(places) - _MAX_PLACES} more places" if len(places) > _MAX_PLACES else ""
        wanted = "; ".join(places[:_MAX_PLACES]) + more
        raise ValueError(f"{source} contains none of the files of the official prompt: it is published in {wanted}")
    _store(added, folder)
    return AddedTexts(tuple(AddedText(text, text_sha256(found)) for text, found in added.items()), tuple(refused))


def _other_version(name: str, versions: Mapping[OfficialText, str], found: str) -> str:
    """Why the text `found` is refused; `versions` are the declared ones, with the commit of each if it is declared."""
    expected = " or ".join(sorted(text.sha256 for text in versions))
    commit = next(filter(None, versions.values()), "")
    advice = f"check out commit {commit}, or " if commit else ""
    return (
        f"the text {name or 'of the file'} has the sha256 {text_sha256(found)}, not {expected}: it is another version; "
        f"{advice}--any-version adds it anyway"
    )


def _store(added: Mapping[OfficialText, str], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for text, found in added.items():
        _remove(text, folder)
        ending = ".txt" if text_sha256(found) == text.sha256 else f".{ANY_VERSION}.txt"
        (folder / f"{text.sha256}{ending}").write_bytes(found.encode())
    _added.cache_clear()


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
    where = f"{prompt.package} {_version(prompt.package)}" if packaged else f"{prompt.repository} {paths}"
    exact = all(text_sha256(text) == prompt.texts[key].sha256 for key, text in texts.items())
    return f"{where}{'' if exact else ', another version'}, sha256 {text_sha256(*texts.values())[:SHOWN_DIGITS]}"


@cache
def _version(package: str) -> str:
    return metadata.version(package)


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
        candidates = () if content is None else _candidates(content, text.path, text.name)
    except (OSError, ExtractionError):
        return None
    return next((found for found in candidates if text_sha256(found) == text.sha256), None)


def _reader(source: Path) -> Callable[[str, str], bytes | None]:
    """A function that reads a file of `source` by its path in the repository and a commit; None if it is not there."""
    if not source.exists():
        raise ValueError(f"there is no file or folder {source}")
    if source.is_dir():
        return partial(_from_folder, source)
    if zipfile.is_zipfile(source):
        return partial(_from_archive, source)
    return lambda path, commit: read_file(source) if PurePosixPath(path).name == source.name else None


def _from_folder(source: Path, path: str, commit: str) -> bytes | None:
    """The file in that commit, if `source` is a checkout that has it, or else the one in the folder."""
    if commit and (source / ".git").exists() and (git := shutil.which("git")):
        # Unlike `git show`, this runs no filters that the checkout configures.
        command = [git, "-C", str(source), "cat-file", "blob", f"{commit}:{path}"]
        shown = subprocess.run(command, capture_output=True, check=False)
        if shown.returncode == 0:
            return shown.stdout
    folders = [source, *sorted(folder for folder in source.iterdir() if folder.is_dir())]
    candidates = (folder / tail for tail in _tails(path) for folder in folders)
    found = next((file for file in candidates if file.is_file()), None)
    return None if found is None else read_file(found)


def _from_archive(source: Path, path: str, commit: str) -> bytes | None:
    with zipfile.ZipFile(source) as archive:
        found = _longest_match(path, archive.namelist())
        if found is not None and archive.getinfo(found).file_size > MAX_TEXT_BYTES:
            raise ValueError(f"{found} in {source} is larger than {MAX_TEXT_BYTES // MIB} MiB")
        return None if found is None else archive.read(found)


def _tails(path: str) -> tuple[str, ...]:
    """`path` and its ends, down to a folder and a file: packages leave out the first folders of a repository."""
    parts = PurePosixPath(path).parts
    return tuple("/".join(parts[start:]) for start in range(max(len(parts) - 1, 1)))


def _longest_match(path: str, names: Sequence[str]) -> str | None:
    """The name that ends with `path`, or else with most of it."""
    return next((name for tail in _tails(path) for name in names if f"/{name}".endswith(f"/{tail}")), None)


def _candidates(content: bytes, path: str, name: str) -> tuple[str, ...]:
    try:
        source = content.decode().replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise ExtractionError("the file is not UTF-8") from error
    if not name:
        return (source,)
    return (extract_texts if path.endswith(".py") else extract_from_text)(source, name)
