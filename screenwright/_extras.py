"""Maps missing packages to the extras that install them."""

_EXTRAS = {
    "playwright": "browser",
    "publicsuffixlist": "browser",
    "idna": "browser",
    "mss": "desktop",
    "pyautogui": "desktop",
    "pyperclip": "desktop",
    "Xlib": "desktop",
    "rapidocr": "reader",
    "onnxruntime": "reader",
    "cv2": "reader",
    "numpy": "reader",
    "transformers": "local",
    "accelerate": "local",
    "torch": "local",
    "starlette": "server",
    "uvicorn": "server",
    "vllm": "vllm",
    "miniwob": "eval",
    "ray": "ray",
    "adbutils": "android",
}


def missing_extra(error: ModuleNotFoundError) -> ImportError | None:
    """The error to raise instead of `error`, which names the extra to install; None if no extra has the package."""
    package = (error.name or "").partition(".")[0]
    extra = _EXTRAS.get(package)
    if extra is None:
        return None
    return ImportError(f"this needs the package {package}: pip install 'screenwright[{extra}]'")
