"""Known mistakes in i-CLEVR's pictures. Each patch's old text occurs exactly once in the solution."""

from functools import partial

from grader.authoring.patching import one_patch

mistake = partial(one_patch, 5, file="iclevr_dataset.py")

RESIZED = 'resized = image.convert("RGB").resize((SIZE, SIZE), Image.Resampling.BILINEAR)'
SCALED = "return torch.from_numpy(np.array(resized)).permute(2, 0, 1).float() / 127.5 - 1.0"

MISTAKES = (
    mistake(
        "pictures_from_0_to_1",
        SCALED,
        "return torch.from_numpy(np.array(resized)).permute(2, 0, 1).float() / 255",
        "Your pictures are in [0, 1]. They should be in [-1, 1], like the generator's: use 2 x - 1.",
        "to_tensor",
    ),
    mistake(
        "pictures_from_minus_half_to_half",
        SCALED,
        "return torch.from_numpy(np.array(resized)).permute(2, 0, 1).float() / 255 - 0.5",
        "Your pictures are in [-0.5, 0.5]. Scale them as well: 2 x - 1, for x in [0, 1].",
        "to_tensor",
    ),
    mistake(
        "pictures_from_0_to_2",
        SCALED,
        "return torch.from_numpy(np.array(resized)).permute(2, 0, 1).float() / 127.5",
        "Your pictures are in [0, 2]. Subtract 1 to bring them to [-1, 1].",
        "to_tensor",
    ),
    mistake(
        "pictures_of_bytes",
        SCALED,
        "return torch.from_numpy(np.array(resized)).permute(2, 0, 1).float()",
        "Your pictures still have the levels of the file, 0 to 255. Scale them to [-1, 1].",
        "to_tensor",
    ),
    mistake(
        "pictures_normalised_as_imagenet",
        SCALED,
        "x = torch.from_numpy(np.array(resized)).permute(2, 0, 1).float() / 255\n"
        "    mean, std = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])\n"
        "    return (x - mean[:, None, None]) / std[:, None, None]",
        "You normalise with the mean and standard deviation of ImageNet. Use 0.5 for both, which gives [-1, 1].",
        "to_tensor",
    ),
    mistake(
        "pictures_of_bgr",
        SCALED,
        f"{SCALED.replace('permute', 'flip(2).permute')}",
        "Red and blue are swapped. PIL already gives red, green, blue, unlike OpenCV, so do not reverse the channels.",
        "to_tensor",
    ),
    mistake(
        "pictures_with_channels_last",
        SCALED,
        SCALED.replace(".permute(2, 0, 1)", ""),
        "Your channels come last, as in PIL. Convolutions need (3, 64, 64): use permute(2, 0, 1).",
        "to_tensor",
    ),
    mistake(
        "pictures_transposed",
        SCALED,
        SCALED.replace("permute(2, 0, 1)", "permute(2, 1, 0)"),
        "Height and width are swapped, so your pictures lie on their side. Use permute(2, 0, 1).",
        "to_tensor",
    ),
    mistake(
        "pictures_reshaped",
        SCALED,
        SCALED.replace("permute(2, 0, 1)", "reshape(3, SIZE, SIZE)"),
        "reshape does not move the channel axis: it fills your channels with rows of pixels. Use permute(2, 0, 1) "
        "instead.",
        "to_tensor",
    ),
    mistake(
        "pictures_of_four_channels",
        RESIZED,
        'resized = image.convert("RGBA").resize((SIZE, SIZE), Image.Resampling.BILINEAR)',
        "Your pictures keep the alpha channel of the file. Use convert('RGB') to get three channels.",
        "to_tensor",
    ),
    mistake(
        "pictures_not_resized",
        RESIZED,
        'resized = image.convert("RGB")',
        "Your pictures keep the size of the file. Resize them to 64 x 64.",
        "to_tensor",
    ),
    mistake(
        "pictures_of_128",
        RESIZED,
        'resized = image.convert("RGB").resize((128, 128), Image.Resampling.BILINEAR)',
        "Your pictures have 128 x 128 pixels. The networks and the evaluator expect 64 x 64.",
        "to_tensor",
    ),
    mistake(
        "pictures_cropped",
        RESIZED,
        "from PIL import ImageOps\n\n"
        '    resized = ImageOps.fit(image.convert("RGB"), (SIZE, SIZE), Image.Resampling.BILINEAR)',
        "You crop the longer side, and lose the objects at the edges. Scale both sides to 64 instead.",
        "to_tensor",
    ),
    mistake(
        "pictures_in_float64",
        SCALED,
        SCALED.replace(".float()", ".double()"),
        "Your pictures are float64. They should be float32, like the networks' weights.",
        "to_tensor",
    ),
)
