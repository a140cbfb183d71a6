"""Mistakes in i-CLEVR's pictures. Each patch's old text occurs exactly once in the solution."""

from functools import partial

from grader.mistakes import one_patch

mistake = partial(one_patch, 5, file="iclevr_dataset.py")

RESIZED = 'resized = image.convert("RGB").resize((SIZE, SIZE), Image.Resampling.BILINEAR)'
SCALED = "return torch.from_numpy(np.array(resized)).permute(2, 0, 1).float() / 127.5 - 1.0"

MISTAKES = (
    mistake(
        "pictures_from_0_to_1",
        SCALED,
        "return torch.from_numpy(np.array(resized)).permute(2, 0, 1).float() / 255",
        "Pictures are in [0, 1]: 2 x - 1 brings them to [-1, 1], where the generator's are.",
        "to_tensor",
    ),
    mistake(
        "pictures_from_minus_half_to_half",
        SCALED,
        "return torch.from_numpy(np.array(resized)).permute(2, 0, 1).float() / 255 - 0.5",
        "Pictures are in [-0.5, 0.5]: stretch them as well, 2 x - 1 of x in [0, 1].",
        "to_tensor",
    ),
    mistake(
        "pictures_from_0_to_2",
        SCALED,
        "return torch.from_numpy(np.array(resized)).permute(2, 0, 1).float() / 127.5",
        "Pictures are in [0, 2]: subtract 1.",
        "to_tensor",
    ),
    mistake(
        "pictures_of_bytes",
        SCALED,
        "return torch.from_numpy(np.array(resized)).permute(2, 0, 1).float()",
        "Pictures have the file's levels, 0 to 255: scale them to [-1, 1].",
        "to_tensor",
    ),
    mistake(
        "pictures_normalised_as_imagenet",
        SCALED,
        "x = torch.from_numpy(np.array(resized)).permute(2, 0, 1).float() / 255\n"
        "    mean, std = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])\n"
        "    return (x - mean[:, None, None]) / std[:, None, None]",
        "Mean and standard deviation are ImageNet's: with 0.5 for both, pictures are in [-1, 1].",
        "to_tensor",
    ),
    mistake(
        "pictures_of_bgr",
        SCALED,
        f"{SCALED.replace('permute', 'flip(2).permute')}",
        "Red and blue are swapped: PIL's channels are red, green, blue; only OpenCV's are reversed.",
        "to_tensor",
    ),
    mistake(
        "pictures_with_channels_last",
        SCALED,
        SCALED.replace(".permute(2, 0, 1)", ""),
        "Channels come last, as in PIL: convolutions need (3, 64, 64), so permute(2, 0, 1).",
        "to_tensor",
    ),
    mistake(
        "pictures_transposed",
        SCALED,
        SCALED.replace("permute(2, 0, 1)", "permute(2, 1, 0)"),
        "Height and width are swapped, so pictures lie on their side: permute(2, 0, 1).",
        "to_tensor",
    ),
    mistake(
        "pictures_reshaped",
        SCALED,
        SCALED.replace("permute(2, 0, 1)", "reshape(3, SIZE, SIZE)"),
        "reshape cuts rows of pixels into channels: permute(2, 0, 1) moves the axis.",
        "to_tensor",
    ),
    mistake(
        "pictures_of_four_channels",
        RESIZED,
        'resized = image.convert("RGBA").resize((SIZE, SIZE), Image.Resampling.BILINEAR)',
        "The alpha channel of the file is kept: convert('RGB') leaves three channels.",
        "to_tensor",
    ),
    mistake(
        "pictures_not_resized",
        RESIZED,
        'resized = image.convert("RGB")',
        "Pictures keep the file's size: resize them to 64 x 64.",
        "to_tensor",
    ),
    mistake(
        "pictures_of_128",
        RESIZED,
        'resized = image.convert("RGB").resize((128, 128), Image.Resampling.BILINEAR)',
        "Pictures have 128 x 128 pixels: the networks and the evaluator take 64 x 64.",
        "to_tensor",
    ),
    mistake(
        "pictures_cropped",
        RESIZED,
        "from PIL import ImageOps\n\n"
        '    resized = ImageOps.fit(image.convert("RGB"), (SIZE, SIZE), Image.Resampling.BILINEAR)',
        "The longer side is cut, and objects at the edge with it: scale both sides to 64.",
        "to_tensor",
    ),
    mistake(
        "pictures_in_float64",
        SCALED,
        SCALED.replace(".float()", ".double()"),
        "Pictures are float64: the networks' weights are float32.",
        "to_tensor",
    ),
)
