"""What the model is asked after a reply that was not accepted: another action, or the answer in its form."""

from screenwright._text import without_tokens, without_turns

from ...prompts import render
from ..core.answer_format import AnswerRequest, schema_text
from ..core.decision import Finish, ParseFailure, Reply
from ..core.messages import Message
from ..dialects.dialect import Dialect
from ..dialects.prompting.thoughts import without_reasoning


def repair_messages(reply: str, failure: ParseFailure) -> tuple[Message, Message]:
    """The reply as the model's turn, and the message that reports the failure and asks for another reply."""
    excerpt = reply[max(0, failure.position - 40) : failure.position + 40].replace("\n", " ")
    return _after(reply, render("parse_failed", problem=failure.message, excerpt=excerpt))


def answer_messages(reply: str, request: AnswerRequest) -> tuple[Message, Message]:
    """The reply that finished the task as the model's turn, and the message that asks for its answer alone."""
    problems, schema = "; ".join(request.problems), schema_text(request.schema)
    return _after(reply, render("answer_again", problems=problems, schema=schema))


def answer_text(text: str, dialect: Dialect) -> str:
    """The answer in a reply to `answer_messages`; models that always act finish with it once more."""
    match dialect.parse(text):
        case Reply((Finish(answer),)):
            return answer
        case _:
            return without_reasoning(text).strip()


def _after(reply: str, text: str) -> tuple[Message, Message]:
    return Message.of("assistant", without_turns(reply)), Message.of("user", without_tokens(text))
