"""Tries the latent DDPM of part 4, whatever its VAE is. Timesteps are indexed from 0."""

import contextlib
from unittest import mock

from grader.runtime.lazy import Lazy

torch = Lazy("torch")
probes = Lazy("grader.runtime.probes")

SAME = 1e-3  # largest difference, relative to their range, of two images that count as the same


class LatentModel:
    """The student's LDDPM as prepare_lddpm() builds it, with a short schedule and a network that is spied on.

    Both replace the constructor's arguments. So everything stays that the student adds to these (say, a latent scale)
    or derives from them (a table, a bound method). The VAE draws its posterior's mean, and its parameters are
    perturbed.

    Args:
        code: the student's modules.
        setting: arguments of the VarianceScheduler.
        predict: as for `probes.Spy`. You may replace it later through the attribute of this name.
        weight: an optional parameter of `predict`.

    Attributes:
        model, vae, scheduler: an LDDPM in evaluation mode, and what it was built with.
        calls: the network's calls.
    """

    def __init__(self, code, setting, predict=lambda x, t, label: torch.zeros_like(x), weight=None):
        self.predict, self.scheduler = predict, code.models.VarianceScheduler(**setting)
        self.model, network, self.vae = self._build(code)
        self.calls = probes.spy_on(network, lambda *given: self.predict(*given), weight)
        self.vae.reparameterize = lambda mean, logvar: mean
        probes.perturb(self.vae)

    def _build(self, code):
        """(model, network, vae). They are recognised by what they are, however the constructor is called."""
        construct, given = code.models.LDDPM.__init__, {}

        def take(argument):
            if hasattr(argument, "alpha_bars"):
                return self.scheduler
            if isinstance(argument, torch.nn.Module):
                given["vae" if isinstance(argument, code.models.VAE) else "network"] = argument
            return argument

        def with_short_schedule(model, *args, **kwargs):
            construct(model, *map(take, args), **{name: take(value) for name, value in kwargs.items()})

        with mock.patch.object(code.models.LDDPM, "__init__", with_short_schedule):
            model = code.assignment.prepare_lddpm().eval()
        if given.keys() != {"network", "vae"}:
            raise TypeError("prepare_lddpm must build an LDDPM(network, vae, var_scheduler)")
        return model, given["network"], given["vae"]

    def scale_latents(self, scale):
        """Set every single number that the model itself keeps to this value. One of them is its latent scale, if any.

        In an untrained model the scale is 1, and then a product looks the same as a quotient.
        """
        with torch.no_grad():
            for tensor in (*self.model.parameters(recurse=False), *self.model.buffers(recurse=False)):
                if tensor.is_floating_point() and tensor.numel() == 1:
                    tensor.fill_(scale)

    def latents(self, x, labels):
        """z_0 of images: the network's input in training without noise, divided by sqrt(alpha_bar_t)."""
        with probes.noise_tape(0.0):
            self.model(x, labels)
        call = self.calls[-1]
        return call.x / self._alpha_bar(call.timestep, call.x).sqrt()

    def answer_exactly(self, latents):
        """From now on the network predicts the noise in z_t exactly, so every sampler ends at these latents.

        With guidance a batch contains all items twice, in the same order.

        Args:
            latents: z_0, shape (B, ...).
        """

        def predict(z_t, t, label):
            if z_t.shape[1:] != latents.shape[1:]:
                sampled, trained = _shape_of_item(z_t), _shape_of_item(latents)
                raise ValueError(f"the network gets items of shape {sampled} in sampling, and of {trained} in training")
            z_0, alpha_bar = latents[torch.arange(len(z_t)) % len(latents)], self._alpha_bar(t, z_t)
            return ((z_t - alpha_bar.sqrt() * z_0) / (1 - alpha_bar).sqrt()).to(z_t.dtype)

        self.predict = predict

    def _alpha_bar(self, t, like):
        """alpha_bar_t for each item, float64, with the same number of dimensions as `like`."""
        table = torch.as_tensor(self.scheduler.alpha_bars).double()
        return table[t.long().clamp(0, len(table) - 1)].reshape(-1, *[1] * (like.dim() - 1))

    def reconstructions(self, x, labels):
        """The VAE's own reconstruction of every image under every label, shape (labels, images, C, H, W).

        If `forward` calls `decode` with another label, another case reports it, and it does not count here.
        """
        shape, asked = (len(labels), len(x)), labels.repeat_interleave(len(x))
        with torch.no_grad():
            with self._decoded() as decoded:
                images = self.vae(x.repeat(len(labels), 1, 1, 1), asked)[0]
            images = self.vae.decode(decoded[-1], asked) if decoded else images
        return images.unflatten(0, shape)

    @contextlib.contextmanager
    def _decoded(self):
        """A list of the latents that the VAE's `decode` gets within this context."""
        decoded, decode = [], self.vae.decode

        def recorded(*args, **kwargs):
            decoded.append((*args, *kwargs.values())[0])
            return decode(*args, **kwargs)

        with mock.patch.object(self.vae, "decode", recorded):
            yield decoded

    def sample(self, labels):
        """(samples, first, decoded): `first` is the starting noise; `decoded` went last into decode, or None."""
        calls = len(self.calls)
        with self._decoded() as decoded:
            samples = self.model.generate_sample(len(labels), device=torch.device("cpu"), labels=labels)
        return samples, self.calls[calls].x[: len(labels)], decoded[-1] if decoded else None


def _shape_of_item(batch):
    """The shape of an item in words, with a note if it is the images' shape."""
    shape = tuple(batch.shape[1:])
    return f"{shape} (the images')" if shape == (1, 32, 32) else str(shape)


def same_image(image, candidates):
    """Index of the candidate that an image shows, -1 if none. Pixels may be scaled, shifted and clamped to [-1, 1]."""
    image, candidates = image.clamp(-1, 1), candidates.clamp(-1, 1)
    repeated = image.expand_as(candidates)
    (scale, _), residual = (found.T for found in probes.factors(repeated, candidates, torch.ones_like(candidates)))
    residual[~(scale > 0)] = float("inf")
    nearest = residual.argmin()
    return int(nearest) if residual[nearest] < SAME * float(image.max() - image.min()) else -1
