"""EASE and item neighbours: worked by hand on three products and four customers, and against the plain formula."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from holdfast.analyses.models import ease, item_knn
from holdfast.analyses.recommend import modelled
from holdfast.errors import UsageError

TOY = sparse.csr_matrix(np.array([[1, 1, 0], [1, 1, 0], [0, 1, 1], [1, 0, 0]], np.float32))
"""Ann and Ben have a and b, Cleo b and c, Dan a alone: 3 have a, 3 b, 1 c; 2 a and b, 1 b and c."""


def test_ease_by_hand_on_three_products():
    """XᵀX + I is 4 2 0 / 2 4 1 / 0 1 2, its determinant 20, its inverse 7 -4 2 / -4 8 -4 / 2 -4 12 by 20: B_ij = -P_ij/P_jj."""
    found = ease.fitted(ease.gram(TOY), 1.0)
    by_hand = [[0, 4 / 8, -2 / 12], [4 / 7, 0, 4 / 12], [-2 / 7, 4 / 8, 0]]
    assert np.allclose(found.weights, by_hand, atol=1e-6)
    assert np.allclose(found.scores(TOY)[3], [0, 0.5, -1 / 6], atol=1e-6), "Dan has a: b is next, c is not"
    assert np.allclose(found.between(np.array([0, 2]), 1), [0.5, 0.5], atol=1e-6)


def test_ease_is_the_closed_form_of_steck_2019():
    """Against B = I - P diag(1 / diag P) by a general inverse, in single and in double precision."""
    random = np.random.default_rng(3)
    bought = sparse.csr_matrix((random.random((400, 60)) < random.random(60)).astype(np.float32))
    for weight in (0.001, 50.0):
        inverse = np.linalg.inv(bought.toarray().astype(float).T @ bought.toarray() + weight * np.eye(60))
        plain = np.eye(60) - inverse / np.diag(inverse)[None, :]
        assert np.allclose(ease.fitted(ease.gram(bought), weight).weights, plain, atol=2e-4)
    assert np.all(np.diag(ease.fitted(ease.gram(bought), 1.0).weights) == 0)


def test_ease_minimises_its_own_objective():
    """Any other weights with a diagonal of 0 are worse (Steck 2019, equations 3 and 4)."""
    random = np.random.default_rng(4)
    bought = sparse.csr_matrix((random.random((80, 12)) < 0.3).astype(np.float32))
    best = ease.fitted(ease.gram(bought), 5.0).weights.astype(float)

    def loss(weights: np.ndarray) -> float:
        return float(np.square(bought.toarray() - bought @ weights).sum() + 5.0 * np.square(weights).sum())

    for _ in range(20):
        other = best + 0.01 * random.normal(size=best.shape) * (1 - np.eye(12))
        assert loss(other) > loss(best)


def test_neighbours_by_hand():
    """cos(a, b) = 2 / √(3·3), cos(b, c) = 1 / √(3·1); Jaccard 2 / 4 and 1 / 3; a and c have no customer in common."""
    cosine = item_knn.fitted(TOY, neighbours=2, shrinkage=0).alike.toarray()
    assert np.allclose(cosine, [[0, 2 / 3, 0], [2 / 3, 0, 1 / 3**0.5], [0, 1 / 3**0.5, 0]])
    jaccard = item_knn.fitted(TOY, neighbours=2, measure="jaccard", shrinkage=0).alike.toarray()
    assert np.allclose(jaccard, [[0, 1 / 2, 0], [1 / 2, 0, 1 / 3], [0, 1 / 3, 0]])
    nearest = item_knn.fitted(TOY, neighbours=1, shrinkage=0)
    assert np.allclose(nearest.alike.toarray(), [[0, 2 / 3, 0], [2 / 3, 0, 1 / 3**0.5], [0, 0, 0]]), "b keeps a, not c"
    assert np.allclose(nearest.scores(TOY)[3], [0, 2 / 3, 0])
    halved = item_knn.fitted(TOY, neighbours=2, shrinkage=2).alike.toarray()
    assert np.allclose(halved[0, 1], 2 / 3 * 2 / 4), "two common customers count half with a shrinkage of 2"


def test_neighbours_are_the_same_in_blocks(monkeypatch):
    random = np.random.default_rng(5)
    bought = sparse.csr_matrix((random.random((200, 37)) < 0.2).astype(np.float32))
    whole = item_knn.fitted(bought, 5).alike.toarray()
    monkeypatch.setattr(item_knn, "BLOCK", 10)
    assert np.array_equal(item_knn.fitted(bought, 5).alike.toarray(), whole)
    assert (np.count_nonzero(whole, axis=0) <= 5).all()


def test_products_of_few_customers_are_left_out_of_the_model(monkeypatch):
    """c has one customer: left out, a and b are modelled as if they were alone; everything is modelled while it is little."""
    assert modelled.paired(TOY).codes.tolist() == [0, 1, 2]
    monkeypatch.setattr(modelled, "ALWAYS", 1)
    monkeypatch.setattr(modelled, "KNOWN_BY", 2)
    pairs = modelled.paired(TOY)
    assert pairs.codes.tolist() == [0, 1]
    found = modelled.fitted(pairs, 1.0)
    alone = ease.fitted(ease.gram(TOY[:, [0, 1]]), 1.0)
    assert np.allclose(found.scores(TOY)[:, :2], alone.scores(TOY[:, [0, 1]]))
    assert not found.scores(TOY)[:, 2].any()
    assert np.allclose(found.between(np.array([0, 2]), 1), [alone.weights[0, 1], 0])
    assert not found.between(np.array([0, 1]), 2).any()
    assert isinstance(modelled.fitted(pairs, None).model, item_knn.ItemKnn)


def test_what_cannot_be_fitted_is_refused():
    for wrong in (lambda: ease.fitted(ease.gram(TOY), 0.0), lambda: item_knn.fitted(TOY, 0)):
        with pytest.raises(UsageError):
            wrong()
    with pytest.raises(UsageError, match="cosine, jaccard"):
        item_knn.fitted(TOY, measure="euclid")  # type: ignore[arg-type]
