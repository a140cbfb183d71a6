"""Part 5: a multi-label conditional GAN and a multi-label DDPM, on i-CLEVR or on rendered pictures like it."""
