"""The data sets that press knows, by the name under which scripts import them."""

from press.datasets.mnist import MNIST

KNOWN = {data.name: data for data in (MNIST,)}
