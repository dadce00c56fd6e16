"""Runs one verifier of the benchmark in a separate process: `python verify.py FILE URL`.

Prints a line of JSON: whether the verifier passed, and its message. As in the benchmark, an exception counts as failed.
"""

import importlib.util
import json
import sys


def main() -> None:
    """Run the verifier and print its result."""
    path, url = sys.argv[1:]
    spec = importlib.util.spec_from_file_location("verifier", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    try:
        done, message = module.verify(url)
    except Exception as error:  # noqa: BLE001 -- any exception counts as failed
        done, message = False, f"verifier exception: {type(error).__name__}: {error}"
    sys.stdout.write(json.dumps([bool(done), str(message)]) + "\n")


if __name__ == "__main__":
    main()
