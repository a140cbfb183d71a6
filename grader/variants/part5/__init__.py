"""Correct alternatives in part 5: other libraries, other architectures, other orders within a step."""

from grader.variants.part5 import dataset, gan

VARIANTS = (
    dataset.TORCHVISION,
    dataset.RESIZED_AS_A_TENSOR,
    dataset.ONE_HOT_SUMS,
    dataset.NUMPY_LABELS,
    gan.CONDITION_AS_A_PLANE,
    gan.BATCH_NORM,
    gan.NORMALISED_EVERYWHERE,
    gan.TABLES_AND_UPSAMPLING,
    gan.NORMALISED_EMBEDDING,
    gan.LOSSES_BY_HAND,
    gan.REAL_AND_FAKE_TOGETHER,
    gan.ONE_DRAW_FOR_BOTH,
    gan.TWO_BACKWARD_PASSES,
    gan.FLAT_FILE,
)
