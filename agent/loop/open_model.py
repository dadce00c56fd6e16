"""Open a model by what a person types: `reader`, the address of a server, or the folder of a model."""

from pathlib import Path

from ..core.model import Model

_LOCAL = "local:"


def open_model(which: str, name: str | None = None, *, image_uuids: bool = False) -> Model:
    """The embedded `reader`, or the model called `name` at the OpenAI-compatible server `http://host:port/v1`.

    A folder with a model in it, or `local:` before a folder or a name at the hub, is run in this process, and then
    `name` is what its dialect is chosen by. Nothing is contacted or loaded yet. `image_uuids` sends a screenshot's
    bytes once only, to servers that take that (vLLM).

    Raises:
        ValueError: `which` is none of these.
        ImportError: what it needs is not installed; says how to.
    """
    if which == "reader":
        from ..reader import ReaderModel  # its OCR takes a second to import, and is an extra

        return ReaderModel()
    if which.startswith(("http://", "https://")):
        from ..models.served import ServedModel  # the OpenAI SDK takes half a second to import

        return ServedModel(which, name, image_uuids=image_uuids)
    if which.startswith(_LOCAL) or Path(which).is_dir():
        from ..models.local import LocalModel

        return LocalModel(which.removeprefix(_LOCAL), name=name)
    raise ValueError(
        f"there is no model {which!r}: say reader, the address of a server such as http://host:8000/v1, "
        "or the folder of a model"
    )
