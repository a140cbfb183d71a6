"""Part 4: conditional DDPM, DDIM, VAE and (bonus) latent DDPM on FashionMNIST."""
