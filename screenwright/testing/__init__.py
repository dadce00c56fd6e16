"""For tests of code that uses or extends Screenwright: fakes, and the contract of environments.

    from screenwright.testing import FakeEnv, ScriptedModel

Names are imported on first use, so pytest is needed only for `EnvContract`.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
