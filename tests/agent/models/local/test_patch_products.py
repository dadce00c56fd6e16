"""Patch embeddings as matrix products: the same numbers as the convolution, and only where it covers its input."""

from pathlib import Path
from typing import Any

import pytest
from tiny_models import tiny_model_maker

from screenwright.agent.models.local.patch_products import use_patch_products

torch: Any = pytest.importorskip("torch", reason="needs the local extra: run scripts/test-local")
transformers: Any = pytest.importorskip("transformers", reason="needs the local extra: run scripts/test-local")

pytestmark = pytest.mark.local


def conv3d(**settings: Any) -> Any:
    torch.manual_seed(0)
    return torch.nn.Conv3d(3, 8, kernel_size=(2, 4, 4), **{"stride": (2, 4, 4), **settings})


def product_of(conv: Any) -> Any:
    copied = type(conv)(3, 8, conv.kernel_size, conv.stride, conv.padding, bias=conv.bias is not None)
    copied.load_state_dict(conv.state_dict())
    use_patch_products(torch.nn.Sequential(copied))
    return copied


@pytest.mark.parametrize("bias", [True, False])
def test_values_and_gradients_are_those_of_the_convolution(bias: bool) -> None:
    conv = conv3d(bias=bias)
    product, patches = product_of(conv), torch.randn(5, 3, 2, 4, 4)
    for module in (conv, product):
        module(patches).square().sum().backward()
    assert "forward" in vars(product)
    assert torch.allclose(product(patches), conv(patches), atol=1e-5)
    assert torch.allclose(product.weight.grad, conv.weight.grad, atol=1e-4)


@pytest.mark.parametrize("conv", [{"stride": 1}, {"padding": 1}])
def test_a_convolution_with_several_positions_is_left_alone(conv: dict[str, Any]) -> None:
    assert "forward" not in vars(product_of(conv3d(**conv)))


def test_a_larger_input_is_still_a_convolution() -> None:
    conv, video = conv3d(), torch.randn(2, 3, 4, 8, 8)
    assert torch.equal(product_of(conv)(video), conv(video))


def test_weights_that_a_hook_moves_are_left_alone() -> None:
    conv = conv3d()
    conv._hf_hook = object()
    use_patch_products(conv)
    assert "forward" not in vars(conv)


@pytest.mark.parametrize("architecture", ["qwen2_5_vl", "qwen3_vl"])
def test_a_vision_tower_sees_the_same_picture(architecture: str, tmp_path: Path) -> None:
    tiny_model_maker()(tmp_path, architecture=architecture)
    model = transformers.AutoModelForImageTextToText.from_pretrained(tmp_path).eval()
    patch = model.config.vision_config.patch_size
    pixels, grid = torch.randn(16, 3 * 2 * patch * patch), torch.tensor([[1, 4, 4]])
    features = []
    for _ in range(2):
        with torch.no_grad():
            features.append(model.model.visual(pixels, grid_thw=grid).pooler_output)
        use_patch_products(model)
    assert "forward" in vars(model.model.visual.patch_embed.proj)
    assert torch.allclose(*features, atol=1e-5)
