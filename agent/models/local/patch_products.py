"""Patch embeddings of vision towers as matrix products.

The Qwen-VL and GLM-V families cut an image into patches before the model, and embed each with a three-dimensional
convolution that has one position. PyTorch computes that many times slower than the same product of matrices.
"""

from functools import partial
from importlib import import_module
from typing import Any


def use_patch_products(model: Any) -> None:
    """Compute each convolution of `model` that covers its whole input as a matrix product, with the same weights."""
    conv = import_module("torch").nn.Conv3d
    for module in model.modules():
        if isinstance(module, conv) and _is_plain(module):
            module.forward = partial(_embed, module)


def _is_plain(conv: Any) -> bool:
    """Whether it has no padding and the like, and no hook of accelerate, which moves weights at each call."""
    whole = conv.stride == conv.kernel_size and conv.padding == (0, 0, 0) and conv.dilation == (1, 1, 1)
    return whole and conv.groups == 1 and not hasattr(conv, "_hf_hook")


def _embed(conv: Any, patches: Any) -> Any:
    """See `Conv3d.forward`. `patches` has the shape (patches, channels, time, height, width)."""
    if patches.dim() != 5 or tuple(patches.shape[2:]) != conv.kernel_size:
        return type(conv).forward(conv, patches)
    product = import_module("torch").nn.functional.linear(patches.flatten(1), conv.weight.flatten(1), conv.bias)
    return product[:, :, None, None, None]
