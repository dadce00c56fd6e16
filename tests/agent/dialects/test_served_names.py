"""Names that models are served under, and the dialect each one chooses."""

import pytest

from screenwright.agent.dialects.registry import dialect_for_model, dialects_for_model

SERVED = {
    "ui-tars-1.5": """
        ByteDance-Seed/UI-TARS-1.5-7B
        ui-tars-1.5
        uitars15-7b
        reader
        ui-tars-1p5-7b
        UI_TARS_7B_v1.5
        UI-TARS-1.5-7B-AWQ
        UI-TARS-1.5-7B-GPTQ-Int4
        UI-TARS-1.5-7B-FP8
        UI-TARS-1.5-7B-NVFP4
        Mungert/UI-TARS-1.5-7B-GGUF
        lmstudio-community/UI-TARS-1.5-7B-GGUF
        mlx-community/UI-TARS-1.5-7B-4bit
        bartowski/ByteDance-Seed_UI-TARS-1.5-7B-GGUF
        mradermacher/UI-TARS-1.5-7B-i1-GGUF
        0000/ui-tars-1.5-7b:latest
        hf.co/lmstudio-community/UI-TARS-1.5-7B-GGUF:Q4_K_M
        ui-tars:1.5-7b
        UI-TARS-1.5-7B-Q8_0.gguf
        /models/UI-TARS-1.5-7B
        /models/UI-TARS-1.5-7B/
        /models/ui-tars-1.5-7b/model-q4.gguf
        C:\\models\\UI-TARS-1.5-7B
        ~/.cache/huggingface/hub/models--ByteDance-Seed--UI-TARS-1.5-7B/snapshots/683d002dd99d
        /data/qwen2.5-vl/ui-tars-1.5-7b
        /train/UI-TARS-1.5-7B/checkpoint-1200
    """,
    "ui-tars-1.0": """
        bytedance-research/UI-TARS-7B-DPO
        bytedance-research/UI-TARS-7B-SFT
        ByteDance-Seed/UI-TARS-2B-SFT
        UI-TARS-72B-DPO
        UI-TARS-72B-SFT
        ui-tars-72b
        ui-tars-1.0
        UI-TARS-7B-DPO-AWQ
        bytedance-research/UI-TARS-2B-gguf
        bytedance-research/UI-TARS-7B-DPO-gguf
        lmstudio-community/UI-TARS-72B-DPO-GGUF
        mlx-community/UI-TARS-2B-SFT-8bit
        avil/ui-tars-7b-dpo:q4_0
    """,
    "doubao": """
        doubao-1-5-ui-tars-250428
        doubao-1.5-thinking-vision-pro
        doubao-1-5-thinking-vision-pro-250428
        doubao-1.5-vision-pro-32k
        Seed1.5-VL
    """,
    "seed-xml": """
        UI-TARS-2
        ByteDance-Seed/UI-TARS-2
        doubao-seed-1-6-vision-250815
        doubao-seed-1-8-251228
        doubao-seed-1.6
        doubao-seed-2-0-pro
        seed-1.8
        ByteDance-Seed/Seed-OSS-1.6
    """,
    "qwen2.5-vl": """
        Qwen/Qwen2.5-VL-3B-Instruct
        Qwen/Qwen2.5-VL-7B-Instruct
        Qwen/Qwen2.5-VL-72B-Instruct-AWQ
        qwen2.5vl:7b
        qwen2.5vl:32b-q4_K_M
        qwen2_5_vl
        unsloth/Qwen2.5-VL-7B-Instruct-bnb-4bit
        RedHatAI/Qwen2.5-VL-72B-Instruct-quantized.w4a16
        nvidia/Qwen2.5-VL-7B-Instruct-NVFP4
        lmstudio-community/Qwen2.5-VL-7B-Instruct-GGUF
    """,
    "qwen3-vl": """
        Qwen/Qwen3-VL-2B-Instruct
        Qwen/Qwen3-VL-8B-Thinking
        Qwen/Qwen3-VL-30B-A3B-Instruct-FP8
        Qwen/Qwen3-VL-235B-A22B-Instruct
        qwen3-vl:8b
        qwen3-vl:8b-instruct-q4_K_M
        unsloth/Qwen3-VL-8B-Instruct-GGUF
        cpatonn/Qwen3-VL-8B-Instruct-AWQ-4bit
        mlx-community/Qwen3-VL-4B-Instruct-8bit
        hf.co/unsloth/Qwen3-VL-8B-Instruct-GGUF:UD-Q4_K_XL
    """,
    "kimi": """
        moonshotai/Kimi-K2.5
        moonshotai/Kimi-K2.6
        kimi-k2.5
        nvidia/Kimi-K2.5-NVFP4
        kimi-k2.6:cloud
    """,
    "kimi-k3": """
        moonshotai/Kimi-K3
        kimi-k3
    """,
    "glm-v": """
        zai-org/GLM-4.5V
        zai-org/GLM-4.5V-FP8
        zai-org/GLM-4.6V
        zai-org/GLM-4.6V-Flash
        cyankiwi/GLM-4.6V-AWQ-4bit
        glm-5v
    """,
    "evocua": """
        meituan/EvoCUA-8B-20260105
        meituan/EvoCUA-32B-20260105
        evocua-s2-fp8
    """,
    "qwen3.5": """
        Qwen/Qwen3.5-0.8B
        Qwen/Qwen3.5-9B
        Qwen/Qwen3.5-35B-A3B-FP8
        Qwen/Qwen3.5-397B-A17B-GPTQ-Int4
        qwen3.5:9b
        qwen3.6:27b
        unsloth/Qwen3.6-35B-A3B-GGUF
        nvidia/Qwen3.6-27B-NVFP4
        qwen35vl-9b-awq
    """,
    "qwen3.8": """
        Qwen/Qwen3.8-27B
        qwen3.8:27b-q8_0
        qwen3.7-plus
    """,
    "fara-7b": """
        microsoft/Fara-7B
        fara-7b-gguf
        bartowski/microsoft_Fara-7B-GGUF
        fara-7b:q4_K_M
    """,
    "fara1.5": """
        microsoft/Fara1.5-4B
        microsoft/Fara1.5-9B
        Fara-1.5-27B-FP8
        mradermacher/Fara1.5-27B-GGUF
    """,
    "gui-owl-1.0": """
        mPLUG/GUI-Owl-7B
        mPLUG/GUI-Owl-32B
        gui-owl-7b-awq
        mradermacher/GUI-Owl-7B-GGUF
    """,
    "gui-owl-1.5": """
        mPLUG/GUI-Owl-1.5-2B-Instruct
        mPLUG/GUI-Owl-1.5-8B-Instruct
        mPLUG/GUI-Owl-1.5-8B-Thinking
        mPLUG/GUI-Owl-1.5-32B-Instruct
        gui_owl_1_5_8b
        GUI-Owl-1.5-8B-Instruct-AWQ
        mradermacher/GUI-Owl-1.5-8B-Instruct-GGUF
    """,
    "opencua": """
        xlangai/OpenCUA-7B
        xlangai/OpenCUA-32B
        opencua-7b-awq
        mradermacher/OpenCUA-7B-GGUF
    """,
    "opencua-72b": """
        xlangai/OpenCUA-72B
        OpenCUA-72B-FP8
    """,
    "opencua-relative": """
        xlangai/OpenCUA-Qwen2-7B
        xlangai/OpenCUA-A3B
        opencua-a3b-gguf
    """,
    "scalecua": """
        OpenGVLab/ScaleCUA-3B
        OpenGVLab/ScaleCUA-7B
        OpenGVLab/ScaleCUA-32B
        scalecua-7b-awq
    """,
    "holo1": """
        Hcompany/Holo1-3B
        Hcompany/Holo1-7B
        holo1-7b-gguf
    """,
    "holo1.5": """
        Hcompany/Holo1.5-3B
        Hcompany/Holo1.5-7B
        Hcompany/Holo1.5-72B
        holo1-5-7b-20250915
        mradermacher/Holo1.5-7B-GGUF
    """,
    "holo2": """
        Hcompany/Holo2-4B
        Hcompany/Holo2-8B
        Hcompany/Holo2-30B-A3B
        Hcompany/Holo2-235B-A22B-Preview
        holo2-8b-fp8
    """,
    "holo3": """
        Hcompany/Holo3-35B-A3B
        Hcompany/Holo3-122B-A10B
        Hcompany/Holo3.1-4B
        Hcompany/Holo3.1-9B-GGUF
        Holo3-35B-A3B-NVFP4
    """,
    "holo3.1": """
        Hcompany/Holo3.1-35B-A3B
        Hcompany/Holo3.1-35B-A3B-FP8
        holo3-1-35b-a3b
    """,
    "holo4": """
        Hcompany/Holo4-27B
        Hcompany/Holo4-27B-GGUF
        Hcompany/Holo4-35B-A3B
        unsloth/Holo4-35B-A3B-GGUF
    """,
    "gta1": """
        HelloKKMe/GTA1-7B
        HelloKKMe/GTA1-32B
        HelloKKMe/GTA1-72B
        Salesforce/GTA1-7B-2507
        gta1-7b-awq
    """,
    "gelato": """
        mlfoundations/Gelato-30B-A3B
        mlfoundations-cua-dev/Gelato-30B-A3B
        gelato-30b-a3b-fp8
        mradermacher/Gelato-30B-A3B-GGUF
    """,
    "ui-venus-1.5": """
        inclusionAI/UI-Venus-1.5-2B
        inclusionAI/UI-Venus-1.5-8B
        inclusionAI/UI-Venus-1.5-30B-A3B
        UI-Venus-1.5-8B-AWQ
        mradermacher/UI-Venus-1.5-8B-GGUF
    """,
    "ui-venus-1.0": """
        inclusionAI/UI-Venus-Navi-7B
        inclusionAI/UI-Venus-Navi-72B
        UI-Venus-Navi-72B-FP8
    """,
    "ui-venus-ground": """
        inclusionAI/UI-Venus-Ground-7B
        inclusionAI/UI-Venus-Ground-72B
    """,
    "ui-venus-2": """
        inclusionAI/UI-Venus-2-9B
        UI-Venus-2-9B-AWQ
        ui_venus_2
        UI-Venus-2.0-9B-GGUF
    """,
    "mai-ui": """
        Tongyi-MAI/MAI-UI-2B
        Tongyi-MAI/MAI-UI-8B
        Tongyi-MAI/MAI-UI-32B
        Tongyi-MAI/MAI-UI-235B-A22B
        MAI-UI-8B-AWQ
        mradermacher/MAI-UI-8B-GGUF
        ahmadwaqar/mai-ui:8b
    """,
    "step-gui": """
        stepfun-ai/GELab-Zero-4B-preview
        stepfun-ai/Step-GUI-4B
        stepfun-ai/Step-GUI-8B
        gelab-zero-4b-preview
        gelab-zero-4b-preview:latest
        GELab-Zero-4B-preview-GGUF
    """,
    "autoglm": """
        zai-org/AutoGLM-Phone-9B
        zai-org/AutoGLM-Phone-9B-Multilingual
        autoglm-phone-9b
        autoglm-phone-9b-mlx-4bit
        ZhipuAI/AutoGLM-Phone-9B
    """,
    "molmoweb": """
        allenai/MolmoWeb-4B
        allenai/MolmoWeb-8B
        allenai/MolmoWeb-8B-Native
        molmo_web_8b
    """,
}
NAMES = [(served.strip(), name) for name, names in SERVED.items() for served in names.strip().splitlines()]


@pytest.mark.parametrize(("served", "name"), NAMES)
def test_served_name_chooses_the_dialect(served: str, name: str) -> None:
    dialect = dialect_for_model(served)
    assert dialect is not None, [found.name for found in dialects_for_model(served)]
    assert dialect.name == name


def test_table_has_at_least_150_names() -> None:
    assert len(dict(NAMES)) == len(NAMES) >= 150


@pytest.mark.parametrize(
    "served",
    [
        "gpt-4o",
        "claude-opus-5",
        "Qwen/Qwen3-8B",
        "InfiniteVL/InfiniteVL",
        "OpenGVLab/InternVL3.5-8B",
        "xlangai/Jedi-7B-1080p",
        "osunlp/UGround-V1-7B",
        "OS-Copilot/OS-Atlas-Base-7B",
        "Hcompany/Holotron4-30B-A3B",
        "allenai/Molmo-7B-D-0924",
        "acme/reader",
        "/models/final",
    ],
)
def test_name_of_another_model_chooses_nothing(served: str) -> None:
    assert dialects_for_model(served) == []


@pytest.mark.parametrize(
    ("served", "names"),
    [
        ("ui-tars", {"ui-tars-1.0", "ui-tars-1.5"}),
        ("UI-TARS-7B", {"ui-tars-1.0", "ui-tars-1.5"}),
        ("opencua", {"opencua", "opencua-72b", "opencua-relative"}),
        ("gui-owl", {"gui-owl-1.0", "gui-owl-1.5"}),
        ("microsoft/fara", {"fara-7b", "fara1.5"}),
        ("ui-venus-2b", {"ui-venus-1.0", "ui-venus-1.5", "ui-venus-2", "ui-venus-ground"}),
        ("Qwen2.5-VL-7B-GTA1", {"qwen2.5-vl", "gta1"}),
        ("Holo2-8B-UI-TARS-1.5", {"holo2", "ui-tars-1.5"}),
        ("/models/ui-tars/7b", {"ui-tars-1.0", "ui-tars-1.5"}),
    ],
)
def test_name_that_fits_several_dialects_is_not_guessed(served: str, names: set[str]) -> None:
    assert {dialect.name for dialect in dialects_for_model(served)} == names
    assert dialect_for_model(served) is None
