"""The doctor's checks of a model server, against a fake one with configurable capabilities."""

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import pytest
from scripted_http import FINE, http, scripted_server

from screenwright.agent.core.coordinates import Absolute, ImageRule, ModelPoint
from screenwright.agent.core.model import ModelLost
from screenwright.agent.dialects.dialect import Dialect
from screenwright.agent.dialects.gta1 import Gta1
from screenwright.agent.dialects.ui_tars import UiTars10, UiTars15
from screenwright.agent.doctor import CALIBRATION, REACHABLE, calibrate, check_endpoint, dialect_of
from screenwright.agent.doctor.hypotheses import SpaceHypothesis, hypotheses_for
from screenwright.agent.models.http_server import serve
from screenwright.agent.models.served.model import ServedModel
from screenwright.agent.models.wire import image_of
from screenwright.envs.check import Check, CheckStatus
from screenwright.eval.core.local_server import HttpRequest, HttpResponse, LocalServer
from screenwright.testing import PointingModel, aim_in_space

OK, WARNING, FAILED, SKIPPED = CheckStatus.OK, CheckStatus.WARNING, CheckStatus.FAILED, CheckStatus.SKIPPED

WHAT = (
    "reachable", "name", "reply", "context", "images per prompt", "image size", "special tokens", "prefix cache",
    "structured output",
)  # fmt: skip


decode_image = cache(image_of)


@dataclass
class ServerBehaviour:
    """The behaviour of the fake server; the default is a fully capable vLLM."""

    name: str = "UI-TARS-1.5-7B"
    vllm: bool = True
    context: int | None = 65536
    images: int | None = 5
    refusal: str = "At most {limit} image(s) may be provided in one prompt."
    rule: ImageRule = UiTars15().image_rule
    counts: bool = True
    counts_images: bool = True
    caches: bool = True
    reports_cached: bool = True
    metrics: bool = True
    grammar: str = "enforced"  # or ignored, or rejected
    boxes: str = "Box: <|box_start|>(1,2)<|box_end|>"
    greeting: str = "Hello."
    answers: int | None = None  # disconnects after this many
    status: int = 200
    asked: list[Mapping[str, Any]] = field(default_factory=list[Mapping[str, Any]])
    seen: set[str] = field(default_factory=set[str])
    hits: int = 0

    def respond(self, request: HttpRequest) -> HttpResponse | None:
        if request.method == "POST":
            if self.answers is not None and len(self.asked) >= self.answers:
                return None
            status, body = self.chat(request.json())
        else:
            status, body = self.get(request.path)
        if isinstance(body, str):
            return HttpResponse(body.encode(), "text/plain", status)
        return HttpResponse.of_json(body, status)

    def get(self, path: str) -> tuple[int, Any]:
        if self.status != 200:
            return self.status, {"error": {"message": "access denied"}}
        if path == "/v1/models":
            card = {"id": self.name, "owned_by": "vllm" if self.vllm else "us", "max_model_len": self.context}
            return 200, {"data": [card]}
        if path == "/version":
            return 200, {"version": "0.32.0"}
        if path == "/metrics" and self.metrics:
            more = 'vllm:prefix_cache_hits_created{engine="0"} 1.7e9\n'
            return 200, f'# HELP x\n{more}vllm:prefix_cache_hits_total{{engine="0",model_name="m"}} {self.hits}.0\n'
        return 404, {"detail": "Not Found"}

    def chat(self, body: Mapping[str, Any]) -> tuple[int, Any]:
        self.asked.append(body)
        parts = [
            part
            for message in body["messages"]
            for part in ([message["content"]] if isinstance(message["content"], str) else message["content"])
        ]
        images = [
            decode_image(part["image_url"]["url"]) for part in parts if isinstance(part, dict) and "image_url" in part
        ]
        if self.images is not None and len(images) > self.images:
            return 400, {"error": {"message": self.refusal.format(limit=self.images)}}
        text = "".join(part if isinstance(part, str) else part.get("text", "") for part in parts)
        grammar = body.get("structured_outputs", {}).get("grammar", "")
        if grammar and self.grammar == "rejected":
            return 400, {"error": {"message": "no grammar backend"}}
        reply = self.boxes if "Repeat" in text else self.greeting
        if "code-" in grammar and self.grammar == "enforced":
            reply = "code-1234"
        tokens = 12 + len(text) // 2
        if self.counts_images:
            tokens += sum(self.rule.tokens(self.rule.resize(image.size)) for image in images)
        choice = {"message": {"content": reply}, "finish_reason": "stop"}
        return 200, {"choices": [choice], "usage": self.usage(text, tokens) if self.counts else None}

    def usage(self, text: str, tokens: int) -> dict[str, Any]:
        cached = tokens // 32 * 32 if self.caches and text in self.seen else 0
        self.seen.add(text)
        self.hits += cached
        details = {"cached_tokens": cached} if self.reports_cached else None
        return {"prompt_tokens": tokens, "completion_tokens": 3, "prompt_tokens_details": details}


@contextmanager
def serving(behaviour: ServerBehaviour) -> Generator[ServedModel]:
    with LocalServer(behaviour.respond) as server, ServedModel(server.url, retries=0) as model:
        yield model


def checks_of(behaviour: ServerBehaviour, dialect: Dialect | None = None) -> dict[str, Check]:
    with serving(behaviour) as model:
        return {check.what.removeprefix("model: "): check for check in check_endpoint(model, dialect)}


def check_of(what: str, behaviour: ServerBehaviour, dialect: Dialect | None = None) -> Check:
    """A single check; the ones after it do not run."""
    with serving(behaviour) as model:
        return next(check for check in check_endpoint(model, dialect) if check.what == f"model: {what}")


# -- all checks


def test_fully_capable_server_passes_every_check() -> None:
    found = checks_of(ServerBehaviour())
    assert tuple(found) == WHAT
    assert [(what, check) for what, check in found.items() if check.status is not OK] == []
    assert found["name"].found == "UI-TARS-1.5-7B, dialect ui-tars-1.5"
    assert found["images per prompt"].found == "5"
    assert found["context"].found == "65536 tokens: about 53 screenshots of 1280x720"


def test_server_that_reports_nothing_does_not_fail() -> None:
    behaviour = ServerBehaviour(
        vllm=False, context=None, images=None, counts=False, reports_cached=False, boxes="I will not."
    )
    found = checks_of(behaviour)
    assert not any(check.status is FAILED for check in found.values())
    skipped = {what for what, check in found.items() if check.status is SKIPPED}
    assert skipped == {"context", "image size", "special tokens", "structured output"}
    assert found["prefix cache"].status is WARNING


def test_every_problem_has_a_reason_and_every_failure_a_fix() -> None:
    worst = ServerBehaviour(
        context=1500, images=0, caches=False, grammar="ignored", boxes="(1,2)", rule=ImageRule(28, 3136, 100352)
    )
    for check in checks_of(worst).values():
        assert check.found
        assert "\n" not in check.found + check.fix
        assert check.fix or check.status in (OK, SKIPPED)


def test_remaining_checks_are_skipped_if_the_server_is_down() -> None:
    with ServedModel("http://127.0.0.1:9", retries=0) as model:
        first, *rest = check_endpoint(model)
    assert (first.what, first.status) == (REACHABLE, FAILED)
    assert "connection was refused" in first.found
    assert first.fix.startswith("start it")
    assert [check.status for check in rest] == [SKIPPED] * (len(WHAT) - 1)
    assert {check.found for check in rest} == {"because of model: reachable"}


def test_server_that_rejects_the_key_is_not_reachable() -> None:
    assert check_of("reachable", ServerBehaviour(status=401)).fix == "set its key in OPENAI_API_KEY"


@pytest.mark.parametrize("answers", range(1, 12))
def test_server_lost_during_the_checks_fails_one_and_skips_the_remaining_ones(answers: int) -> None:
    found = list(checks_of(ServerBehaviour(answers=answers)).values())
    failed = [index for index, check in enumerate(found) if check.status is FAILED]
    assert len(failed) == 1
    assert "closed the connection" in found[failed[0]].found
    assert all(check.found == f"because of {found[failed[0]].what}" for check in found[failed[0] + 1 :])


# -- name, reply and context


def test_unknown_model_name_asks_for_a_dialect_and_other_checks_still_run() -> None:
    found = checks_of(ServerBehaviour(name="my-model"))
    assert found["name"].status is FAILED
    assert found["name"].fix == "name its own with --dialect"
    assert (found["images per prompt"].status, found["prefix cache"].status) == (OK, OK)
    assert (found["image size"].status, found["special tokens"].status) == (SKIPPED, SKIPPED)
    assert checks_of(ServerBehaviour(name="my-model"), UiTars15())["name"].status is OK


def test_name_that_leaves_the_dialect_open_is_measured() -> None:
    with serving(ServerBehaviour(name="ui-tars")) as model:
        names = [check for check in check_endpoint(model, measured=True) if check.what == "model: name"]
    assert [(check.status, check.found) for check in names] == [
        (OK, "ui-tars: its name fits ui-tars-1.0 or ui-tars-1.5; the calibration measures which one it fits")
    ]
    check = check_of("name", ServerBehaviour(name="ui-tars"))
    assert (check.status, check.fix) == (FAILED, "use --dialect ui-tars-1.0 or ui-tars-1.5")


def test_server_of_several_models_is_reachable_and_a_name_is_asked_for() -> None:
    listed = http(200, {"data": [{"id": "a"}, {"id": "b"}]})
    with scripted_server(FINE, pages={"/v1/models": listed}) as (model, _):
        found = {check.what.removeprefix("model: "): check for check in check_endpoint(model)}
    assert tuple(found) == WHAT
    assert (found["reachable"].status, found["name"].status) == (OK, FAILED)
    assert found["name"].found.endswith("serves a, b")
    assert found["name"].fix == "choose one with --model-name"
    assert {check.found for check in list(found.values())[2:]} == {"because of model: name"}


def test_dialect_that_contradicts_the_name_is_a_warning() -> None:
    check = check_of("name", ServerBehaviour(), UiTars10())
    assert (check.status, check.fix) == (WARNING, "remove --dialect")


def test_empty_reply_is_a_warning() -> None:
    assert check_of("reply", ServerBehaviour(greeting="")).status is WARNING


@pytest.mark.parametrize(("context", "status"), [(32768, OK), (8192, OK), (6000, WARNING), (2500, FAILED)])
def test_context_too_small_for_the_history_is_reported(context: int, status: CheckStatus) -> None:
    check = check_of("context", ServerBehaviour(context=context))
    assert check.status is status
    assert status is OK or "--max-model-len" in check.fix


# -- images


@pytest.mark.parametrize("limit", [1, 3, 5, 30, 49])
@pytest.mark.parametrize("refusal", ["At most {limit} image(s) may be provided in one prompt.", "too many images"])
def test_image_limit_is_read_from_the_error_or_found_by_bisection(limit: int, refusal: str) -> None:
    check = check_of("images per prompt", ServerBehaviour(images=limit, refusal=refusal))
    assert check.found.startswith(f"{limit}")
    assert check.status is (OK if limit >= 5 else WARNING)
    assert (f"--history window:{limit}" in check.fix) is (limit < 5)


def test_model_without_image_input_fails() -> None:
    found = checks_of(ServerBehaviour(images=0, refusal="this model has no image input"))
    assert found["images per prompt"].status is FAILED
    assert "this model has no image input" in found["images per prompt"].found


@pytest.mark.parametrize(("dialect", "status"), [(UiTars15(), FAILED), (UiTars10(), WARNING)])
def test_server_that_downscales_images_fails_for_models_that_answer_in_pixels(
    dialect: Dialect, status: CheckStatus
) -> None:
    check = check_of("image size", ServerBehaviour(rule=ImageRule(28, 3136, 1003520)), dialect)
    assert check.status is status
    assert "the server resizes it to about " in check.found
    assert check.fix.startswith("raise the server's image limit")


def test_server_that_enlarges_small_images_fails() -> None:
    check = check_of("image size", ServerBehaviour(rule=ImageRule(28, 1024 * 28 * 28, 16384 * 28 * 28)))
    assert (check.status, check.fix.split(" (")[0]) == (FAILED, "lower the server's image limit")


def test_other_patch_size_is_distinguished_from_resizing() -> None:
    check = check_of("image size", ServerBehaviour(rule=ImageRule(32, 3136, 16384 * 28 * 28)))
    assert "patches are 32 px wide, not 28" in check.found


def test_images_too_large_for_the_context_are_not_tried() -> None:
    assert (
        check_of("image size", ServerBehaviour(context=3000)).found
        == "images are not resized: 448x336, 1288x728, 1092x1932, 1932x1092"
    )


@pytest.mark.parametrize("behaviour", [ServerBehaviour(counts=False), ServerBehaviour(counts_images=False)])
def test_image_size_check_is_skipped_without_token_counts(behaviour: ServerBehaviour) -> None:
    assert check_of("image size", behaviour).status is SKIPPED


# -- tokens, cache, grammar


def test_stripped_special_tokens_are_a_warning() -> None:
    assert check_of("special tokens", ServerBehaviour(boxes="Box: (1, 2)")).status is WARNING


def test_vllm_is_forced_by_grammar_to_write_a_box_and_other_servers_are_asked_to() -> None:
    for vllm in (True, False):
        behaviour = ServerBehaviour(vllm=vllm)
        assert check_of("special tokens", behaviour).status is OK
        asked = [body for body in behaviour.asked if "Repeat" in str(body)]
        assert [("<|box_start|>" in str(body.get("structured_outputs"))) for body in asked] == [vllm]


def test_tokenizer_without_box_tokens_skips_the_check() -> None:
    assert check_of("special tokens", ServerBehaviour(grammar="rejected")).status is SKIPPED
    assert check_of("special tokens", ServerBehaviour(), Gta1()).found == "the dialect has none"


def test_disabled_prefix_cache_is_distinguished_from_an_unreported_one() -> None:
    quiet = check_of("prefix cache", ServerBehaviour(reports_cached=False))
    assert quiet.status is OK
    assert "--enable-prompt-tokens-details" in quiet.fix
    off = check_of("prefix cache", ServerBehaviour(caches=False))
    assert (off.status, off.fix) == (WARNING, "remove --no-enable-prefix-caching")
    mute = check_of("prefix cache", ServerBehaviour(reports_cached=False, metrics=False))
    assert (mute.status, "the server does not report it" in mute.found) == (WARNING, True)


@pytest.mark.parametrize(("grammar", "status"), [("enforced", OK), ("ignored", WARNING), ("rejected", WARNING)])
def test_grammar_support_is_verified_by_the_reply(grammar: str, status: CheckStatus) -> None:
    assert check_of("structured output", ServerBehaviour(grammar=grammar)).status is status


# -- calibration through a server


@pytest.fixture(scope="module")
def pointing_server() -> Generator[tuple[PointingModel, ServedModel]]:
    """A model that a test can aim, and a client of its server."""
    double = PointingModel(UiTars15(), aim_in_space(SpaceHypothesis(Absolute())))
    with serve(double, name="ui-tars-1.5") as server, ServedModel(server.url) as model:
        yield double, model


@pytest.mark.parametrize("hypothesis", hypotheses_for(UiTars15()), ids=lambda hypothesis: str(hypothesis.name))
def test_every_space_is_identified_over_http(
    hypothesis: SpaceHypothesis, pointing_server: tuple[PointingModel, ServedModel]
) -> None:
    double, model = pointing_server
    double.aim = aim_in_space(hypothesis, noise_px=1, misses=0.1)
    dialect = dialect_of(model)
    assert dialect is not None
    calibration = calibrate(model, dialect)
    assert calibration.space == hypothesis
    assert calibration.fits is (hypothesis == SpaceHypothesis(Absolute()))
    assert calibration.check().what == CALIBRATION


def test_model_with_arbitrary_points_is_rejected_over_http(pointing_server: tuple[PointingModel, ServedModel]) -> None:
    double, model = pointing_server
    double.aim = lambda _scene, target, _sent: ModelPoint(len(target.name) * 31 % 900, 7)
    calibration = calibrate(model, UiTars15())
    assert (calibration.space, calibration.fits, calibration.check().status) == (None, False, FAILED)


def test_server_lost_during_calibration_is_reported() -> None:
    with serving(ServerBehaviour(greeting="Action: click(start_box='(1,2)')", answers=4)) as model:
        calibration = calibrate(model, UiTars15())
    assert "closed the connection" in calibration.lost
    assert calibration.check().status is FAILED


def test_model_name_selects_the_dialect_unless_one_is_given() -> None:
    with serving(ServerBehaviour()) as model:
        chosen, given = dialect_of(model), dialect_of(model, UiTars10())
    assert chosen is not None
    assert given is not None
    assert (chosen.name, given.name) == ("ui-tars-1.5", "ui-tars-1.0")
    with ServedModel("http://127.0.0.1:9", retries=0) as model, pytest.raises(ModelLost):
        dialect_of(model)
