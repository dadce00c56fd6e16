"""The environment of an episode with secrets: handles go in, and only handles come out.

Every text and picture of an environment passes here, before a record, a prompt or a person gets it.
"""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace
from typing import Protocol, runtime_checkable

from ...envs.actions import Action, Hotkey, Navigate, OpenApp, Type, Wait
from ...envs.base import ScreenEnv
from ...envs.env import ActionRefused, ActionResult, Env, EnvInfo, Fact, Observation, Restartable
from ...envs.input.private import typing_secret
from ...envs.masks import TypedMasks
from ...envs.secrets import Secret, SecretVault, TypesSecrets
from ...prompts import render
from ..core.describe import SECRETS, describe_action

MAX_NAMES = 20


def secrets_note(vault: SecretVault) -> str:
    """The end of the task for the model: which secrets it can type; empty if there are none."""
    listed = [f"{one.handle} ({one.bound_to})" if one.bound_to else one.handle for one in vault.secrets]
    return f"\n\n{SECRETS}{render('secrets', handles=', '.join(listed))}" if listed else ""


class _Window(Protocol):
    @property
    def id(self) -> int: ...


@runtime_checkable
class _HasWindows(Protocol):
    """An environment that lists its windows, such as `DesktopEnv` on X."""

    def windows(self) -> tuple[_Window, ...]: ...
    def active_window(self) -> _Window | None: ...


def secret_env(env: Env, vault: SecretVault) -> "SecretEnv":
    """`env` with the secrets of `vault`."""
    return _RestartableSecretEnv(env, vault) if isinstance(env, Restartable) else SecretEnv(env, vault)


class SecretEnv(ScreenEnv):
    """Types the secrets of `vault` on `env`, masks them in its screenshots, and puts handles into its texts."""

    def __init__(self, env: Env, vault: SecretVault) -> None:
        self._env = env
        self._vault = vault
        self._types_itself = isinstance(env, TypesSecrets)
        self._masks = TypedMasks()
        self._facts: tuple[Fact, ...] = ()
        if isinstance(env, TypesSecrets):
            env.use_secrets(vault)

    def info(self) -> EnvInfo:
        """See `Env`."""
        return self._vault.redact(self._env.info())

    def observe(self) -> Observation:
        """See `Env`."""
        with self._redacted_errors():
            observation, facts = self._observe(), self._facts
        self._facts = ()
        return self._vault.redact(replace(observation, facts=(*facts, *observation.facts)) if facts else observation)

    def execute(self, action: Action) -> ActionResult:
        """See `Env`."""
        if not self._vault:
            with self._redacted_errors():
                return self._env.execute(action)
        self._check_handles(action)
        with self._redacted_errors():
            if self._masks.is_pending and not isinstance(action, Wait):
                self._observe_aside()  # what shows until now may be the secret
                self._masks.end()
            if isinstance(action, Type) and not self._types_itself and self._vault.named_in(action.text):
                return self._type(action)
            return self._vault.redact(self._env.execute(action))

    def release(self) -> None:
        """See `Env`."""
        self._env.release()

    def _observe(self) -> Observation:
        observation = self._env.observe()
        if self._types_itself or not self._vault:
            return observation
        return replace(observation, screenshot=self._masks.apply(observation.screenshot, self._windows()))

    def _observe_aside(self) -> Observation:
        """An observation between two, whose facts belong to the next one."""
        observation = self._observe()
        self._facts += observation.facts
        return observation

    def _check_handles(self, action: Action) -> None:
        """Refuse handles that have no secret, and secrets in addresses."""
        if isinstance(action, Type) and (unknown := self._vault.unknown_in(action.text)):
            names = ", ".join(secret.handle for secret in self._vault.secrets[:MAX_NAMES])
            raise ActionRefused(f"there is no secret {unknown[0]:.60}; there are: {names}")
        text = action.url if isinstance(action, Navigate) else action.app if isinstance(action, OpenApp) else ""
        if found := self._vault.named_in(text):
            raise ActionRefused(f"{found[0].handle} can only be typed, not used in {describe_action(action):.100}")

    def _type(self, action: Type) -> ActionResult:
        """Type a text with secrets by its parts, so that what each of them changes is known."""
        parts = self._vault.split(action.text)
        seen = self._observe_aside()
        for part in parts:
            if isinstance(part, Secret):
                _check_place(part, seen)
        result = ActionResult(0.0)
        for part in parts:
            self._masks.end()
            result = self._env.execute(Type(part)) if isinstance(part, str) else self._type_secret(part)
        if action.submit:
            self._masks.end()
            result = self._env.execute(Hotkey(("enter",)))
        return replace(result, method="")

    def _type_secret(self, secret: Secret) -> ActionResult:
        seen = self._env.observe()
        self._facts += seen.facts
        _check_place(secret, seen)
        active = self._env.active_window() if isinstance(self._env, _HasWindows) else None
        self._masks.begin(seen.screenshot, secret.handle, active.id if active is not None else None)
        with typing_secret():
            result = self._env.execute(Type(self._vault.reveal(secret)))
        self._observe_aside()
        return result

    def _windows(self) -> frozenset[int] | None:
        windows = self._env.windows() if isinstance(self._env, _HasWindows) else ()
        return frozenset(window.id for window in windows) or None

    @contextmanager
    def _redacted_errors(self) -> Generator[None]:
        try:
            yield
        except Exception as error:  # raised again, without the values of secrets in its text
            self._vault.redact_error(error)
            raise


class _RestartableSecretEnv(SecretEnv):
    """A `SecretEnv` whose environment is `Restartable`."""

    def restart(self) -> str:
        """See `Restartable`."""
        assert isinstance(self._env, Restartable)
        with self._redacted_errors():
            return self._vault.redact(self._env.restart())


def _check_place(secret: Secret, seen: Observation) -> None:
    """Refuse to type a secret that belongs elsewhere.

    Raises:
        ActionRefused: it is bound to a host, which pixels cannot show, or to another program.
    """
    if secret.host:
        raise ActionRefused(f"{secret.handle} was not typed: it belongs to {secret.host}, and this screen has no hosts")
    if secret.program and secret.program != seen.program.lower():
        here = f"{seen.program!r:.60} is active" if seen.program else "the active program is not known"
        raise ActionRefused(f"{secret.handle} was not typed: it belongs to the program {secret.program}, and {here}")
