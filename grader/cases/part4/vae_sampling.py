"""Part 4: decoding, sampling and building the VAE. The rank and size of its latents are the student's choice."""

from grader.case import FLOAT32, case
from grader.cases.part4 import inputs, training
from grader.lazy import Lazy

torch = Lazy("torch")
probes = Lazy("grader.probes")
autoencoders = Lazy("grader.cases.part4.autoencoders")


@case(
    "4.vae_decode",
    points=0.5,
    equation="p(x | z, label): an image for every z, which depends on that z and its label",
    look="Where the label comes into decode, and all in it that is random or looks at the whole batch.",
    term="p(x | z, label): given both, nothing is left to chance, and no other item matters.",
    shows={
        "shape": "shape of the images",
        "latents_matter": "of which items the image changes when some latents do (in eval mode: of these)",
        "label_matters": "of which items the image changes when some labels do (in eval mode: of these)",
        "repeatable": "whether the same latents give the same images",
    },
    seconds=30.0,
    needs=("4.vae",),
)
def vae_decode(code, rng):
    """Decoder: latents and labels matter, item by item, and nothing is drawn"""
    model, (_, labels) = autoencoders.prepared(code), inputs.autoencoder_batch(rng)
    z, others = (rng.normal(name, len(labels), *autoencoders.latent_shape(model)) for name in ("latents", "others"))
    with torch.no_grad(), probes.noise_tape(1.0):
        noisy = model.decode(z, labels)
    with torch.no_grad(), probes.noise_tape(0.0):
        images = probes.tensor(model.decode(z, labels), "decode")

        def changed(name, place, others):
            replaced = inputs.some_items(rng, name, len(labels))
            return probes.changed_items(model.decode, (z, labels), images, place, others, replaced)

        return {
            "shape": images.shape,
            "latents_matter": changed("replaced latents", 0, others),
            "label_matters": changed("replaced labels", 1, (labels + 3) % 10),
            "repeatable": autoencoders.same_images(noisy, images, images.flip(0)),
        }


@case(
    "4.vae_sample",
    points=0.5,
    equation="z ~ N(0, I), x = decoder(z, label) (VAE, sec. 2.3): nothing is encoded",
    look="Where the latents of generate_sample come from: distribution, shape, how many of them. Then the labels' "
    "way to decode.",
    term="z ~ N(0, I) and 'nothing is encoded': one z for each sample, drawn anew in each call, all decoded at once.",
    shows={
        "shape": "shape of the samples",
        "latent_factor": "the factor of the noise in the latents that are decoded (nan: they hold other things)",
        "both_signs": "whether these latents are negative as well as positive",
        "decoded": "whether the samples are decode(z, labels), for known noise z",
        "labels_honoured": "of which samples the image changes when some of the labels asked for do (of these)",
        "fresh": "whether every sample and every call draws latents of its own",
        "whole_batch": "whether every call of decode holds all samples",
        "no_grad": "whether sampling runs without gradients",
        "count_without_labels": "number of samples that generate_sample(num_samples) gives without labels",
        "random_labels": "whether labels are drawn in {0, ..., 9} when none are given",
        "wrong_count_refused": "whether one label for several samples is refused with an exception",
    },
    **FLOAT32,
    seconds=30.0,
    needs=("4.vae_decode",),
)
def vae_sample(code, rng):
    """Sampling: decodes latents from the prior in one batch, labels honoured, no gradients"""
    model, (_, labels) = autoencoders.prepared(code), inputs.autoencoder_batch(rng)
    shape = (len(labels), *autoencoders.latent_shape(model))
    calls = autoencoders.record_decode(model)

    def generate(labels):
        return model.generate_sample(len(labels), device=torch.device("cpu"), labels=labels)

    with probes.noise_tape(1.0):
        images = probes.tensor(generate(labels), "generate_sample")
        decodings = list(calls)
        replaced = inputs.some_items(rng, "replaced labels", len(labels))
        honoured = probes.changed_items(generate, (labels,), images, 0, (labels + 3) % 10, replaced)
    z = probes.pattern(*shape)
    with torch.no_grad(), probes.noise_tape(0.0):
        expected, others = model.decode(z, labels), model.decode(z.flip(0), labels)
    of_one_label = torch.cat([generate(labels[:1].expand_as(labels)) for _ in range(2)])
    return {
        "shape": images.shape,
        "latent_factor": autoencoders.factor_of_noise(decodings, shape),
        "both_signs": all(call.sample.min() < 0 < call.sample.max() for call in decodings),
        "decoded": autoencoders.same_images(images, expected, others),
        "labels_honoured": honoured,
        "fresh": len(of_one_label.flatten(1).unique(dim=0)) == len(of_one_label),
        "whole_batch": all(len(call.sample) == len(labels) for call in decodings),
        "no_grad": not (images.requires_grad or any(call.grad_enabled for call in decodings)),
        **_unlabelled(model, calls, labels, len(labels) + rng.integer("more", 3, 12)),
    }


def _unlabelled(model, calls, labels, count):
    """Sampling without labels, and with a single one, which broadcasts where nobody counts them."""
    calls.clear()
    images = probes.tensor(model.generate_sample(count, device=torch.device("cpu")), "generate_sample")
    drawn = torch.cat([call.labels for call in calls]) if calls else torch.arange(10)
    try:
        model.generate_sample(count, device=torch.device("cpu"), labels=labels[:1])
        refused = False
    except Exception:
        refused = True
    return {
        "count_without_labels": len(images),
        "random_labels": ((drawn >= 0) & (drawn < 10)).all() & (len(drawn.unique()) > 1),
        "wrong_count_refused": refused,
    }


@case(
    "4.prepare_vae",
    points=0.5,
    equation="prepare_vae() builds the model that checkpoints/VAE.pt was trained with",
    look="The arguments with which your VAE is built, and whether its parameters take gradients.",
    term="'the model that ... was trained with': FashionMNIST's images go in and come out, and its layers are those "
    "of the checkpoint.",
    shows=training.PREPARED,
    **FLOAT32,
    seconds=30.0,
    needs=("4.vae", "4.vae_reconstruction", "4.vae_kl"),
)
def prepare_vae(code, rng):
    """prepare_vae: builds a model that trains on FashionMNIST images"""

    def loss_of(model, x, label):
        reconstruction, mean, logvar = autoencoders.moments(model, x, label)
        return model.reconstruction_loss(reconstruction, x) + model.kl_loss(mean, logvar)

    return training.prepared(code, rng, "VAE", loss_of)
