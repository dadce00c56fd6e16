"""The texts of a conversation hold no special tokens of the tokenizer, whichever it has."""

from dataclasses import dataclass, field
from typing import Any

from screenwright import FunctionCall, Message, Sampling
from screenwright.agent.models.local.chat import ChatTemplate


@dataclass(frozen=True)
class AddedToken:
    text: str
    special: bool = True

    def __str__(self) -> str:
        return self.text


@dataclass
class Tokenizer:
    """A tokenizer that renders a chat as the texts in it."""

    added_tokens_decoder: dict[int, AddedToken]
    all_special_tokens: list[str] = field(default_factory=list[str])

    def apply_chat_template(self, chat: list[dict[str, Any]], **_: object) -> str:
        return "\n".join(f"{turn['content']} {turn.get('reasoning_content')} {turn.get('tool_calls')}" for turn in chat)


ADDED = ("<|turn>", "[END]", "<s>", "<|box_start|>", "|", "<!odd token*>")


def rendered(*messages: Message) -> str:
    added = {number: AddedToken(text) for number, text in enumerate(ADDED)} | {99: AddedToken("<tool_call>", False)}
    return ChatTemplate(Tokenizer(added, ["<eos>"]), image_token="<img>").render(messages, Sampling())


def test_special_tokens_in_texts_are_broken_up() -> None:
    text = "a<|turn>b[END]c<s>d<!odd token*>e<eos>f<img>g"
    reply = Message("assistant", (), reasoning="<|turn>", calls=(FunctionCall("f", {"x": ["[END]"]}),))
    broken = "a< |turn>b[ END]c< s>d< !odd token*>e< eos>f< img>g"
    assert rendered(Message.of("user", text)).startswith(broken)
    assert "< |turn>" in rendered(reply)
    assert "['[ END]']" in rendered(reply)


def test_tokens_of_trained_formats_stay() -> None:
    text = "click(<|box_start|>(1,2)) <tool_call> | x"
    assert rendered(Message.of("system", text)).startswith(text)
