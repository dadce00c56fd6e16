"""Maps missing packages to the extras that install them."""

_EXTRAS = {
    "browser": ("playwright", "publicsuffixlist", "cryptography"),
    "desktop": ("mss", "pyautogui", "pyperclip", "Xlib"),
    "reader": ("rapidocr", "onnxruntime", "cv2", "numpy"),
    "local": ("transformers", "accelerate", "torch"),
    "learn": ("trl", "datasets", "peft"),
    "gym": ("gymnasium",),
    "openenv": ("openenv", "fastapi"),
    "secrets": ("keyring", "pyotp"),
    "mcp": ("mcp", "mcp_types"),
    "server": ("starlette", "uvicorn"),
    "vllm": ("vllm",),
    "eval": ("requests",),
    "workbench": ("defusedxml", "docx", "odf", "openpyxl", "pptx"),
    "ray": ("ray",),
    "android": ("adbutils",),
    "openai": ("openai",),
    "anthropic": ("anthropic",),
    "gemini": ("google",),
    "otel": ("opentelemetry",),
    "schema": ("jsonschema", "referencing"),
}


def missing_extra(error: ModuleNotFoundError) -> ImportError | None:
    """The error to raise instead of `error`, which names the extra to install; None if no extra has the package."""
    package = (error.name or "").partition(".")[0]
    for extra, packages in _EXTRAS.items():
        if package in packages:
            return ImportError(f"this needs the package {package}: pip install 'screenwright[{extra}]'")
    return None
