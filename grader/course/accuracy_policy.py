"""How generated images earn points: the tables [accuracy.NAME] of a part.toml, one kind for each protocol."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal, Self

import numpy as np
from pydantic import Discriminator, Field, Tag, model_validator

from grader.course import conditions
from grader.course.toml import Strict


class AccuracyPolicy(Strict):
    """How generated images earn points: what all protocols of asking for them have in common."""

    part: int  # number of the part; part.toml need not say it
    build: str  # where the part tells how to build the model, 'module:function'; part.toml need not say it
    model: dict[str, Any] = Field(default={})  # what it must know besides: the fields of the part's `accuracy.Model`
    title: str
    points: float = Field(gt=0, le=100)
    bonus: bool = False  # whether they come on top of the assignment's total
    method: str = "generate_sample"  # of the student's code, which gives images; messages name it
    checkpoint: str  # file handed in, loaded strictly into the model
    checkpoint_bytes: int = Field(gt=0, le=2**30)
    classifier: str  # name of the trusted classifier, a table [classifiers.NAME] of part.toml
    classes: int = Field(ge=2)
    image_shape: tuple[int, int, int]  # (C, H, W) of a sample
    rounds: int = Field(ge=1, le=100)  # the best one counts
    samples_per_round: int = Field(ge=10, le=100_000)
    nothing_at: float = Field(ge=0, le=1)  # accuracy up to which nothing is earned
    everything_at: float = Field(ge=0, le=1)  # accuracy from which everything is earned
    audit_allowance: float = Field(ge=0, le=1)  # how much more may count than is confirmed
    training: str = ""  # how long the reference's took on two CPU cores, in words: for students to plan with
    seconds: float = Field(gt=0, le=36_000)  # a round
    memory_bytes: int = Field(ge=2**28, le=2**40)  # of a round, libraries included

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.nothing_at >= self.everything_at:
            raise ValueError("nothing_at must be less than everything_at")
        return self

    @property
    def checkpoints(self) -> tuple[str, ...]:
        """The files that may be handed in for it."""
        return (self.checkpoint,)

    @property
    def resources(self) -> tuple[str, ...]:
        """Patterns of the files of test_resources/ that judge it."""
        return (f"classifiers/{self.classifier}*",)

    @property
    def class_names(self) -> Sequence[str]:
        """What each class is called in a report."""
        return [str(label) for label in range(self.classes)]

    def model_arguments(self) -> dict[str, Any]:
        """What `sampling` must know to build the model and to generate with it, ready for JSON."""
        return {"build": self.build, "checkpoint": self.checkpoint, "classes": self.classes, **self.model}


class GenerationPolicy(AccuracyPolicy):
    """The model generates an image for each label, and a classifier recognises them."""

    protocol: Literal["generation"] = "generation"


class ConditionsPolicy(AccuracyPolicy):
    """The model generates a picture of several objects for each condition of a list."""

    protocol: Literal["conditions"]
    conditions: str  # list in test_resources/, asked for in its order, again and again
    objects: str  # index of the objects in test_resources/

    @model_validator(mode="after")
    def _of_its_conditions(self) -> Self:
        count, classes = self.labels.shape
        if self.samples_per_round % count:
            raise ValueError(f"samples_per_round must be a multiple of the {count} conditions of {self.conditions}")
        if self.classes != classes:
            raise ValueError(f"classes must be {classes}, the number of objects in {self.objects}")
        return self

    @property
    def labels(self) -> np.ndarray:
        """The conditions of the list, multi-hot, (N, classes) float32."""
        return conditions.labels(self.conditions, self.objects)

    @property
    def resources(self) -> tuple[str, ...]:
        """Patterns of the files of test_resources/ that judge it."""
        return (*super().resources, self.conditions, self.objects)

    @property
    def class_names(self) -> Sequence[str]:
        """What each object is called."""
        return conditions.objects(self.objects)


class DiscriminationPolicy(AccuracyPolicy):
    """The model tells real images from those of an oracle generator."""

    protocol: Literal["discrimination"]
    challenge: str  # the part's module that makes the images to tell apart
    data: str  # the images to tell apart; test_resources/oracles has a generator of them
    generator: str | None = None  # file handed in, whose images are compared with real ones, for no points

    @property
    def checkpoints(self) -> tuple[str, ...]:
        """The files that may be handed in for it."""
        return (self.checkpoint, self.generator) if self.generator else (self.checkpoint,)

    @property
    def resources(self) -> tuple[str, ...]:
        """Patterns of the files of test_resources/ that judge it."""
        return (*super().resources, f"oracles/{self.data}.pt")

    @property
    def class_names(self) -> Sequence[str]:
        """What each class is called."""
        return ("generated", "real")

    def model_arguments(self) -> dict[str, Any]:
        """What `sampling` must know, with the generator's file."""
        return super().model_arguments() | {"generator": self.generator}


def _protocol(table: Any) -> str:
    """Which policy a table of part.toml is."""
    return str(table.get("protocol", "generation") if isinstance(table, dict) else table.protocol)


AnyAccuracyPolicy = Annotated[
    Annotated[GenerationPolicy, Tag("generation")]
    | Annotated[ConditionsPolicy, Tag("conditions")]
    | Annotated[DiscriminationPolicy, Tag("discrimination")],
    Discriminator(_protocol),
]
