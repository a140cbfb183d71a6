"""Mistakes in part 2: DDPM with classifier-free guidance and thresholding on CIFAR-10."""

from grader.mistakes.part2 import model, scheduler

MISTAKES = (*scheduler.SCHEDULE, *scheduler.NOISE, *scheduler.STEP, *scheduler.THRESHOLD, *model.TRAINING)
MISTAKES += (*model.GUIDANCE, *model.SAMPLING, *model.IMAGES)
