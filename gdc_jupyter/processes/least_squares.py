"""Non-linear least squares of many pixels at once, by the method of Levenberg and Marquardt."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Model = Callable[[Floats], Floats]

MAX_STEPS = 200
# A fit has converged when a step changes the parameters, each by its weight, by less than the first of these parts; or
# by less than the second, where the cost does not fall by more than it is rounded.
TOLERANCE, NOISY_TOLERANCE = 1e-9, 1e-6
# Central differences are best at a step of the cube root of the rounding error.
_DIFFERENCE = float(np.finfo(np.float64).eps) ** (1 / 3)
# Costs that differ by less than this part differ by rounding alone.
_NOISE = 1e-12
_LARGEST_DAMPING = 1e14


def fit(model: Model, y: Floats, guess: Floats) -> Floats:
    """Return the parameters that bring a model nearest to data, pixel by pixel.

    Parameters
    ----------
    model : callable
        Returns values of shape (n, m) for parameters of shape (k, m), whatever m is.
    y : numpy.ndarray, shape (n, pixels)
        The data; NaN is left out.
    guess : numpy.ndarray, shape (k,)
        The parameters to begin with.

    Returns
    -------
    numpy.ndarray, shape (k, pixels)
        NaN where there are fewer values than parameters, or the model has no value.
    """
    count = len(guess)
    result = np.full((count, y.shape[1]), np.nan)
    active = np.flatnonzero(np.isfinite(y).sum(axis=0) >= count)
    parameters = np.repeat(guess[:, np.newaxis], active.size, axis=1)
    data = y[:, active]
    valid = np.isfinite(data)
    damping = np.zeros(active.size)
    with np.errstate(all="ignore"):
        residual = _residual(model, parameters, data, valid)
        cost = (residual * residual).sum(axis=0)
        for _ in range(MAX_STEPS):
            usable = np.isfinite(cost)
            if not usable.all():
                active, damping, cost = active[usable], damping[usable], cost[usable]
                parameters, data, valid, residual = (each[:, usable] for each in (parameters, data, valid, residual))
            if not active.size:
                break
            step, scale = _step(model, parameters, residual, valid, damping)
            trial = parameters + step
            next_residual = _residual(model, trial, data, valid)
            next_cost = (next_residual * next_residual).sum(axis=0)
            better = next_cost <= cost * (1 + _NOISE)
            level = np.abs(cost - next_cost) <= 1e-15 * cost
            parameters = np.where(better, trial, parameters)
            residual = np.where(better, next_residual, residual)
            cost = np.where(better, next_cost, cost)
            limit = np.where(level, NOISY_TOLERANCE, TOLERANCE) ** 2 * (scale * parameters**2).sum(axis=0)
            small = (scale * step**2).sum(axis=0) <= limit
            damping = np.where(better, np.where(damping > 1e-8, damping / 10, 0), np.maximum(damping * 10, 1e-3))
            done = small | (cost == 0) | (damping > _LARGEST_DAMPING)
            result[:, active[done]] = parameters[:, done]
            left = ~done
            active, damping, cost = active[left], damping[left], cost[left]
            parameters, data, valid, residual = (each[:, left] for each in (parameters, data, valid, residual))
        result[:, active] = parameters
    return result


def _residual(model: Model, parameters: Floats, data: Floats, valid: NDArray[np.bool_]) -> Floats:
    return np.where(valid, data - model(parameters), 0)


def _step(
    model: Model, parameters: Floats, residual: Floats, valid: NDArray[np.bool_], damping: Floats
) -> tuple[Floats, Floats]:
    """Return the step of each pixel, and the weights of its parameters: the squared lengths of their gradients."""
    count = len(parameters)
    gradients = []
    for number in range(count):
        size = np.where(parameters[number] == 0, 1.0, np.abs(parameters[number])) * _DIFFERENCE
        ahead, behind = parameters.copy(), parameters.copy()
        ahead[number] += size
        behind[number] -= size
        difference = (model(ahead) - model(behind)) / (ahead[number] - behind[number])
        gradients.append(np.where(valid, difference, 0))
    normal = np.empty((residual.shape[1], count, count))
    for one in range(count):
        for other in range(one, count):
            normal[:, one, other] = normal[:, other, one] = np.einsum("np,np->p", gradients[one], gradients[other])
    right = np.stack([np.einsum("np,np->p", gradient, residual) for gradient in gradients], axis=1)
    scale = np.einsum("pkk->pk", normal).copy()
    length = np.sqrt(np.where(scale > 0, scale, 1))
    # Parameters in units of their influence make the equations as well conditioned as they can be.
    scaled = normal / length[:, :, np.newaxis] / length[:, np.newaxis, :]
    scaled[:, np.arange(count), np.arange(count)] += damping[:, np.newaxis] + np.where(scale > 0, 0, 1)
    return (_solve(scaled, right / length) / length).T, scale.T


def _solve(matrices: Floats, right: Floats) -> Floats:
    """Return the solutions of symmetric equations; of those that have many, the shortest."""
    finite: NDArray[Any] = np.isfinite(matrices.sum(axis=(1, 2)) + right.sum(axis=1))
    matrices = np.where(finite[:, np.newaxis, np.newaxis], matrices, np.eye(matrices.shape[1]))
    right = np.where(finite[:, np.newaxis], right, 0)[:, :, np.newaxis]
    try:
        return np.asarray(np.linalg.solve(matrices, right)[:, :, 0])
    except np.linalg.LinAlgError:
        return np.asarray((np.linalg.pinv(matrices, hermitian=True) @ right)[:, :, 0])
