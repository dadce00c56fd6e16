"""Parts of a home that the first start of a program makes slowly, kept on this machine for later starts."""

import shutil
import tempfile
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from .template import App
from .web.program import apps_folder

_NOT_KEPT = shutil.ignore_patterns(".lock", "*.lock", "lock", "Singleton*")


class PreparedFiles:
    """The `prepared` files and folders of programs, in the folder of applications; new if a program changes."""

    def keep(self, app: App, home: Path) -> None:
        """Keep those of a program that has started in `home`, unless they are known."""
        kept = _folder_of(app)
        if not app.prepared or kept.exists() or not all((home / path).exists() for path in app.prepared):
            return
        with suppress(OSError):  # the disk is full, or another process was faster
            kept.parent.mkdir(parents=True, exist_ok=True)
            new = Path(tempfile.mkdtemp(dir=kept.parent, prefix="new-"))
            try:
                for path in app.prepared:
                    _copy(home / path, new / path)
                new.rename(kept)
            finally:
                shutil.rmtree(new, ignore_errors=True)

    def copy(self, app: App, home: Path) -> None:
        """Write those that are known to a new home."""
        kept = _folder_of(app)
        for path in app.prepared if kept.is_dir() else ():
            _copy(kept / path, home / path)


def _folder_of(app: App) -> Path:
    """Where the files of this version of a program are kept."""
    program = shutil.which(app.program)
    state = Path(program).resolve().stat() if program else None
    version = (app.prepared, sorted(app.settings.items()), program, state and (state.st_mtime_ns, state.st_size))
    return apps_folder() / "prepared" / f"{app.name}-{sha256(repr(version).encode()).hexdigest()[:12]}"


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, dirs_exist_ok=True, ignore=_NOT_KEPT, ignore_dangling_symlinks=True)
    else:
        shutil.copyfile(source, target)
