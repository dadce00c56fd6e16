"""Runs one verifier, which is other people's code, in a process of its own: `python verify.py FILE URL`.

Prints a line of JSON: whether it is satisfied, and what it says. By the benchmark's own rule a verifier that raises is
not satisfied.
"""

import importlib.util
import json
import sys


def main() -> None:
    """Verify, and print what came out."""
    path, url = sys.argv[1:]
    spec = importlib.util.spec_from_file_location("verifier", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    try:
        done, said = module.verify(url)
    except Exception as error:  # noqa: BLE001 -- whatever it raises, it is not satisfied
        done, said = False, f"verifier exception: {type(error).__name__}: {error}"
    sys.stdout.write(json.dumps([bool(done), str(said)]) + "\n")


if __name__ == "__main__":
    main()
