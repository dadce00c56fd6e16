"""Where the prompts are published of the families that act through `computer_use` and `mobile_use`.

Keys: `system`, `user` (beside the first screenshot), and parts that `system` is put together from.
"""

from ....prompts.official import OfficialPrompt, OfficialText

STEPS = "'\\n'.join(previous_actions) if previous_actions else 'None'"
"""The placeholder of `user` for the lines of earlier steps."""

_OSWORLD = "xlang-ai/OSWorld"
_OSWORLD_PACKAGE = "desktop-env"
DATE, WEEKDAY = "today.strftime('%Y-%m-%d')", "weekday_names[today.weekday()]"
"""The placeholders of the date in the prompt of GUI-Owl-1.5 for phones."""

_STEPS_SHA256 = "1ffa5be9061a92e449eed7a8ac47d1cb645f1dd2b569f28d8e034a13557f902a"
_GRID_SHA256 = "5f3348b690e61a5e2a4d138ce4c37275a956e1d61550fc5c324c32cc07d1af66"

_QWEN25 = "mm_agents/qwen25vl_agent.py"
QWEN25_VL = OfficialPrompt(
    _OSWORLD,
    {
        "system": OfficialText(
            _QWEN25,
            "Qwen25VLAgent.predict.system_prompt",
            "83e6d788b1181974e5f6b9819a92b16120f129876cf29c15653688fa18db05dc",
        ),
        "user": OfficialText(_QWEN25, "Qwen25VLAgent.predict.instruction_prompt", _STEPS_SHA256),
    },
    package=_OSWORLD_PACKAGE,
)

_QWEN3 = "mm_agents/qwen3vl_agent.py"
QWEN3_VL = OfficialPrompt(
    _OSWORLD,
    {
        "system": OfficialText(
            _QWEN3,
            "Qwen3VLAgent.predict.system_prompt",
            "bf527df9e06adf518763657e3a95e72192d4252a9ea189edf2f93ef5efdf8e09",
        ),
        "resolution": OfficialText(_QWEN3, "Qwen3VLAgent.predict.*", _GRID_SHA256),
        "user": OfficialText(_QWEN3, "Qwen3VLAgent.predict.instruction_prompt", _STEPS_SHA256),
    },
    package=_OSWORLD_PACKAGE,
)

_EVOCUA = "mm_agents/evocua/prompts.py"
_EVOCUA_AGENT = "mm_agents/evocua/evocua_agent.py"
EVOCUA = OfficialPrompt(
    _OSWORLD,
    {
        "system": OfficialText(
            _EVOCUA, "S2_SYSTEM_PROMPT", "e88a4e3ab5e929022e40e95819f21eb43cf5404165d64f3155ca8e463355fac8"
        ),
        "function": OfficialText(
            _EVOCUA, "build_s2_tools_def.return", "e9718817d3a7d35851e2b1369cc10f79ce5c84ae5f1a75ca1800a9439dff9b86"
        ),
        "description": OfficialText(
            _EVOCUA,
            "S2_DESCRIPTION_PROMPT_TEMPLATE",
            "8782b0953ecd3fb9a08946fbddaf3649e451b16faf262f92b9bb73a1270623ee",
        ),
        "resolution": OfficialText(_EVOCUA_AGENT, "EvoCUAAgent._predict_s2.resolution_info", _GRID_SHA256),
        "user": OfficialText(_EVOCUA_AGENT, "EvoCUAAgent._build_s2_messages.instruction_prompt", _STEPS_SHA256),
    },
)

_OWL15 = "mm_agents/owl15_agent.py"
GUI_OWL_15 = OfficialPrompt(
    _OSWORLD,
    {
        "system": OfficialText(
            _OWL15, "OWL15_PROMPT", "a4253555747365f4e15de842d400247132f4d0c2601416212483b0354aedbd1b"
        ),
        "user": OfficialText(
            _OWL15,
            "Owl15Agent.get_qwen3vlprompt.user_prompt",
            "89de88a4b8f55008d7572c1f9edb2b893315113a6c24c6e65ce7fe19e9599960",
        ),
    },
)

_OWL15_PHONE = "Mobile-Agent-v3.5/mobile_use/utils.py"
GUI_OWL_15_PHONE = OfficialPrompt(
    "X-PLUG/MobileAgent",
    {
        "system": OfficialText(
            _OWL15_PHONE, "SYSTEM_PROMPT", "28235cbaf0bd969239f5cdd3f1fa67a59edf8de4a39c49e96011feac2fbf62fe"
        ),
        "user": OfficialText(
            _OWL15_PHONE,
            "build_messages.instruction_prompt",
            "e7f74a816eacd431af157ba267e55f427103f2da8570b25db44e03a9c48ad8e2",
        ),
    },
)

_OWL10 = "mm_agents/owl_agent.py"
GUI_OWL_10 = OfficialPrompt(
    _OSWORLD,
    {
        "system": OfficialText(
            _OWL10, "OWL_PROMPT", "be8748e8f5c16812114ea9b12a9f8654f59d463dd2e6bcd88ae2d389159b9f6f"
        ),
        "assistant": OfficialText(
            _OWL10, "get_prompt.*", "75357d685f238b6afd7738be9786fdafde641eb6ca9a3be7471939715a68a4de"
        ),
        "user": OfficialText(
            _OWL10, "get_prompt.user_prompt", "25c85338c07350a81df210e50853f668f56b152bcb27eb5d1a9dced55f86e312"
        ),
        "no_steps": OfficialText(
            _OWL10, "OwlAgent.predict.history_str", "78c230750e147653ad8bf5addf109938b9496ee15fe6a84bfcfe1aff3b79a937"
        ),
    },
    package=_OSWORLD_PACKAGE,
)

_FARA = "src/fara/_prompts.py"
_FARA_TEMPLATE = "src/fara/qwen_helpers/fncall_prompt.py"
_NEXT_SHA256 = "9788655fb4f8d541e3f3c741a2d714b50084a3c2528afb353eac65c637027514"
FARA_7B = OfficialPrompt(
    "microsoft/fara",
    {
        "system": OfficialText(
            _FARA_TEMPLATE, "FN_CALL_TEMPLATE", "fc35d3efc4e165c472a971ba435ba949bd544c2d688252e118c0072814b7a012"
        ),
        "identity": OfficialText(
            _FARA,
            "get_computer_use_system_prompt.*",
            "75357d685f238b6afd7738be9786fdafde641eb6ca9a3be7471939715a68a4de",
        ),
        "description": OfficialText(
            _FARA,
            "FaraComputerUse.description.return",
            "86168530348a5dbb94c06344529b4814b89e2960b86150c911cdf3a9b2c7e33a",
        ),
        "parameters": OfficialText(
            _FARA,
            "FaraComputerUse.parameters",
            "5923245651ff4d083ea3c8f852a952ca2016c91b7b1f3623529c01d005df721f",
        ),
        "next": OfficialText("src/fara/fara_agent.py", "FaraAgent.USER_MESSAGE", _NEXT_SHA256),
    },
)

_SURFER = "src/magentic_ui/agents/web_surfer/fara/"
_FARA15 = f"{_SURFER}_prompts.py"
_FARA15_TEMPLATE = f"{_SURFER}qwen_helpers/fncall_prompt.py"
FARA_15 = OfficialPrompt(
    "microsoft/magentic-ui",
    {
        "system": OfficialText(
            _FARA15_TEMPLATE,
            "_build_fn_call_template.return",
            "200b6658bf0d9f41fd382fd904d85226fea85bf607a23f8980fc134d7582ad34",
        ),
        "identity": OfficialText(
            _FARA15_TEMPLATE,
            "FARA_QWEN35VL_IDENTITY",
            "504702e30b2731d9422e6b108910f28f6d2b99cbe25d9bb3d9a3d25cf1d2c773",
        ),
        "description": OfficialText(
            _FARA15,
            "FaraNextBrowserComputerUse.description.return",
            "1cd332d91bc0b383555d48fc67a22bfb85dbffcf9bd5844b8f5458174cd28d69",
        ),
        "parameters": OfficialText(
            _FARA15,
            "FaraNextBrowserComputerUse.parameters",
            "01693f401908920cb202f60352ea01ae397c74656f90a8361ab2d1fd7bf1eede",
        ),
        "next": OfficialText(f"{_SURFER}_fara_qwen3.py", "FaraQwen3Agent.USER_MESSAGE", _NEXT_SHA256),
    },
)


def unescaped(template: str) -> str:
    """A template of `str.format` with its doubled braces made single."""
    return template.replace("{{", "{").replace("}}", "}")
