"""MNIST."""

from press.datasets.dataset import DataSet
from press.datasets.digits import digits, read_npz, write_npz

MNIST = DataSet(
    name="mnist",
    title="MNIST",
    credit="Yann LeCun, Corinna Cortes and Christopher J. C. Burges, CC BY-SA 3.0",
    variable="MNIST_NPZ",
    urls={
        "mnist.npz": "https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz",
    },
    arrays={
        "x_train": "741c988805d008ac6e4c904b69001ba184c24b2c540a4ef403f4c71b676cf757",
        "y_train": "1feba77c54802fa5339a11837ea4b2866434b83314ec45192930f1df69120c13",
        "x_test": "6d87418db22cc8025d05968bec9bd5c3932904b23485740db143a061a2c9d161",
        "y_test": "ddeff807876a9661a1110d45c266c86239a3a1b7d37da0c3716a7a683c852ff5",
    },
    read=read_npz,
    write=write_npz,
    small=digits,
)
