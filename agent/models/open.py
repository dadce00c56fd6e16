"""Open a model by what a person types: `reader`, or the address of a server."""

from .model import Model


def open_model(which: str, name: str | None = None, *, image_uuids: bool = False) -> Model:
    """The embedded `reader`, or the model called `name` at the OpenAI-compatible server `http://host:port/v1`.

    Nothing is contacted yet. `image_uuids` sends a screenshot's bytes once only, to servers that take that (vLLM).

    Raises:
        ValueError: `which` is neither.
        ImportError: the reader is not installed; says how to.
    """
    if which == "reader":
        from .reader import ReaderModel  # its OCR takes a second to import, and is an extra

        return ReaderModel()
    if which.startswith(("http://", "https://")):
        from .served import ServedModel  # the OpenAI SDK takes half a second to import

        return ServedModel(which, name, image_uuids=image_uuids)
    raise ValueError(f"there is no model {which!r}: say reader, or the address of a server such as http://host:8000/v1")
