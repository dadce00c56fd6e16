"""Where an official prompt is published, as a dialect declares it."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass

SHOWN_DIGITS = 12
"""How many digits of a hash are shown to a reader."""


@dataclass(frozen=True, slots=True)
class OfficialText:
    """A text in a published file.

    `path` is the file's path in its repository. `name` says which text of a Python file is meant: see
    `extract_texts`; it is empty for the whole file. `sha256` is the hash of the extracted text in UTF-8.
    """

    path: str
    name: str
    sha256: str


@dataclass(frozen=True, slots=True)
class OfficialPrompt:
    """A prompt in the GitHub repository `repository` (`owner/name`), as one or more texts.

    The keys of `texts` are known to the dialect; `system` is the system message. `commit` is needed if the files are
    not in the newest version. `package` is a distribution on PyPI that contains the same files.
    """

    repository: str
    texts: Mapping[str, OfficialText]
    commit: str = ""
    package: str = ""

    @property
    def published(self) -> str:
        """Repository, commit and files, in one line."""
        paths = ", ".join(dict.fromkeys(text.path for text in self.texts.values()))
        return f"{self.repository}{'@' if self.commit else ''}{self.commit} {paths}"


@dataclass(frozen=True, slots=True)
class LoadedPrompt:
    """The texts of an `OfficialPrompt`, and a line about their source for the records of runs."""

    source: str
    texts: Mapping[str, str]


def text_sha256(*texts: str) -> str:
    """The hash of a text, or of several with NUL between them."""
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()


def fill(template: str, **values: str) -> str:
    """Replace `{name}` by its value, everywhere and in one pass; other braces stay.

    Placeholders that are not identifiers can be passed with `**{"json.dumps(tools)": text}`.

    Raises:
        ValueError: a value has no placeholder.
    """
    placeholders = {f"{{{name}}}": value for name, value in values.items()}
    if unused := [placeholder for placeholder in placeholders if placeholder not in template]:
        raise ValueError(f"the official prompt has no placeholder {', '.join(unused)}")
    pattern = "|".join(map(re.escape, placeholders))
    return re.sub(pattern, lambda found: placeholders[found[0]], template) if placeholders else template
