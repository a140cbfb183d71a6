"""Part 4: decoding, sampling and building the VAE. Students choose the rank and size of its latents."""

from grader.parts.fashion_mnist.cases import inputs, training
from grader.runtime.case import FLOAT32, case
from grader.runtime.lazy import Lazy

torch = Lazy("torch")
probes = Lazy("grader.runtime.probes")
autoencoders = Lazy("grader.parts.fashion_mnist.cases.autoencoders")


@case(
    "4.vae_decode",
    points=0.5,
    equation="p(x | z, label): an image for every z, which depends on that z and its label",
    look="Check where the label enters decode. Then look for anything in it that is random or depends on the whole "
    "batch.",
    term="p(x | z, label): given z and the label, does chance or another item of the batch still change the image?",
    shows={
        "shape": "shape of the images",
        "latents_matter": "items whose image changes when some latents are replaced (in eval mode)",
        "label_matters": "items whose image changes when some labels are replaced (in eval mode)",
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
    look="Check the latents in generate_sample: their distribution, their shape, and how many you draw. Then follow "
    "the labels to decode.",
    term="z ~ N(0, I), 'nothing is encoded': do you draw one z for each sample, new in each call, and decode them "
    "all at once?",
    shows={
        "shape": "shape of the samples",
        "latent_factor": "factor of the noise in the decoded latents (nan: they contain something else)",
        "both_signs": "whether some decoded latents are negative and some positive",
        "decoded": "whether the samples are decode(z, labels), for known noise z",
        "labels_honoured": "samples whose image changes when some of the requested labels are replaced",
        "fresh": "whether every sample and every call draws its own latents",
        "whole_batch": "whether every call of decode gets all samples",
        "no_grad": "whether sampling runs without gradients",
        "count_without_labels": "number of samples from generate_sample(num_samples) without labels",
        "random_labels": "whether labels are drawn from {0, ..., 9} when none are given",
        "wrong_count_refused": "whether one label for several samples raises an exception",
    },
    **FLOAT32,
    seconds=30.0,
    needs=("4.vae_decode",),
)
def vae_sample(code, rng):
    """Sampling: decodes latents from the prior in one batch, with the requested labels, without gradients"""
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
    """Observe sampling without labels, and with a single label, which broadcasts unless somebody counts labels."""
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
    look="Check the arguments that you build your VAE with, and whether its parameters require gradients.",
    term="'the model that ... was trained with': do FashionMNIST images go in and come out, and do its layers match "
    "the checkpoint?",
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
