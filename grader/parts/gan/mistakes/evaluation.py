"""Mistakes in the evaluation of the discriminator. Each patch's old text occurs exactly once in the solution."""

from functools import partial

from grader.authoring.patching import one_patch

mistake = partial(one_patch, 1, file="gan_pytorch.py")

COUNT_REAL = "true_positives += (D(preprocess_img(x.to(device))) > 0).sum().item()"
COUNT_FAKE = "false_positives += (D(fake_images) > 0).sum().item()"
ACCURACY = "accuracy = (true_positives + fake - false_positives) / (real + fake)"
PRECISION = "precision = true_positives / max(1, true_positives + false_positives)"
RECALL = "recall = true_positives / real"

EVALUATION = (
    mistake(
        "evaluation_from_0_to_1",
        COUNT_REAL,
        "true_positives += (D(x.to(device)) > 0).sum().item()",
        "D gets the real images in [0, 1], but it was trained on [-1, 1]. Pass them through preprocess_img first.",
        "evaluation",
    ),
    mistake(
        "probability_above_0",
        COUNT_FAKE,
        "false_positives += (torch.sigmoid(D(fake_images)) > 0).sum().item()",
        "Your code compares a probability with 0. Every probability is above 0, so every fake counts as real: compare "
        "the logit with 0.",
        "evaluation",
    ),
    mistake(
        "true_negatives_for_false_positives",
        COUNT_FAKE,
        "false_positives += (D(fake_images) < 0).sum().item()",
        "Your code counts the fakes that D rejects as false positives. A false positive is a fake with a positive "
        "logit.",
        "evaluation",
    ),
    mistake(
        "accuracy_of_real_images",
        ACCURACY,
        "accuracy = true_positives / real",
        "Your accuracy only covers the real images, so it is the recall. Count the fakes that D rejects as well.",
        "evaluation",
    ),
    mistake(
        "accuracy_counts_false_positives",
        ACCURACY,
        "accuracy = (true_positives + false_positives) / (real + fake)",
        "Your accuracy counts false positives as correct. Count the true negatives instead: the fakes that D rejects.",
        "evaluation",
    ),
    mistake(
        "precision_and_recall_swapped",
        "return accuracy, precision, recall",
        "return accuracy, recall, precision",
        "Your code swaps precision and recall. Precision is TP / (TP + FP).",
        "evaluation",
    ),
    mistake(
        "recall_of_all_images",
        RECALL,
        "recall = true_positives / (real + fake)",
        "Your recall divides by the number of all images. Divide by the number of real ones: TP / (TP + FN).",
        "evaluation",
    ),
    mistake(
        "discriminator_left_in_training",
        "    D.eval()\n",
        "",
        "D is in training mode while you measure it, so it uses dropout and the batch's statistics. Call D.eval() "
        "first.",
        "evaluation",
    ),
    mistake(
        "noise_size_ignored",
        "noise = sample_noise(batch_size, noise_size).to(device)\n            fake_images = oracle_generator",
        "noise = sample_noise(batch_size, NOISE_DIM).to(device)\n            fake_images = oracle_generator",
        "Your code always draws 96 numbers of noise for the oracle. Draw noise_size of them.",
        "evaluation",
    ),
)
