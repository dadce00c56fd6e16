"""The model interface: messages in, text out."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from pydantic import JsonValue

from .messages import FunctionCall, Message


class ModelLost(Exception):
    """The model cannot be reached, refuses the request, or stopped responding.

    The message is the cause in one line. The episode ends as `model_lost` and does not count as the model's failure.
    """


class PromptRefused(ModelLost):
    """The server rejects this prompt; it may accept one with fewer screenshots.

    `images` and `tokens` are the limits that its message names; None if it names none.
    """

    def __init__(self, message: str, images: int | None = None, tokens: int | None = None) -> None:
        super().__init__(message)
        self.images = images
        self.tokens = tokens


class ModelUnknown(ModelLost):
    """The server does not have the named model, or it has several and none was named."""


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """Identifies a model in the log: its name, endpoint, and version if known.

    `context_tokens` is the context window, prompt and reply together; None if it is unknown.
    """

    name: str
    endpoint: str = ""
    version: str = ""
    context_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class ModelOptions:
    """Settings that a model is opened with.

    `name` selects one of several models at a server, and the dialect of a model whose own name does not identify it.
    `image_uuids` sends the bytes of each screenshot only once, to servers that support it (vLLM). `timeout_s` limits
    how long a server may be silent.
    """

    name: str | None = None
    image_uuids: bool = False
    timeout_s: float = 120.0


@dataclass(frozen=True, slots=True)
class Sampling:
    """The parameters of a request besides its messages; None leaves a value to the server.

    `stop` are strings that end the reply. `json_schema` constrains the reply to JSON, and `grammar`, as Lark for
    llguidance, to a grammar, on servers that support it (vLLM). `tools` are the functions that the model may call, as
    JSON schemas in OpenAI's form, and `tool_choice` is `auto`, `required` or `none`. `chat_template_kwargs` are
    variables of the model's chat template, such as `enable_thinking`; `reasoning_effort` is `low`, `medium` or `high`.
    `extra_body` is added to the request as it is.
    """

    temperature: float = 0.0
    top_p: float | None = None
    max_tokens: int = 1000
    frequency_penalty: float | None = None
    grammar: str | None = None
    top_k: int | None = None
    presence_penalty: float | None = None
    repetition_penalty: float | None = None
    stop: tuple[str, ...] = ()
    json_schema: Mapping[str, JsonValue] | None = None
    tools: tuple[Mapping[str, JsonValue], ...] = ()
    tool_choice: str | None = None
    chat_template_kwargs: Mapping[str, JsonValue] = field(default_factory=dict[str, JsonValue])
    reasoning_effort: str | None = None
    extra_body: Mapping[str, JsonValue] = field(default_factory=dict[str, JsonValue])


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one or more calls; `cached` prompt tokens came from the server's prefix cache, if it reports them.

    `estimated` if a server did not report some of them, as many do not for a reply that is stopped early.
    """

    prompt: int = 0
    completion: int = 0
    cached: int = 0
    estimated: bool = False

    @property
    def total(self) -> int:
        """Prompt and completion tokens."""
        return self.prompt + self.completion

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(
            self.prompt + other.prompt,
            self.completion + other.completion,
            self.cached + other.cached,
            self.estimated or other.estimated,
        )


@dataclass(frozen=True, slots=True)
class SampledTokens:
    """The ids of the tokens that the model was sent and sampled, and the log-probability of each sampled one.

    What a model does not report is empty. Where the caller ended a reply early, the tokens are those until then.
    """

    prompt: tuple[int, ...] = ()
    reply: tuple[int, ...] = ()
    logprobs: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Completion:
    """A model's reply. `complete` is False if it was cut off at `max_tokens`.

    `text` is the whole reply as the model writes it: reasoning that a server separates stands in `<think>` tags before
    it, and function calls in `<tool_call>` tags behind it. `content`, `reasoning`, `calls` and `finish_reason` are the
    parts as the server sent them. `recovered_errors` lists the errors that were retried before the reply arrived, one
    line each. `tokens` are those of the call, if a request asked for them (`return_token_ids`, `logprobs`).
    """

    text: str
    usage: Usage = Usage()
    complete: bool = True
    recovered_errors: tuple[str, ...] = ()
    content: str = field(default="", compare=False)
    reasoning: str = field(default="", compare=False)
    calls: tuple[FunctionCall, ...] = field(default=(), compare=False)
    finish_reason: str = field(default="", compare=False)
    tokens: SampledTokens | None = field(default=None, compare=False)


def never(_text: str) -> bool:
    """A `stop` that never ends the reply early."""
    return False


class Model(Protocol):
    """Anything that replies to messages with text.

    A model of your own implements these three methods; no base class is needed. `ScriptedModel` is an example.
    """

    def info(self) -> ModelInfo:
        """Identifies the model, as far as possible without contacting it."""
        ...

    def connect(self) -> None:
        """Contact the server or load the weights. Later calls do nothing.

        Raises:
            ModelLost: the model is not available.
        """
        ...

    def complete(
        self, messages: Sequence[Message], sampling: Sampling, stop: Callable[[str], bool] = never
    ) -> Completion:
        """Reply to `messages`.

        `stop` is called with the text so far, before the first token and then as often as possible; the reply ends
        when it returns True.

        Raises:
            ModelLost: there is no reply.
        """
        ...
