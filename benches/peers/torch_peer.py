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


main(dict(w1=w1, w2=w2, row=row, save=save, start=start, mm=mm, dense=dense))
