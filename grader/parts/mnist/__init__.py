"""Part 3: Conditional DDPM on MNIST."""
