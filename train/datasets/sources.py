"""Where the public sets come from: addresses, sizes, hashes, terms."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Archive:
    """One file of the publisher. `size` 0 and `digest` "" stand for unknown: they are recorded on first use."""

    url: str
    size: int = 0  # bytes
    digest: str = ""  # "sha256:..." or "md5:...", as published or as widely used loaders pin it

    @property
    def name(self) -> str:
        return self.url.rsplit("/", 1)[1]


@dataclass(frozen=True)
class PublicSet:
    """A public set: where a person reads about it, under which terms, and its files."""

    page: str
    licence: str
    archives: tuple[Archive, ...]


SURREY = "http://www.ee.surrey.ac.uk/CVSSP/demos/chars74k"
STANFORD = "http://ufldl.stanford.edu/housenumbers"
MNIST = "https://storage.googleapis.com/cvdf-datasets/mnist"
CHARS74K_LISTS = Archive(f"{SURREY}/ListsTXT.tgz", digest="md5:7d7b8038b3c47bf2a1c5a80c1dd79a0d")
CHARS74K = "Chars74K, research use; cite de Campos et al. 2009"

SOURCES: dict[str, PublicSet] = {
    "chars74k-img": PublicSet(
        SURREY,
        CHARS74K,
        (Archive(f"{SURREY}/EnglishImg.tgz", digest="md5:85d157e0c58f998e1cda8def62bcda0d"), CHARS74K_LISTS),
    ),
    "chars74k-hnd": PublicSet(SURREY, CHARS74K, (Archive(f"{SURREY}/EnglishHnd.tgz"), CHARS74K_LISTS)),
    "chars74k-fnt": PublicSet(SURREY, CHARS74K, (Archive(f"{SURREY}/EnglishFnt.tgz"), CHARS74K_LISTS)),
    "mnist": PublicSet(
        "https://yann.lecun.com/exdb/mnist/",
        "CC BY-SA 3.0",
        (
            Archive(
                f"{MNIST}/train-images-idx3-ubyte.gz",
                9_912_422,
                "sha256:440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
            ),
            Archive(
                f"{MNIST}/train-labels-idx1-ubyte.gz",
                28_881,
                "sha256:3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
            ),
            Archive(
                f"{MNIST}/t10k-images-idx3-ubyte.gz",
                1_648_877,
                "sha256:8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
            ),
            Archive(
                f"{MNIST}/t10k-labels-idx1-ubyte.gz",
                4_542,
                "sha256:f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
            ),
        ),
    ),
    "emnist": PublicSet(
        "https://www.nist.gov/itl/products-and-services/emnist-dataset",
        "public domain (NIST)",
        (
            Archive(
                "https://biometrics.nist.gov/cs_links/EMNIST/gzip.zip", digest="md5:58c8d27c78d21e728a6bc7b3cc06412e"
            ),
        ),
    ),
    "svhn": PublicSet(
        f"{STANFORD}/",
        "non-commercial use",
        (
            Archive(f"{STANFORD}/train_32x32.mat", 182_040_794, "md5:e26dedcc434d2e4c54c9b2d4a06d8373"),
            Archive(f"{STANFORD}/test_32x32.mat", 64_275_384, "md5:eb5a983be6a315427106f1b164d9cef3"),
        ),
    ),
    "svhn-full": PublicSet(
        f"{STANFORD}/",
        "non-commercial use",
        (
            Archive(
                f"{STANFORD}/train.tar.gz",
                404_141_560,
                "sha256:4b17bb33b6cd8f963493168f80143da956f28ec406cc12f8e5745a9f91a51898",
            ),
            Archive(
                f"{STANFORD}/test.tar.gz",
                276_555_967,
                "sha256:57ac9ceb530e4aa85b55d991be8fc49c695b3d71c6f6a88afea86549efde7fb5",
            ),
        ),
    ),
    "iiit5k": PublicSet(
        "https://cvit.iiit.ac.in/research/projects/cvit-projects/the-iiit-5k-word-dataset",
        "research use; cite Mishra et al. 2012",
        (
            Archive(
                "https://cvit.iiit.ac.in/images/Projects/SceneTextUnderstanding/IIIT5K-Word_V3.0.tar.gz",
                digest="sha256:7872c9efbec457eb23f3368855e7738f72ce10927f52a382deb4966ca0ffa38e",
            ),
        ),
    ),
    "unipen": PublicSet(
        "https://zenodo.org/records/1195803",
        "CC BY 4.0 on Zenodo; research use in the archive's own notice",
        (Archive("https://zenodo.org/records/1195803/files/unipen-CDROM-train_r01_v07.tgz"),),
    ),
}
