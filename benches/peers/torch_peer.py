"""PyTorch on the CPU, with the loops that its users write: `python torch_peer.py WORK`."""

import os

import torch
from torch import nn

from common import PRODUCTS, main, rates, report, seconds

PEER = "PyTorch"
torch.manual_seed(7)


def penguins():
    return nn.Sequential(nn.Linear(4, 10), nn.ReLU(), nn.Linear(10, 3))


def epoch(model, optimizer, loss_of, x, y):
    model.train()
    total = 0.0
    for rows in torch.randperm(len(x)).split(32):
        optimizer.zero_grad()
        loss = loss_of(model(x[rows]), y[rows])
        loss.backward()
        optimizer.step()
        total += loss.item()
    return total


def w1():
    x, y = torch.randn(273, 4), torch.arange(273) % 3

    def run():
        model = penguins()
        optimizer = torch.optim.Adam(model.parameters())
        for _ in range(100):
            epoch(model, optimizer, nn.functional.cross_entropy, x, y)

    report(PEER, "W1", "s", seconds(run, 5))


def w2():
    x, y, val_x, val_y = torch.randn(767, 89), torch.randn(767, 1), torch.randn(165, 89), torch.randn(165, 1)
    mse = nn.functional.mse_loss

    def run():
        layers = [nn.BatchNorm1d(89), nn.Linear(89, 100), nn.ReLU(), nn.Linear(100, 50), nn.ReLU(), nn.Linear(50, 1)]
        model = nn.Sequential(*layers)
        optimizer = torch.optim.Adam(model.parameters())
        for _ in range(200):
            epoch(model, optimizer, mse, x, y)
            model.eval()
            with torch.no_grad():
                sum(mse(model(a), b).item() for a, b in zip(val_x.split(32), val_y.split(32)))

    report(PEER, "W2", "s", seconds(run, 3))


def pictures(count, side):
    """Channels last is the order in which PyTorch is fastest here."""
    return torch.rand(count, 3, side, side).contiguous(memory_format=torch.channels_last)


def epochs(model, optimizer, x, classes, batch, repeats):
    """Epochs of training, after one that is not counted."""
    y = torch.arange(len(x)) % classes

    def run():
        model.train()
        for rows in torch.randperm(len(x)).split(batch):
            optimizer.zero_grad()
            inputs = x[rows].contiguous(memory_format=torch.channels_last)
            loss = nn.functional.cross_entropy(model(inputs), y[rows])
            loss.backward()
            optimizer.step()
            loss.item()

    run()
    return seconds(run, repeats)


def w3():
    body = [nn.Conv2d(3, 50, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(50, 50, 3), nn.ReLU(), nn.MaxPool2d(2)]
    head = [nn.Flatten(), nn.Linear(9800, 50), nn.ReLU(), nn.Linear(50, 10)]
    model = nn.Sequential(*body, *head)
    report(PEER, "W3", "s", epochs(model, torch.optim.Adam(model.parameters()), pictures(878, 64), 10, 32, 5))


def normalized(channels):
    return [nn.BatchNorm2d(channels), nn.ReLU(inplace=True)]


class Dense(nn.Module):
    """A layer of DenseNet: what comes in, and 32 channels more."""

    def __init__(self, channels):
        super().__init__()
        narrow = [*normalized(channels), nn.Conv2d(channels, 128, 1, bias=False)]
        self.new = nn.Sequential(*narrow, *normalized(128), nn.Conv2d(128, 32, 3, padding=1, bias=False))

    def forward(self, x):
        return torch.cat([x, self.new(x)], 1)


def densenet121():
    parts = [nn.Conv2d(3, 64, 7, 2, 3, bias=False), *normalized(64), nn.MaxPool2d(3, 2, 1)]
    channels = 64
    for block, layers in enumerate((6, 12, 24, 16)):
        if block:
            parts += [*normalized(channels), nn.Conv2d(channels, channels // 2, 1, bias=False), nn.AvgPool2d(2)]
            channels //= 2
        for _ in range(layers):
            parts.append(Dense(channels))
            channels += 32
    return nn.Sequential(*parts, *normalized(channels))


def w4():
    model = densenet121().eval().to(memory_format=torch.channels_last)
    x = pictures(64, 160)
    with torch.inference_mode():
        run = lambda: [model(batch) for batch in x.split(32)]
        run()
        report(PEER, "W4", "images/s", [64 / time for time in seconds(run, 3)])


class Residual(nn.Module):
    def __init__(self, channels, width, stride, widen):
        super().__init__()
        narrow = [nn.Conv2d(channels, width, 1, stride), *normalized(width)]
        middle = [nn.Conv2d(width, width, 3, padding=1), *normalized(width)]
        self.body = nn.Sequential(*narrow, *middle, nn.Conv2d(width, 4 * width, 1), nn.BatchNorm2d(4 * width))
        wide = nn.Sequential(nn.Conv2d(channels, 4 * width, 1, stride), nn.BatchNorm2d(4 * width))
        self.shortcut = wide if widen else nn.Identity()

    def forward(self, x):
        return nn.functional.relu(self.body(x) + self.shortcut(x), inplace=True)


def resnet50():
    parts, channels = [nn.Conv2d(3, 64, 7, 2, 3), *normalized(64), nn.MaxPool2d(3, 2, 1)], 64
    for stage, (blocks, width) in enumerate(((3, 64), (4, 128), (6, 256), (3, 512))):
        for block in range(blocks):
            parts.append(Residual(channels, width, 2 if stage and not block else 1, block == 0))
            channels = 4 * width
    return nn.Sequential(*parts, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(2048, 1000))


def w5():
    model = resnet50().to(memory_format=torch.channels_last)
    times = epochs(model, torch.optim.SGD(model.parameters(), 0.01, momentum=0.9), pictures(16, 224), 1000, 16, 2)
    report(PEER, "W5", "images/s", [16 / time for time in times])


def row():
    model, x = penguins().eval(), torch.randn(1, 4)
    with torch.no_grad():
        run = lambda: model(x).softmax(1).numpy()
        seconds(run, 1000)
        report(PEER, "row", "s", seconds(run, 10000))


def save():
    torch.save(penguins().state_dict(), os.environ["MODEL"])


def start():
    """Is timed from outside: load a file, predict a row, end."""
    model = penguins()
    model.load_state_dict(torch.load(os.environ["MODEL"]))
    with torch.no_grad():
        model(torch.randn(1, 4)).softmax(1)


def mm():
    for name, m, k, n in PRODUCTS:
        a, b = torch.randn(m, k), torch.randn(k, n)
        report(PEER, f"mm {name}", "GFLOP/s", rates(lambda: a @ b, 2 * m * k * n, 5))


def dense():
    """A dense layer's product and both gradients."""
    x, w, g = torch.randn(4096, 256), torch.randn(256, 1024), torch.randn(4096, 1024)
    report(PEER, "dense", "GFLOP/s", rates(lambda: (x @ w, g @ w.T, x.T @ g), 6 * 4096 * 256 * 1024, 5))


main(dict(w1=w1, w2=w2, w3=w3, w4=w4, w5=w5, row=row, save=save, start=start, mm=mm, dense=dense))
