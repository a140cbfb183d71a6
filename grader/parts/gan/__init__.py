"""Part 1: GAN on SVHN, or on colour digits that need no download."""
