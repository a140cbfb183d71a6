"""Mistakes in measuring the discriminator. Each patch's old text occurs exactly once in the solution."""

from functools import partial

from grader.mistakes import one_patch

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
        "D sees the real images in [0, 1]: it was trained in [-1, 1], so preprocess_img.",
        "evaluation",
    ),
    mistake(
        "probability_above_0",
        COUNT_FAKE,
        "false_positives += (torch.sigmoid(D(fake_images)) > 0).sum().item()",
        "Every probability is above 0, so every fake is taken for real: compare the logit with 0.",
        "evaluation",
    ),
    mistake(
        "true_negatives_for_false_positives",
        COUNT_FAKE,
        "false_positives += (D(fake_images) < 0).sum().item()",
        "Fakes that D rejects are counted as false positives: those are the fakes with a positive logit.",
        "evaluation",
    ),
    mistake(
        "accuracy_of_real_images",
        ACCURACY,
        "accuracy = true_positives / real",
        "The accuracy is that of the real images (the recall): count the rejected fakes as well.",
        "evaluation",
    ),
    mistake(
        "accuracy_counts_false_positives",
        ACCURACY,
        "accuracy = (true_positives + false_positives) / (real + fake)",
        "False positives are counted as right: true negatives are, the fakes that D rejects.",
        "evaluation",
    ),
    mistake(
        "precision_and_recall_swapped",
        "return accuracy, precision, recall",
        "return accuracy, recall, precision",
        "Precision and recall are swapped: TP / (TP + FP) is the precision.",
        "evaluation",
    ),
    mistake(
        "recall_of_all_images",
        RECALL,
        "recall = true_positives / (real + fake)",
        "The recall is a share of the real images only, TP / (TP + FN).",
        "evaluation",
    ),
    mistake(
        "discriminator_left_in_training",
        "    D.eval()\n",
        "",
        "D is measured in training mode, with dropout and the batch's statistics: D.eval() first.",
        "evaluation",
    ),
    mistake(
        "noise_size_ignored",
        "noise = sample_noise(batch_size, noise_size).to(device)\n            fake_images = oracle_generator",
        "noise = sample_noise(batch_size, NOISE_DIM).to(device)\n            fake_images = oracle_generator",
        "The oracle's noise has 96 numbers whatever noise_size is: use the argument.",
        "evaluation",
    ),
)
