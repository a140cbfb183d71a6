"""Correct alternatives for part 5: other libraries, architectures, and orders within a step."""

from grader.parts.iclevr.variants import dataset, diffusion, gan_networks, gan_training

VARIANTS = (
    dataset.TORCHVISION,
    dataset.RESIZED_AS_A_TENSOR,
    dataset.ONE_HOT_SUMS,
    dataset.NUMPY_LABELS,
    gan_networks.CONDITION_AS_A_PLANE,
    gan_networks.BATCH_NORM,
    gan_networks.NORMALISED_EVERYWHERE,
    gan_networks.TABLES_AND_UPSAMPLING,
    gan_networks.NORMALISED_EMBEDDING,
    gan_training.LOSSES_BY_HAND,
    gan_training.REAL_AND_FAKE_TOGETHER,
    gan_training.ONE_DRAW_FOR_BOTH,
    gan_training.TWO_BACKWARD_PASSES,
    gan_training.FLAT_FILE,
    diffusion.COSINE_IN_NUMPY,
    diffusion.COSINE_IN_A_LOOP,
    diffusion.SUM_OF_EMBEDDINGS,
    diffusion.ONE_LAYER,
    diffusion.DROPOUT_BY_BERNOULLI,
    diffusion.DROPOUT_IN_A_CLONE,
    diffusion.LOSS_BY_HAND_MULTI_LABEL,
    diffusion.TWO_PASSES,
    diffusion.GUIDANCE_BY_DIFFERENCE,
    diffusion.POSTERIOR_BY_PRECISIONS,
    diffusion.NO_NOISE_IN_THE_LAST_STEP,
    diffusion.STRIP_IN_A_LOOP,
)
