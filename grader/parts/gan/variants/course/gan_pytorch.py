"""Part 1 in the style of the original course: everything in one file, on the GPU if there is one.

The evaluation averages over batches, adds 1 to the denominators, and takes a logit of 0.5 as the boundary.
"""

import matplotlib.gridspec as gridspec
import matplotlib.pyplot as plt
import numpy as np
import torch
import torch.nn as nn
import torch.optim as optim
import torchvision.transforms as transforms  # noqa: F401  (many students import it)
from torch.utils.data import sampler

NOISE_DIM = 96

dtype = torch.cuda.FloatTensor if torch.cuda.is_available() else torch.FloatTensor


def sample_noise(batch_size, dim, seed=None):
    if seed is not None:
        torch.manual_seed(seed)
    return torch.rand(batch_size, dim) * 2 - 1


def discriminator(seed=None):
    if seed is not None:
        torch.manual_seed(seed)
    return nn.Sequential(
        nn.Conv2d(3, 64, 4, 2, 1),
        nn.LeakyReLU(0.01, inplace=True),
        nn.Conv2d(64, 128, 4, 2, 1),
        nn.BatchNorm2d(128),
        nn.LeakyReLU(0.01, inplace=True),
        nn.Flatten(),
        nn.Linear(128 * 8 * 8, 1),
    )


def generator(noise_dim=NOISE_DIM, seed=None):
    if seed is not None:
        torch.manual_seed(seed)
    return nn.Sequential(
        nn.Linear(noise_dim, 128 * 8 * 8),
        nn.BatchNorm1d(128 * 8 * 8),
        nn.ReLU(inplace=True),
        Unflatten(-1, 128, 8, 8),
        nn.ConvTranspose2d(128, 64, 4, 2, 1),
        nn.BatchNorm2d(64),
        nn.ReLU(inplace=True),
        nn.ConvTranspose2d(64, 3, 4, 2, 1),
        nn.Tanh(),
    )


def bce_loss(input, target):
    return (input.clamp(min=0) - input * target + (1 + (-input.abs()).exp()).log()).mean()


def discriminator_loss(logits_real, logits_fake):
    ones = torch.ones(logits_real.size()).type(dtype)
    return bce_loss(logits_real, ones) + bce_loss(logits_fake, 1 - ones)


def generator_loss(logits_fake):
    return bce_loss(logits_fake, torch.ones(logits_fake.size()).type(dtype))


def get_optimizer(model):
    return optim.Adam(model.parameters(), lr=1e-3, betas=(0.5, 0.999))


def train_gan(
    D,
    G,
    D_solver,
    G_solver,
    discriminator_loss,
    generator_loss,
    loader_train,
    show_every=250,
    batch_size=128,
    noise_size=96,
    num_epochs=10,
):
    images = []
    count = 0
    for _ in range(num_epochs):
        for x, _ in loader_train:
            if len(x) != batch_size:
                continue
            D_solver.zero_grad()
            real_data = x.type(dtype)
            logits_real = D(2 * (real_data - 0.5)).type(dtype)
            seeds = sample_noise(batch_size, noise_size).type(dtype)
            fakes = G(seeds).detach()
            logits_fake = D(fakes.view(batch_size, 3, 32, 32))
            d_error = discriminator_loss(logits_real, logits_fake)
            d_error.backward()
            D_solver.step()

            G_solver.zero_grad()
            seeds = sample_noise(batch_size, noise_size).type(dtype)
            fakes = G(seeds)
            g_error = generator_loss(D(fakes.view(batch_size, 3, 32, 32)))
            g_error.backward()
            G_solver.step()

            if count % show_every == 0:
                print(f"Iter: {count}, D: {d_error.item():.4}, G: {g_error.item():.4}")
                shown = fakes.data.cpu().numpy()
                images.append(shown[0:16])
                show_images(shown[0:4].reshape(-1, 3, 32, 32) / 2 + 0.5)
                plt.show()
            count += 1
    return images


def eval_discriminator(discriminator, oracle_generator, val_loader, device, noise_size=96, batch_size=128):
    accuracy = precision = recall = 0.0
    discriminator.eval()
    for real_images, _ in val_loader:
        real = discriminator(2 * (real_images.type(dtype) - 0.5)).detach().cpu().numpy()
        fakes = oracle_generator(sample_noise(batch_size, noise_size).type(dtype))
        fake = discriminator(fakes).detach().cpu().numpy()
        true_positives, false_negatives = (real >= 0.5).sum(), (real < 0.5).sum()
        true_negatives, false_positives = (fake < 0.5).sum(), (fake >= 0.5).sum()
        accuracy += (true_positives + true_negatives) / (len(real) + len(fake))
        precision += true_positives / (true_positives + false_positives + 1)
        recall += true_positives / (true_positives + false_negatives + 1)
    batches = len(val_loader)
    print("Accuracy:", accuracy / batches)
    return accuracy / batches, precision / batches, recall / batches


def show_images(images):
    side = int(np.ceil(np.sqrt(images.shape[0])))
    plt.figure(figsize=(side, side))
    grid = gridspec.GridSpec(side, side)
    for i, image in enumerate(images):
        plt.subplot(grid[i])
        plt.axis("off")
        plt.imshow(np.clip(np.transpose(image, (1, 2, 0)), 0, 1))


class ChunkSampler(sampler.Sampler):
    def __init__(self, num_samples, start=0):
        self.num_samples, self.start = num_samples, start

    def __iter__(self):
        return iter(range(self.start, self.start + self.num_samples))

    def __len__(self):
        return self.num_samples


class Unflatten(nn.Module):
    def __init__(self, N=-1, C=128, H=7, W=7):
        super().__init__()
        self.N, self.C, self.H, self.W = N, C, H, W

    def forward(self, x):
        return x.view(self.N, self.C, self.H, self.W)
