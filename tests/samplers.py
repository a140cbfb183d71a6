"""Submissions whose models are toys, for the tests of sampling: how they are made, observed and graded."""

import re
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any

import torch
from torch import nn
from utils import DMConfig

from grader.accuracy.grade import accuracies_of, grade_accuracy
from grader.course.assignment import Assignment
from grader.grading.goldens import Known
from grader.grading.run import open_submission
from grader.runtime import sampling
from grader.runtime.case import Case
from grader.sandbox.exchange import Job

GENERATOR = """
import os
import torch
from torch import nn

class Average(nn.Module):
    def __init__(self):
        super().__init__()
        self.pictures = nn.Parameter(torch.zeros(4, 3, 32, 32))

class EMA:
    averaged_model = Average()

class Diffusion:
    def __init__(self):
        self.ema = EMA()
    def generate_sample(self, cond, guidance_weight=0.0, threshold=False, seed=None):
        pictures = self.ema.averaged_model.pictures
        {body}

class ImageGenerator:
    def __init__(self, denoising_steps=1000, p_uncond=0.2):
        self.steps, self.model = denoising_steps, {attribute}
"""

DDPM = """
import os
import torch
from torch import nn

class ConditionalDDPM(nn.Module):
    def __init__(self, dmconfig):
        super().__init__()
        self.config = dmconfig
        self.pictures = nn.Parameter(torch.zeros(10, 1, 28, 28))
    def sample(self, conditions, omega):
        {body}
"""

ONE_HOT = "return self.pictures[conditions.argmax(1)]"
BY_CONDITION = "return pictures[cond]"
LABELS = list(range(3)) * 4  # asked for in the tests of one experiment
SHAPES = {"cifar10": (3, 32, 32), "mnist": (1, 28, 28), "mnist_own": (1, 28, 28)}


def pictures(name):
    """(classes, C, H, W): some picture of each class, in [-2, 2]: more than an image may hold."""
    channels, *size = SHAPES[name]
    blots = torch.rand(4 if name == "cifar10" else 10, channels, 4, 4, generator=torch.Generator().manual_seed(0))
    return nn.functional.interpolate(4 * blots - 2, size, mode="bilinear")


def checkpoint(name, weights=None, **config):
    """What students hand in, with a toy's weights."""
    weights = {"pictures": (pictures(name) if weights is None else weights).half()}
    if name == "cifar10":
        return weights
    own = {"T": 3} if name == "mnist_own" else {}
    return {"model_state_dict": weights, "dmconfig": asdict(DMConfig()) | own | config, "epoch": 1}


@dataclass(frozen=True)
class Samplers:
    """Makes submissions with toy models, observes and grades them."""

    assignment: Assignment
    tier: Any
    known: Known
    make_submission: Callable  # the fixture

    def submit(self, name, body=None, saved=None, attribute="Diffusion()"):
        """A submission with a toy model for this accuracy, whose sampler has this body."""
        body = body or (BY_CONDITION if name == "cifar10" else ONE_HOT)
        generator = GENERATOR.format(body=body, attribute=attribute)
        folder = self.make_submission(image_gen=generator, DDPM=DDPM.format(body=body))
        path = folder / self.assignment.policy.accuracy[name].checkpoint
        path.parent.mkdir()
        torch.save(checkpoint(name) if saved is None else saved, path)
        return folder

    def observe(self, experiment, name, folder):
        """Run `sampling.load` or `sampling.sample` for this accuracy."""
        asked = self.assignment.policy.accuracy[name]
        arguments = {"model": asked.model_arguments()}
        if experiment is sampling.sample:
            arguments |= {"labels": LABELS, "image_shape": asked.image_shape, "device": "cpu", "threads": 1}
        case = Case(f"{asked.part}.try", "", 0.0, experiment, "", seconds=60.0)
        with open_submission(self.assignment, self.tier, self.known, folder) as grading:
            job = Job(case, grading.submission.folder, 7, self.assignment.limits, arguments)
            return self.tier.observe_alone(job)

    def grade(self, name, body=None, saved=None, **options):
        """The verdict on such a submission, of two rounds of 20 or 21 images."""
        accuracy = next(accuracy for accuracy in accuracies_of(self.assignment.policy) if accuracy.name == name)
        small = {"samples_per_round": 7 * 3 if name == "cifar10" else 20, "rounds": 2, "seconds": 60.0}
        accuracy = replace(accuracy, policy=accuracy.policy.model_copy(update=small))
        folder = self.submit(name, body, saved, **options)
        with open_submission(self.assignment, self.tier, self.known, folder) as grading:
            return grade_accuracy(grading, accuracy)


def told(verdict, outcome, pattern):
    """A verdict must be of no points, this outcome, and a message in which the pattern is found."""
    assert verdict.outcome is outcome, verdict.message
    assert verdict.points == 0
    assert re.search(pattern, verdict.message), verdict.message
