"""Part 2: DDPM with classifier-free guidance and thresholding on CIFAR-10's first three classes."""
