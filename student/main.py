"""Given: trains and tries out the models of part 4.

python main.py --model ddpm --mode train                  # to checkpoints/DDPM.pt; interrupt and repeat to go on
python main.py --model ddpm --mode generate               # to outputs/ddpm.png, and prints the accuracy
python main.py --model ddpm --mode train --data synthetic # digits drawn by your own machine, for trying things out
"""

import argparse

import torch
from assignment import prepare_ddpm
from classifier import classify, load_classifier
from datasets import DatasetError, load
from pictures import save_grid
from trainers import TrainConfig, TrainingError, autocast, best_device, load_weights, run, train

MODELS = {"ddpm": (prepare_ddpm, "checkpoints/DDPM.pt")}


def generate(model, arguments, device):
    """Sample the same number of images of each class, save a grid, and print how many the classifier recognises."""
    classes = model.network.num_classes
    labels = torch.arange(arguments.num_samples) % classes
    model = model.to(device).eval()
    torch.manual_seed(arguments.seed)
    with torch.no_grad(), autocast(device):
        images = model.generate_sample(len(labels), device=device, labels=labels).float()
    path = f"outputs/{arguments.model}.png"
    save_grid(images[: 10 * classes], path, columns=classes)
    print(f"{path}: a column for each class")
    if arguments.data == "fashion_mnist":
        predicted = classify(load_classifier(device=device), images)
        print(f"accuracy: {(predicted == labels).double().mean():.3f} of {len(labels)} samples are recognised")
    else:
        print("no accuracy: the classifier knows FashionMNIST only")


def parse(arguments=None):
    """The command line's arguments."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", choices=MODELS, required=True)
    parser.add_argument("--mode", choices=("train", "generate"), required=True)
    parser.add_argument("--data", default="fashion_mnist", help="fashion_mnist, synthetic, or a folder of your images")
    parser.add_argument("--epochs", type=int, default=TrainConfig.epochs)
    parser.add_argument("--batch-size", type=int, default=TrainConfig.batch_size)
    parser.add_argument("--learning-rate", type=float, default=TrainConfig.learning_rate)
    parser.add_argument("--limit", type=int, help="train on the first so many images only")
    parser.add_argument("--num-samples", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--device", default=str(best_device()), help="cpu, cuda, cuda:1 or mps (default: the fastest)")
    parser.add_argument("--checkpoint", help="default: checkpoints/<MODEL>.pt")
    parser.add_argument("--fresh", action="store_true", help="start anew instead of resuming an interrupted training")
    return parser.parse_args(arguments)


def main(arguments=None):
    """Run one mode of one model."""
    arguments = parse(arguments)
    prepare, checkpoint = MODELS[arguments.model]
    checkpoint = arguments.checkpoint or checkpoint
    torch.manual_seed(arguments.seed)
    model = prepare()
    if arguments.mode == "generate":
        generate(load_weights(model, checkpoint), arguments, torch.device(arguments.device))
        return
    dataset = load(arguments.data)
    if arguments.limit:
        dataset = torch.utils.data.TensorDataset(*(tensor[: arguments.limit] for tensor in dataset.tensors))
    config = TrainConfig(
        epochs=arguments.epochs,
        batch_size=arguments.batch_size,
        learning_rate=arguments.learning_rate,
        seed=arguments.seed,
    )
    losses = train(model, dataset, checkpoint, config, arguments.device, resume=not arguments.fresh)
    print(f"{checkpoint}: loss {losses[0]:.4f} after the first epoch, {losses[-1]:.4f} after the last")


if __name__ == "__main__":
    run(main, "from the last state saved", (DatasetError, TrainingError))
